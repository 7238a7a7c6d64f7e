"""The language, key by key, as a reference: what each may hold, what it is for, what targets make of it.

In: the schema made from the models, the tables of the targets. Out: keys, and pages of them for a terminal or in Markdown.
Never holds a description of its own: what a key is stands on its model. To add another form, write a renderer beside the two.
"""
