"""Options that several steps declare, each said once.

In: nothing. Out: parts of a step's `options`. Owns their words and bounds; `estimator` and `labels` read their values.
Imports no more than a declaration may, since every spec that names such a step loads it.
Change it when an option of several steps changes for all of them.
"""

from __future__ import annotations

from mlspec.library.model import Option
from mlspec.library.schema import format_problem

COLUMNS = {
    "features": Option("list", "The columns that go into the model; default: those it was trained on", items="string"),
    "drop": Option("list", "Columns that are no features, for a model that does not name its own", items="string"),
}
"""What `estimator.features_for` reads."""

READING = {
    "contract": Option(
        "string",
        "The contract that says how the text of the data is read; default: that of the output, or of the `data/validate` that reads it",
        file=True,
    ),
    "format": Option(
        "object",
        "How the text of the data is read: delimiter, encoding, decimal, missing (the texts that mean no value), columns (name: type)",
        check=format_problem,
    ),
}
"""What `schema.schema_of` reads; the planner fills it in from the output that is read."""

TRUST = {
    "trust_pickle": Option(
        "boolean",
        "Load a pickle that is given by `path` or `uri`, which runs code from it; one that a step made is",
        default=False,
    ),
}
"""What `LibraryStep.run` reads: see `pickles`."""

DECISION = {
    "target": Option("string", "The column with the true labels", required=True),
    "positive": Option("scalar", "The label that counts as positive, of two; default: the model's second class"),
    "threshold": Option(
        "number", "The probability from which a row counts as positive; default: what the model predicts", minimum=0, maximum=1
    ),
}
"""What tells a classifier's decisions from the truth: see `labels`."""
