/*
 * A Jenkins build: the class that every Jenkinsfile extends here, with the steps it may call.
 * In: a request (see Server). Out: the build's result, how each stage ended, the log. Runs real processes in /bin/sh.
 * As on a controller, all Groovy of a build runs on one thread at a time: `lock` is free only while a process runs.
 * Change it when a Jenkinsfile needs another step.
 */
import java.lang.reflect.Modifier
import java.util.concurrent.ConcurrentLinkedQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.locks.ReentrantLock
import hudson.AbortException
import org.jenkinsci.plugins.workflow.steps.FlowInterruptedException

abstract class Build extends Script {
    static final List RESULTS = ['SUCCESS', 'UNSTABLE', 'FAILURE', 'NOT_BUILT', 'ABORTED']

    protected final ReentrantLock lock = new ReentrantLock(true)
    protected final InheritableThreadLocal<Map> context = new InheritableThreadLocal<Map>()
    protected final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<String>()
    protected final Map<String, String> stageResults = Collections.synchronizedMap([:])
    protected Map request
    protected Map values = [:]
    protected final Set asked = Collections.synchronizedSet(new HashSet())
    protected final List archived = Collections.synchronizedList([])
    protected final Map<String, Integer> losses = [:]
    protected int checkouts = 0
    // How often the build was aborted: what waits is interrupted, what starts afterwards is not.
    protected volatile int aborts = 0
    // The agent of the build itself is gone.
    protected volatile boolean lost = false
    final Map currentBuild = new CurrentBuild()

    static class CurrentBuild extends HashMap {
        final long began = System.nanoTime()
        final long started = System.currentTimeMillis()

        Object get(Object key) {
            if (key == 'startTimeInMillis') { return started }
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
        def branch = given.multibranch ? [BRANCH_NAME: 'PR-1'] : [:]
        context.set([env: [*: given.env, *: branch, WORKSPACE: given.workspace], folder: new File(given.workspace as String), stage: null])
        lock.lock()
        try {
            run()
        } catch (Throwable problem) {
            echo("ERROR: ${problem.message ?: problem}")
            currentBuild.result = resultOf(problem)
        } finally {
            lock.unlock()
        }
        return [result: currentBuild.currentResult, stages: stageResults, log: log.join('\n'), archived: archived]
    }

    void pipeline(Closure body) {
        def pipeline = Declarative.read(body)
        values = pipeline.parameters + (request.params ?: [:])
        if (!request.first) {
            // In a job's first build a controller knows the parameters too late to export them.
            context.get().env += values.collectEntries { name, value -> [(name): value.toString()] }
        }
        new Declarative(this).run(pipeline, request.restart as String)
    }

    static String resultOf(Throwable problem) { problem instanceof FlowInterruptedException ? problem.@ending : 'FAILURE' }

    // ---- global variables ----

    Map getParams() { Collections.unmodifiableMap(values) }
    Map getEnv() { context.get().env }
    Object getScm() { [userRemoteConfigs: [[url: 'origin']], extensions: []] }
    Object getDocker() { [image: { name -> [inside: { ...rest -> echo("inside ${name} ${rest.size() > 1 ? rest[0] : ''}"); rest[-1]() }] }] }

    // ---- steps ----

    void echo(Object message) { log << message.toString() }

    void error(String message) { throw new AbortException(message) }

    def script(Closure body) { body() }

    def stage(String name, Closure body) {
        scoped([stage: name]) {
            stageResults[name] = 'SUCCESS'
            try {
                body()
            } catch (Throwable problem) {
                stageResults[name] = resultOf(problem)
                throw problem
            }
        }
    }

    void enter() {
        if (!request.svn) { context.get().env.GIT_COMMIT = new File((request.revisions ?: [request.workspace])[0] as String).name }
    }

    void leave() { context.set(context.get() + [folder: null]) }

    void skipped(String name) { stageResults[name] = 'NOT_BUILT' }

    // As CatchErrorStep.Execution.Callback: what only looks like an interruption, an expired timeout or a lost agent, is caught,
    // and has a result of its own.
    def catchError(Map options = [:], Closure body) {
        try {
            body()
        } catch (Exception problem) {
            boolean interrupted = problem instanceof FlowInterruptedException
            if (interrupted && problem.@actual && options.catchInterruptions == false) { throw problem }
            echo("${options.message ?: 'ERROR'}: ${problem.message ?: problem}")
            def buildResult = interrupted ? problem.@ending : options.buildResult ?: 'FAILURE'
            def stageResult = interrupted ? problem.@ending : options.stageResult ?: 'SUCCESS'
            if (buildResult != 'SUCCESS') { currentBuild.result = buildResult }
            if (context.get().stage && stageResult != 'SUCCESS') { stageResults[context.get().stage] = stageResult }
        }
        return null
    }

    // As RetryStepExecution: without conditions all but actual interruptions are tried again.
    def retry(int count, Closure body) { retry([count: count], body) }

    def retry(Map options, Closure body) {
        for (int left = options.count as int; ; ) {
            try {
                return body()
            } catch (Exception problem) {
                left--
                boolean interrupted = problem instanceof FlowInterruptedException
                boolean matches = options.conditions ? options.conditions.any { it(problem) } : !interrupted || !problem.@actual
                if (left <= 0 || !matches) { throw problem }
                echo("ERROR: ${problem.message}\nRetrying")
            }
        }
    }

    Closure agent() { { problem -> problem instanceof FlowInterruptedException && problem.@ofAgent } }
    Closure nonresumable() { { problem -> false } }

    // As TimeoutStepExecution: past its own step the exception is no interruption of the build any more.
    def timeout(Map options, Closure body) {
        def unit = TimeUnit.valueOf((options.unit ?: 'MINUTES') as String)
        long deadline = System.nanoTime() + unit.toNanos(options.time as long)
        def outer = context.get().deadline as Long
        try {
            return scoped([deadline: outer == null ? deadline : Math.min(outer, deadline)], body)
        } catch (FlowInterruptedException problem) {
            if (problem.@deadline == deadline) { problem.@actual = false }
            throw problem
        }
    }

    def timestamps(Closure body) { body() }

    void archiveArtifacts(Map options) {
        def patterns = (options.artifacts as String).split(',')*.trim()
        def found = patterns.collectMany { new FileNameFinder().getFileNames(folder().path, it) }.collect { it - "${folder().path}/" }
        if (!found && !options.allowEmptyArchive) { throw new AbortException('No artifacts found') }
        archived.addAll(found.unique().sort())
    }

    def withEnv(List pairs, Closure body) {
        scoped([env: context.get().env + pairs.collectEntries { [(it.toString().split('=', 2)[0]): it.toString().split('=', 2)[1]] }], body)
    }

    Map string(Map binding) { binding }
    // A secret file is one below the workspace, whose path the variable holds.
    Map file(Map binding) { [*: binding, kind: 'file'] }
    Map usernamePassword(Map binding) { [*: binding, kind: 'login'] }

    def withCredentials(List bindings, Closure body) {
        def variables = bindings.collectEntries { binding ->
            def value = request.credentials?.get(binding.credentialsId)
            if (value == null) { throw new AbortException("Could not find credentials entry with ID '${binding.credentialsId}'") }
            if (binding.kind == 'file') {
                File path = File.createTempFile('secret', '')
                path.deleteOnExit()
                path.text = value
                return [(binding.variable): path.path]
            }
            if (binding.kind == 'login') {
                def (user, password) = value.split(':', 2)
                return [(binding.usernameVariable): user, (binding.passwordVariable): password]
            }
            [(binding.variable): value]
        }
        scoped([env: context.get().env + variables], body)
    }

    // An agent of its own: an empty workspace, removed afterwards, so that only the store outlives a step.
    def node(String label, Closure body) {
        if (request.busy && aborts) { waitForAgent() }
        echo("on ${label}")
        def workspace = File.createTempDir('workspace', '')
        try {
            return scoped([folder: workspace, own: true, env: context.get().env + [WORKSPACE: workspace.path]], body)
        } finally {
            new AntBuilder().delete(dir: workspace)
        }
    }

    // No agent is free any more. What has a deadline is told at once that it has passed; what has none waits for ever.
    private void waitForAgent() {
        echo('waiting for an agent')
        if (context.get().deadline == null) { throw new Error('this build waits for an agent for ever') }
        throw new FlowInterruptedException('Timeout has been exceeded', true, false, context.get().deadline)
    }

    // The workspace as it is, or as the branch moves on: `revisions` are folders, of which each `checkout scm` finds the next one.
    Map checkout(Object source) {
        def revisions = request.revisions ?: [request.workspace]
        def named = source instanceof Map && source['$class'] == 'GitSCM' ? source.branches[0].name as String : null
        int next = request.multibranch ? 0 : Math.min(checkouts++, revisions.size() - 1)
        if (named && request.multibranch) { throw new AbortException("Couldn't find any revision to build: ${named} is a merge") }
        def commit = named ?: new File(revisions[next] as String).name
        echo("checkout ${commit}")
        def files = revisions.find { new File(it as String).name == commit }
        if (!files) { throw new AbortException("Couldn't find any revision to build: ${commit}") }
        def copied = ['cp', '-a', "${files}/.", folder().path].execute()
        if (copied.waitFor() != 0) { throw new AbortException(copied.err.text) }
        new File(folder(), '.mlspec').deleteDir()
        return request.svn ? [SVN_REVISION: commit] : [GIT_COMMIT: commit]
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
        if (!asked.add(options.id ?: options.message)) { throw new AbortException("two questions have the id '${options.id}'") }
        def answer = request.answers?.find { options.message.startsWith(it.key) }?.value
        if (answer == null && context.get().deadline == null) { throw new AbortException("nobody answered '${options.message}'") }
        if (answer == null) {
            def deadline = context.get().deadline as Long
            unlocked { TimeUnit.NANOSECONDS.sleep(Math.max(0L, deadline - System.nanoTime())) }
            throw new FlowInterruptedException('Timeout has been exceeded', true, false, deadline)
        }
        if (answer == false) { throw new FlowInterruptedException('Rejected by Ada') }
        if (answer == 'abort the build') { throw abort() }
        log << "asked of ${options.submitter}: ${options.message}".toString()
        return answer
    }

    // As CpsFlowExecution.interrupt: the build has its result at once, and all that waits is stopped.
    FlowInterruptedException abort() {
        aborts++
        currentBuild.result = 'ABORTED'
        return new FlowInterruptedException('Aborted by Ada')
    }

    def sh(String script) { sh([script: script]) }

    def sh(Map options) {
        def here = context.get()
        save()
        echo("[Pipeline] sh${options.label ? " (${options.label})" : ''}")
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
            int status
            try {
                status = unlocked { waitFor(process, here.deadline as Long, options.label as String) }
            } finally {
                if (process.alive) { end(process) }
            }
            log << errors.getText('UTF-8')
            if (errors != output) { errors.delete() }
            if (options.returnStatus) { return status }
            if (status != 0) { throw new AbortException("script returned exit code ${status}") }
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
        if (lost && !context.get().own) { throw new AbortException('Unable to create live FilePath for the agent, which is offline') }
        if (folder == null) { throw new AbortException('Required context class hudson.FilePath is missing') }
        return folder
    }

    // `lost`: labels of steps whose agent vanishes that many times while they run; `abort`: one during which the build is aborted.
    // Both wait for the file `sign`, which the step makes when it runs.
    protected int waitFor(Process process, Long deadline, String label) {
        int before = aborts
        boolean vanishing = request.lost?.get(label) && losses.merge(label, 1, { a, b -> a + b }) <= request.lost[label]
        boolean aborting = request.abort && request.abort == label && !aborts
        while (!process.waitFor(25, TimeUnit.MILLISECONDS)) {
            boolean settled = (vanishing || aborting) && new File(request.sign as String).delete()
            if (vanishing && settled) {
                end(process)
                if (!context.get().own) { lost = true }
                throw new FlowInterruptedException('Agent was removed', false, true)
            }
            if (aborting && settled) { throw abort() }
            if (aborts > before) { throw new FlowInterruptedException('Aborted by Ada') }
            if (deadline != null && System.nanoTime() >= deadline) {
                throw new FlowInterruptedException('Timeout has been exceeded', true, false, deadline)
            }
        }
        return process.exitValue()
    }

    private static void end(Process process) {
        process.descendants().each { it.destroyForcibly() }
        process.destroyForcibly().waitFor()
    }

    // What a controller saves while a process runs, so that a restart can go on from there: it must be serializable.
    private void save() {
        this.class.declaredFields.findAll { !it.synthetic && !Modifier.isStatic(it.modifiers) && !Modifier.isTransient(it.modifiers) }.each {
            it.accessible = true
            new ObjectOutputStream(new ByteArrayOutputStream()).writeObject(it.get(this))
        }
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
