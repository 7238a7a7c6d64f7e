/*
 * A failure that needs no stack trace: what `error`, a failed `sh` and missing credentials raise. In: a message. Out: itself.
 * Has the name of the controller's class, for files catch it.
 */
package hudson

class AbortException extends IOException {
    AbortException(String message) { super(message) }
}
