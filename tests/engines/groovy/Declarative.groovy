/*
 * Interprets `pipeline { … }` as pipeline-model-definition's ModelInterpreter does.
 * In: the closure of a pipeline that `Structure` found no fault with. Out: stages run, the post section after them.
 * After a stage that throws, the stages that follow are skipped; post runs whatever happened.
 * Change it when a Jenkinsfile needs another section.
 */
import java.security.AccessControlException

class Declarative {
    final Build build

    Declarative(Build build) { this.build = build }

    // ---- reading ----

    static class Section {
        Map content = [parameters: [:], stages: [], post: [:]]

        def getAny() { 'any' }
        def getNone() { 'none' }
        void agent(Object agent) { content.agent = agent }
        void triggers(Closure body) { into(new Ignored(), body) }
        void options(Closure body) { content.options = into(new Options(), body).found }
        void parameters(Closure body) { content.parameters = into(new Parameters(), body).values }
        void stages(Closure body) { content.stages = into(new Stages(), body).found }
        void parallel(Closure body) { content.parallel = into(new Stages(), body).found }
        void when(Closure body) { content.when = into(new When(), body).expression }
        void steps(Closure body) { content.steps = body }
        void post(Closure body) { content.post = into(new Post(), body).found }
    }

    static class Ignored {
        def invokeMethod(String name, Object arguments) { null }
    }

    static class Options {
        Map found = [:]

        def invokeMethod(String name, Object arguments) {
            found[name] = arguments.size() ? arguments[0] : true
            return name
        }
    }

    static class Parameters {
        Map values = [:]

        void string(Map parameter) { values[parameter.name] = parameter.defaultValue }
        void text(Map parameter) { values[parameter.name] = parameter.defaultValue }
        void booleanParam(Map parameter) { values[parameter.name] = parameter.defaultValue }
        void choice(Map parameter) { values[parameter.name] = parameter.choices[0] }
    }

    static class Stages {
        List found = []

        void stage(String name, Closure body) { found << into(new Section(), body).content + [name: name] }
    }

    static class When {
        Closure expression

        void expression(Closure body) { expression = body }
    }

    static class Post {
        Map found = [:]

        def invokeMethod(String name, Object arguments) { found[name] = arguments[0] }
    }

    static def into(Object delegate, Closure body) {
        def copy = body.clone() as Closure
        copy.delegate = delegate
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        copy()
        return delegate
    }

    static Map read(Closure body) { into(new Section(), body).content }

    // ---- running ----

    // `restart`: the stage that someone restarted an earlier build from (RestartDeclarativePipelineAction).
    void run(Map pipeline, String restart) {
        if (restart && pipeline.options?.disableRestartFromStage) {
            throw new AccessControlException('not allowed to restart')
        }
        // The build's own agent has the files, and tells of which commit (CheckoutScript).
        if (pipeline.agent == 'none') { build.leave() } else { build.enter() }
        def limit = pipeline.options?.timeout
        def wrapped = limit ? { body -> build.timeout(limit, body) } : { body -> body() }
        Throwable first = null
        try {
            wrapped { sequence(pipeline.stages, restart) }
        } catch (Throwable problem) {
            first = problem
            build.currentBuild.result = Build.resultOf(problem)
        }
        try {
            // The section stands in the options' wrappers: after a timeout of the whole it has the minute of their grace.
            first && limit ? build.timeout([time: 60, unit: 'SECONDS']) { post(pipeline.post) } : post(pipeline.post)
        } catch (Throwable problem) {
            first = first ?: problem
        }
        if (first) { throw first }
    }

    void sequence(List stages, String restart = null) {
        Throwable first = null
        stages.each { stage ->
            if (restart && stage.name != restart) {
                build.echo("Stage '${stage.name}' skipped due to this build restarting at stage '${restart}'")
                build.skipped(stage.name)
                return
            }
            restart = null
            if (first) {
                build.echo("Stage '${stage.name}' skipped due to earlier failure(s)")
                build.skipped(stage.name)
                return
            }
            try {
                single(stage)
            } catch (Throwable problem) {
                first = problem
            }
        }
        if (first) { throw first }
    }

    void single(Map stage) {
        build.stage(stage.name) {
            if (stage.when && !inScript(stage.when)) {
                build.echo("Stage '${stage.name}' skipped due to when conditional")
                build.skipped(stage.name)
                return
            }
            try {
                if (stage.parallel) {
                    build.parallel(stage.parallel.collectEntries { branch -> [(branch.name): { single(branch) }] })
                } else if (stage.stages) {
                    sequence(stage.stages)
                } else {
                    inScript(stage.steps)
                }
            } finally {
                post(stage.post)
            }
        }
    }

    void post(Map conditions) {
        def failed = build.currentBuild.currentResult != 'SUCCESS'
        def due = ['always', failed ? 'failure' : 'success', 'cleanup']
        due.findAll { conditions[it] }.each { inScript(conditions[it]) }
    }

    def inScript(Closure body) {
        def copy = body.clone() as Closure
        copy.delegate = build
        copy.resolveStrategy = Closure.DELEGATE_FIRST
        return copy()
    }
}
