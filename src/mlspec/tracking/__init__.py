"""MLflow, as far as steps and the library have it in common: `server` opens it, `names` knows what it takes.

To teach mlspec another limit of MLflow: a rule in `names`, from which the check of specs and what is logged are both made.
"""
