/*
 * What stops a body from outside: a timeout, a refusal, an aborted build. In: a message and the result of the build.
 * Out: itself. Has the name and the place of workflow-step-api's, for files catch it; `causes` is not on the sandbox's list.
 * Change it when a file may look at more of it.
 */
package org.jenkinsci.plugins.workflow.steps

class FlowInterruptedException extends Exception {
    final String result

    FlowInterruptedException(String message, String result) {
        super(message)
        this.result = result
    }

    Object getCauses() { throw new SecurityException('Scripts not permitted to use method FlowInterruptedException getCauses') }
}
