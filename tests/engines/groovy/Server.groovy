/*
 * One JVM for many Jenkinsfiles. In: a JSON object on each line of standard input. Out: one on each line of standard output.
 *   {"op": "check", "text": …}   the structure's problems and sizes; of the compiled classes the constants and the code
 *   {"op": "run", "text": …, "workspace": …, "env": {…}, "params": {…}, "first": bool, "credentials": {…}, "answers": {…}}
 *   {"op": "words", "text": …}   evaluates Groovy and writes what it returns as JSON
 * Change it when a test needs to ask something else.
 */
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.Phases
import org.codehaus.groovy.control.customizers.ImportCustomizer

class Server {
    static CompilerConfiguration configuration() {
        def configuration = new CompilerConfiguration(scriptBaseClass: Build.name, sourceEncoding: 'UTF-8')
        // A controller imports this for every pipeline.
        configuration.addCompilationCustomizers(new ImportCustomizer().addImports(NonCPS.name))
        return configuration
    }

    static Map check(Map request) {
        def structure = Structure.of(request.text)
        def unit = new CompilationUnit(configuration(), null, new GroovyClassLoader(Server.classLoader))
        unit.addSource('Jenkinsfile', request.text as String)
        unit.compile(Phases.CLASS_GENERATION)
        def read = unit.classes.collect { new ClassFile(it.bytes) }
        def code = read.collectEntries { file -> file.code.collectEntries { [("${file.name}.${it.key}".toString()): it.value] } }
        return [problems: structure.problems, bytes: structure.bytes, constants: read*.constants.max(), code: code]
    }

    static Map run(Map request) {
        def structure = Structure.of(request.text)
        if (structure.problems) {
            return [problems: structure.problems]
        }
        def shell = new GroovyShell(Server.classLoader, new Binding(), configuration())
        def build = shell.parse(request.text as String, 'Jenkinsfile') as Build
        return build.runBuild(request) + [problems: []]
    }

    static Map words(Map request) {
        return [value: new GroovyShell(Server.classLoader, new Binding(), configuration()).evaluate(request.text as String)]
    }

    static void main(String[] arguments) {
        def replies = new PrintStream(new FileOutputStream(FileDescriptor.out), true, 'UTF-8')
        System.out = System.err
        System.in.newReader('UTF-8').eachLine { line ->
            def reply
            try {
                def request = new JsonSlurper().parseText(line) as Map
                reply = Server."${request.op}"(request)
            } catch (Throwable problem) {
                reply = [exception: problem.toString()]
            }
            replies.println(JsonOutput.toJson(reply))
        }
    }
}
