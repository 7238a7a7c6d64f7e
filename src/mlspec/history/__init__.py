"""What the runs of a store tell people: one as a whole, several side by side, all of them in a list.

`view` gathers all that there is of one run, `summary` and `index` what a list shows of it, `comparison` lays several side by side.
Everything that shows runs (the command line, the report, JSON) takes these values: to show something new, add it here first.
"""
