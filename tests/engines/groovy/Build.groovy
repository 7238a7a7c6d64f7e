/*
 * A Jenkins build: the class that every Jenkinsfile extends here, with the steps it may call.
 * In: a request (see Server). Out: the build's result, how each stage ended, the log. Runs real processes in /bin/sh.
 * As on a controller, all Groovy of a build runs on one thread at a time: `lock` is free only while a process runs.
 * Change it when a Jenkinsfile needs another step.
 */
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

class StepFailed extends RuntimeException {
    StepFailed(String message) { super(message) }
}

abstract class Build extends Script {
    static final List RESULTS = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    protected final ReentrantLock lock = new ReentrantLock(true)
    protected final InheritableThreadLocal<Map> context = new InheritableThreadLocal<Map>()
    protected final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<String>()
    protected final Map<String, String> stageResults = Collections.synchronizedMap([:])
    protected Map request
    protected Map values = [:]
    protected final Set asked = Collections.synchronizedSet(new HashSet())
    final Map currentBuild = new CurrentBuild()

    static class CurrentBuild extends HashMap {
        final long began = System.nanoTime()

        Object get(Object key) {
            if (key == 'duration') { return (System.nanoTime() - began).intdiv(1000000) }
            return key == 'currentResult' ? (super.get('result') ?: 'SUCCESS') : super.get(key)
        }
        Object put(Object key, Object value) {
            // A result can only become worse.
            key == 'result' && RESULTS.indexOf(super.get(key) ?: 'SUCCESS') > RESULTS.indexOf(value) ? value : super.put(key, value)
        }
    }

    Map runBuild(Map given) {
        request = given
        context.set([env: [*: given.env, WORKSPACE: given.workspace], folder: new File(given.workspace as String), stage: null])
        lock.lock()
        try {
            run()
        } catch (Throwable problem) {
            echo("ERROR: ${problem.message ?: problem}")
            currentBuild.result = problem instanceof FlowInterruptedException ? problem.result : 'FAILURE'
        } finally {
            lock.unlock()
        }
        return [result: currentBuild.currentResult, stages: stageResults, log: log.join('\n')]
    }

    void pipeline(Closure body) {
        def pipeline = Declarative.read(body)
        values = pipeline.parameters + (request.params ?: [:])
        if (!request.first) {
            // In a job's first build a controller knows the parameters too late to export them.
            context.get().env += values.collectEntries { name, value -> [(name): value.toString()] }
        }
        new Declarative(this).run(pipeline)
    }

    // ---- global variables ----

    Map getParams() { Collections.unmodifiableMap(values) }
    Map getEnv() { context.get().env }
    Object getScm() { 'scm' }
    Object getDocker() { [image: { name -> [inside: { ...rest -> echo("inside ${name} ${rest.size() > 1 ? rest[0] : ''}"); rest[-1]() }] }] }

    // ---- steps ----

    void echo(Object message) { log << message.toString() }

    void error(String message) { throw new StepFailed(message) }

    def script(Closure body) { body() }

    def stage(String name, Closure body) {
        scoped([stage: name]) {
            stageResults[name] = 'SUCCESS'
            try {
                body()
            } catch (Throwable problem) {
                stageResults[name] = 'FAILURE'
                throw problem
            }
        }
    }

    void leave() { context.set(context.get() + [folder: null]) }

    void skipped(String name) { stageResults[name] = 'NOT_BUILT' }

    def catchError(Map options = [:], Closure body) {
        try {
            body()
        } catch (Exception problem) {
            if (problem instanceof FlowInterruptedException && options.catchInterruptions == false) { throw problem }
            echo("${options.message ?: 'ERROR'}: ${problem.message ?: problem}")
            currentBuild.result = options.buildResult ?: 'FAILURE'
            if (context.get().stage) { stageResults[context.get().stage] = options.stageResult ?: 'SUCCESS' }
        }
    }

    def retry(int count, Closure body) {
        for (int attempt = 1; ; attempt++) {
            try {
                return body()
            } catch (StepFailed problem) {
                if (attempt >= count) { throw problem }
            }
        }
    }

    def timeout(Map options, Closure body) {
        def unit = TimeUnit.valueOf((options.unit ?: 'MINUTES') as String)
        scoped([deadline: System.nanoTime() + unit.toNanos(options.time as long)], body)
    }

    def withEnv(List pairs, Closure body) {
        scoped([env: context.get().env + pairs.collectEntries { [(it.toString().split('=', 2)[0]): it.toString().split('=', 2)[1]] }], body)
    }

    Map string(Map binding) { binding }

    def withCredentials(List bindings, Closure body) {
        def variables = bindings.collectEntries { binding ->
            def value = request.credentials?.get(binding.credentialsId)
            if (value == null) { throw new StepFailed("Could not find credentials entry with ID '${binding.credentialsId}'") }
            [(binding.variable): value]
        }
        scoped([env: context.get().env + variables], body)
    }

    // An agent of its own: an empty workspace, removed afterwards, so that only the store outlives a step.
    def node(String label, Closure body) {
        echo("on ${label}")
        def workspace = File.createTempDir('workspace', '')
        try {
            scoped([folder: workspace, env: context.get().env + [WORKSPACE: workspace.path]], body)
        } finally {
            new AntBuilder().delete(dir: workspace)
        }
    }

    void checkout(Object source) {
        echo("checkout ${source}")
        def copied = ['cp', '-a', "${request.workspace}/.", folder().path].execute()
        if (copied.waitFor() != 0) { throw new StepFailed(copied.err.text) }
        new File(folder(), '.mlspec').deleteDir()
    }

    def podTemplate(Map options, Closure body) {
        echo("pod ${options.yaml}")
        scoped([pod: true], body)
    }

    String getPOD_LABEL() {
        if (!context.get().pod) { throw new MissingPropertyException('POD_LABEL', Build) }
        return 'pod'
    }

    def container(String name, Closure body) {
        echo("in ${name}")
        body()
    }

    def dir(String path, Closure body) { scoped([folder: new File(folder(), path)], body) }

    def input(Map options) {
        if (context.get().folder) { echo('an executor is held while input waits') }
        if (!asked.add(options.id ?: options.message)) { throw new StepFailed("two questions have the id '${options.id}'") }
        def answer = request.answers?.get(options.message)
        if (answer == null && context.get().deadline == null) { throw new StepFailed("nobody answered '${options.message}'") }
        if (answer == null) {
            unlocked { TimeUnit.NANOSECONDS.sleep(Math.max(0L, context.get().deadline - System.nanoTime())) }
            throw new FlowInterruptedException('Timeout has been exceeded', 'ABORTED')
        }
        if (answer == false) { throw new FlowInterruptedException('Rejected', 'ABORTED') }
        log << "asked of ${options.submitter}: ${options.message}".toString()
        return answer
    }

    def sh(String script) { sh([script: script]) }

    def sh(Map options) {
        def here = context.get()
        def file = File.createTempFile('step', '.sh')
        def output = File.createTempFile('step', '.out')
        try {
            file.setText(options.script as String, 'UTF-8')
            def builder = new ProcessBuilder('/bin/sh', '-xe', file.path).directory(folder())
            builder.environment().clear()
            builder.environment().putAll(here.env as Map<String, String>)
            def errors = options.returnStdout ? File.createTempFile('step', '.err') : output
            def process = builder.redirectErrorStream(!options.returnStdout).redirectOutput(output).redirectError(
                options.returnStdout ? ProcessBuilder.Redirect.to(errors) : ProcessBuilder.Redirect.PIPE).start()
            process.outputStream.close()
            int status = unlocked { waitFor(process, here.deadline as Long) }
            log << errors.getText('UTF-8')
            if (errors != output) { errors.delete() }
            if (options.returnStatus) { return status }
            if (status != 0) { throw new StepFailed("script returned exit code ${status}") }
            return options.returnStdout ? output.getText('UTF-8') : null
        } finally {
            file.delete()
            output.delete()
        }
    }

    void parallel(Map branches) {
        def failures = new ConcurrentLinkedQueue<Throwable>()
        def threads = branches.findAll { it.key != 'failFast' }.collect { name, body ->
            Thread.start {
                lock.lock()
                try {
                    scoped([:], body as Closure)
                } catch (Throwable problem) {
                    failures << problem
                } finally {
                    lock.unlock()
                }
            }
        }
        unlocked { threads*.join() }
        if (failures) { throw failures.peek() }
    }

    // ---- the machinery ----

    protected File folder() {
        def folder = context.get().folder as File
        if (folder == null) { throw new StepFailed('Required context class hudson.FilePath is missing') }
        return folder
    }

    protected int waitFor(Process process, Long deadline) {
        if (deadline == null) { return process.waitFor() }
        if (process.waitFor(Math.max(0L, deadline - System.nanoTime()), TimeUnit.NANOSECONDS)) { return process.exitValue() }
        process.descendants().each { it.destroyForcibly() }
        process.destroyForcibly().waitFor()
        throw new FlowInterruptedException('Timeout has been exceeded', 'ABORTED')
    }

    protected def scoped(Map changes, Closure body) {
        def before = context.get()
        context.set(before + changes)
        try {
            return body()
        } finally {
            context.set(before)
        }
    }

    protected def unlocked(Closure body) {
        int holds = lock.holdCount
        holds.times { lock.unlock() }
        try {
            return body()
        } finally {
            holds.times { lock.lock() }
        }
    }
}
