"""What bodies of steps read, as far as their text shows.

In: Python modules and shell scripts of a project. Out: the modules that a function reaches, the files that code names, what stays of
Python code without its comments. Owns no finding and no cache key; never imports or runs anything. Standard library only: the step
process uses it, and so does validation. To follow another language, add a module beside `scripts`.
"""
