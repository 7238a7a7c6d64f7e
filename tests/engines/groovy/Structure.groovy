/*
 * The structural rules of Jenkins' declarative linter, and how large a pipeline is after the CPS transform.
 * In: the text of a Jenkinsfile. Out: problems, and estimated bytes of the pipeline block and of each method.
 * Works on the syntax tree alone, like the linter; never runs anything. Change it when the linter is found to differ.
 */
import org.codehaus.groovy.ast.ASTNode
import org.codehaus.groovy.ast.CodeVisitorSupport
import org.codehaus.groovy.ast.ModuleNode
import org.codehaus.groovy.ast.expr.*
import org.codehaus.groovy.ast.stmt.*
import org.codehaus.groovy.control.CompilationUnit
import org.codehaus.groovy.control.CompilerConfiguration
import org.codehaus.groovy.control.Phases

class Structure {
    // A node of the tree costs at most this much. Under the transform of a sandboxed job 194 minimal stages fit (26 bytes a node),
    // 92 with a `when` (28), 239 string parameters (21).
    static final int BYTES_OF_A_NODE = 30
    static final int LIST_LIMIT = 250
    static final int MAP_LIMIT = 125

    static final Set PIPELINE = ['agent', 'stages', 'environment', 'options', 'parameters', 'triggers', 'tools', 'post', 'libraries']
    static final Set STAGE = ['agent', 'steps', 'stages', 'parallel', 'matrix', 'environment', 'options', 'when', 'input', 'tools', 'post', 'failFast']
    static final Set BODIES = ['steps', 'stages', 'parallel', 'matrix']
    static final Set POST = ['always', 'changed', 'fixed', 'regression', 'aborted', 'failure', 'success', 'unstable', 'unsuccessful', 'notBuilt', 'cleanup']
    static final Set WHEN = ['expression', 'branch', 'environment', 'equals', 'not', 'allOf', 'anyOf', 'tag', 'changeset', 'buildingTag', 'triggeredBy', 'beforeAgent', 'beforeInput', 'beforeOptions']
    static final Map PARAMETERS = [string: String, text: String, booleanParam: Boolean, choice: List, password: String]
    static final Set TRIGGERS = ['cron', 'pollSCM', 'upstream']
    static final Set NOT_FOR_STAGES = ['disableConcurrentBuilds', 'buildDiscarder', 'disableRestartFromStage']
    // Those of pipeline-model-definition, and steps that wrap a block.
    static final Set OPTIONS = NOT_FOR_STAGES + ['timestamps', 'timeout', 'retry', 'skipDefaultCheckout', 'quietPeriod', 'newContainerPerStage',
        'parallelsAlwaysFailFast', 'preserveStashes', 'skipStagesAfterUnstable', 'checkoutToSubdirectory', 'overrideIndexTriggers']
    static final Set UNITS = ['NANOSECONDS', 'MICROSECONDS', 'MILLISECONDS', 'SECONDS', 'MINUTES', 'HOURS', 'DAYS']

    List<String> problems = []
    Map<String, Integer> bytes = [:]

    static Structure of(String text) {
        def unit = new CompilationUnit(new CompilerConfiguration(), null, new GroovyClassLoader())
        unit.addSource('Jenkinsfile', text)
        unit.compile(Phases.CONVERSION)
        def structure = new Structure()
        structure.file(unit.AST.modules[0] as ModuleNode)
        return structure
    }

    private void problem(ASTNode node, String message) {
        problems << "line ${node.lineNumber}: ${message}".toString()
    }

    private void file(ModuleNode module) {
        def pipelines = module.statementBlock.statements.findAll { nameOf(it) == 'pipeline' }
        if (pipelines.size() != 1) {
            problems << "a Jenkinsfile has one pipeline block, not ${pipelines.size()}".toString()
            return
        }
        pipeline(pipelines[0] as Statement)
        bytes.pipeline = weigh(pipelines[0] as Statement)
        module.methods.each { bytes[it.name] = weigh(it.code) }
        bytes.each { name, size ->
            if (size > 65535) {
                problems << "${name} takes about ${size} bytes after the CPS transform, more than 65535".toString()
            }
        }
    }

    private int weigh(Statement code) {
        def scale = new Scale(this)
        code.visit(scale)
        return scale.nodes * BYTES_OF_A_NODE
    }

    static class Scale extends CodeVisitorSupport {
        final Structure structure
        int nodes = 0

        Scale(Structure structure) { this.structure = structure }

        void visitMethodCallExpression(MethodCallExpression call) { nodes++; super.visitMethodCallExpression(call) }
        // The transform makes a block of statements one call of `block(…)`.
        void visitBlockStatement(BlockStatement block) {
            if (block.statements.size() > LIST_LIMIT) {
                structure.problem(block, "a block has ${block.statements.size()} statements, more than ${LIST_LIMIT}")
            }
            super.visitBlockStatement(block)
        }
        void visitConstantExpression(ConstantExpression constant) { nodes++ }
        void visitClosureExpression(ClosureExpression closure) { nodes++; super.visitClosureExpression(closure) }
        void visitVariableExpression(VariableExpression variable) { nodes++ }
        void visitBinaryExpression(BinaryExpression binary) { nodes++; super.visitBinaryExpression(binary) }
        void visitMapEntryExpression(MapEntryExpression entry) { nodes++; super.visitMapEntryExpression(entry) }
        void visitListExpression(ListExpression list) {
            nodes++
            if (list.expressions.size() > LIST_LIMIT) {
                structure.problem(list, "a list literal has ${list.expressions.size()} elements, more than ${LIST_LIMIT}")
            }
            super.visitListExpression(list)
        }
        void visitMapExpression(MapExpression map) {
            nodes++
            if (map.mapEntryExpressions.size() > MAP_LIMIT) {
                structure.problem(map, "a map literal has ${map.mapEntryExpressions.size()} entries, more than ${MAP_LIMIT}")
            }
            super.visitMapExpression(map)
        }
    }

    // ---- sections ----

    private void pipeline(Statement statement) {
        def sections = partsOf(statement, PIPELINE, 'pipeline')
        ['agent', 'stages'].findAll { !sections.containsKey(it) }.each { problem(statement, "a pipeline needs ${it}") }
        common(sections, false)
        if (sections.stages) { stages(sections.stages, false) }
        if (sections.parameters) { parameters(sections.parameters) }
        if (sections.triggers) { triggers(sections.triggers) }
    }

    private void stages(Statement statement, boolean inParallel) {
        def names = [] as Set
        def found = statementsOf(statement)
        if (!found) { problem(statement, 'a block of stages is empty') }
        found.each {
            def name = stage(it, inParallel)
            if (name != null && !names.add(name)) { problem(it, "two stages are named '${name}'") }
        }
        onLinesOfTheirOwn(found)
    }

    private String stage(Statement statement, boolean inParallel) {
        if (nameOf(statement) != 'stage') {
            problem(statement, 'only stage may stand here')
            return null
        }
        def arguments = argumentsOf(statement)
        def name = arguments && arguments[0] instanceof ConstantExpression ? arguments[0].value : null
        if (!(name instanceof String) || arguments.size() != 2) {
            problem(statement, 'a stage has a literal name and a block')
            return null
        }
        if (!name) { problem(statement, 'a stage has no name') }
        def sections = partsOf(statement, STAGE, "stage '${name}'")
        def bodies = sections.keySet().intersect(BODIES)
        if (bodies.size() != 1) { problem(statement, "stage '${name}' needs one of ${BODIES.join(', ')}, not ${bodies.size()}") }
        common(sections, true)
        if (sections.steps) { steps(statementsOf(sections.steps), "steps of '${name}'", sections.steps) }
        if (sections.stages) { stages(sections.stages, inParallel) }
        if (sections.when) { when(sections.when) }
        def parallel = sections.parallel ?: sections.matrix
        if (parallel) {
            if (inParallel) { problem(parallel, "stage '${name}' is parallel inside parallel") }
            ['agent', 'tools'].findAll { sections.containsKey(it) }.each { problem(parallel, "the parallel stage '${name}' may not have ${it}") }
            if (sections.parallel) { stages(sections.parallel, true) }
        }
        return name
    }

    private void common(Map<String, Statement> sections, boolean ofStage) {
        if (sections.post) {
            partsOf(sections.post, POST, 'post').each { condition, block -> steps(statementsOf(block), "post ${condition}", block) }
        }
        if (sections.options) {
            partsOf(sections.options, null, 'options').each { name, option ->
                if (!(name in OPTIONS)) { problem(option, "there is no option ${name}") }
                if (ofStage && name in NOT_FOR_STAGES) { problem(option, "${name} is no option of a stage") }
                checkArguments(name, option)
            }
        }
        if (sections.environment) {
            def values = statementsOf(sections.environment)
            if (!values) { problem(sections.environment, 'environment is empty') }
            values.each { value ->
                def expression = value instanceof ExpressionStatement ? value.expression : null
                def allowed = expression instanceof BinaryExpression && expression.operation.text == '=' &&
                    [ConstantExpression, GStringExpression, MethodCallExpression].any { it.isInstance(expression.rightExpression) }
                if (!allowed) { problem(value, 'environment holds NAME = quoted string, number, boolean or call') }
            }
        }
        if (sections.agent) {
            def arguments = argumentsOf(sections.agent)
            if (arguments.size() != 1) { problem(sections.agent, 'agent takes one argument') }
        }
    }

    private void when(Statement statement) {
        partsOf(statement, WHEN, 'when').each { name, condition ->
            if (name == 'expression' && !statementsOf(condition)) { problem(condition, 'expression is empty') }
        }
    }

    private void parameters(Statement statement) {
        def found = statementsOf(statement)
        if (!found) { problem(statement, 'parameters is empty') }
        def names = [] as Set
        found.each { parameter ->
            def kind = nameOf(parameter)
            def type = PARAMETERS[kind]
            if (!type) {
                problem(parameter, "there is no parameter type ${kind}")
                return
            }
            def values = namedOf(parameter)
            def name = values.name instanceof ConstantExpression ? values.name.value : null
            if (!(name instanceof String) || !names.add(name)) { problem(parameter, 'a parameter needs a name of its own') }
            def value = values[type == List ? 'choices' : 'defaultValue']
            def fits = type == List ? value instanceof ListExpression && value.expressions : value instanceof ConstantExpression && type.isInstance(value.value)
            if (!fits) { problem(parameter, "the parameter ${name} needs a value of type ${type.simpleName}") }
            (values.keySet() - ['name', 'defaultValue', 'choices', 'description', 'trim']).each { problem(parameter, "a parameter has no ${it}") }
        }
        onLinesOfTheirOwn(found)
    }

    private void triggers(Statement statement) {
        partsOf(statement, TRIGGERS, 'triggers').each { name, trigger ->
            def arguments = argumentsOf(trigger)
            if (!(arguments.size() == 1 && arguments[0] instanceof ConstantExpression && arguments[0].value instanceof String)) {
                problem(trigger, "${name} takes one string")
            }
        }
    }

    // ---- steps ----

    private void steps(List<Statement> statements, String where, ASTNode at) {
        if (!statements) { problem(at, "${where} is empty") }
        statements.each { step ->
            def call = callOf(step)
            if (call == null) {
                problem(step, "${where}: only steps may stand here; put Groovy into script")
            } else if (!call.implicitThis) {
                problem(step, "${where}: ${call.methodAsString}() is called on an object; put Groovy into script")
            } else if (call.methodAsString != 'script') {
                checkArguments(call.methodAsString, step)
                def block = blockOf(step)
                if (block) { steps(block.statements, call.methodAsString, step) }
            }
        }
        onLinesOfTheirOwn(statements)
    }

    private void checkArguments(String name, Statement step) {
        def arguments = argumentsOf(step).findAll { !(it instanceof ClosureExpression) }
        if (name == 'retry' && !(arguments[0] instanceof ConstantExpression && arguments[0].value instanceof Integer)) {
            problem(step, 'retry takes a number')
        }
        if (name == 'timeout') {
            def values = namedOf(step)
            if (values.isEmpty() && arguments.size() != 1) { problem(step, 'timeout takes time: and unit:') }
            if (values.unit && !(values.unit.text in UNITS)) { problem(step, "timeout knows no unit ${values.unit.text}") }
        }
    }

    // ---- the tree ----

    private Map<String, Statement> partsOf(Statement statement, Set allowed, String where) {
        def found = statementsOf(statement)
        if (!found) { problem(statement, "${where} is empty") }
        def sections = [:]
        found.each {
            def name = nameOf(it)
            if (name == null || allowed != null && !(name in allowed)) {
                problem(it, "${where} may not hold ${name ?: 'this'}")
            } else if (sections.put(name, it) != null) {
                problem(it, "${where} has ${name} twice")
            }
        }
        onLinesOfTheirOwn(found)
        return sections
    }

    private void onLinesOfTheirOwn(List<Statement> statements) {
        statements.collate(2, 1, false).each { pair ->
            if (pair[0].lastLineNumber == pair[1].lineNumber) { problem(pair[1], 'two statements share a line') }
        }
    }

    private static MethodCallExpression callOf(Statement statement) {
        def expression = statement instanceof ExpressionStatement || statement instanceof ReturnStatement ? statement.expression : null
        return expression instanceof MethodCallExpression ? expression : null
    }

    private static String nameOf(Statement statement) {
        return callOf(statement)?.methodAsString
    }

    private static List<Expression> argumentsOf(Statement statement) {
        def arguments = callOf(statement)?.arguments
        return arguments instanceof TupleExpression ? arguments.expressions : arguments ? [arguments] : []
    }

    private static Map<String, Expression> namedOf(Statement statement) {
        def map = argumentsOf(statement).find { it instanceof MapExpression }
        return map ? map.mapEntryExpressions.collectEntries { [it.keyExpression.text, it.valueExpression] } : [:]
    }

    private static BlockStatement blockOf(Statement statement) {
        def closure = argumentsOf(statement).find { it instanceof ClosureExpression }
        return closure?.code as BlockStatement
    }

    private static List<Statement> statementsOf(Statement statement) {
        return blockOf(statement)?.statements ?: []
    }
}
