"""The intermediate representation: a lifecycle after the language is gone and before an orchestrator is chosen.

`model` is its vocabulary (`Plan`, `Step`), `bodies` what a step runs, `graph` its order, `features` what of the language it
uses, `describe` its steps in words. Standard library only, but for `graph`, the only user of networkx.
To let plans say something new: a field in `model`, filled by `planning`.
"""
