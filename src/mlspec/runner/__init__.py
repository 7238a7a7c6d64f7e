"""Runs a plan on this machine, and tells how any run in a store ended.

`states` and `frontier` decide what may start, `schedule` starts step processes and waits, `outcome` reads runs back.
To teach the runner a new kind of step: a body in `plan.model`, its options in `plan.command`, and, only when it is more
than a process that ends, a case in `schedule`.
"""
