/*
 * What stops a body from outside: a timeout, a refusal, an aborted build, a lost agent. In: a message, the result that it has for a
 * build, whether the build itself is meant. Out: itself. Has the name and the place of workflow-step-api's, for files catch it; all
 * but `message` is not on the sandbox's list. Change it when a file may look at more of it.
 */
package org.jenkinsci.plugins.workflow.steps

class FlowInterruptedException extends InterruptedException {
    final String ending
    boolean actual
    final boolean ofAgent
    final Object deadline

    FlowInterruptedException(String message, boolean actual = true, boolean ofAgent = false, Object deadline = null, String ending = 'ABORTED') {
        super(message)
        this.ending = ending
        this.actual = actual
        this.ofAgent = ofAgent
        this.deadline = deadline
    }

    Object getCauses() { throw unlisted('getCauses') }
    Object getResult() { throw unlisted('getResult') }
    boolean isActualInterruption() { throw unlisted('isActualInterruption') }

    private static Exception unlisted(String name) {
        new SecurityException("Scripts not permitted to use method FlowInterruptedException ${name}")
    }
}
