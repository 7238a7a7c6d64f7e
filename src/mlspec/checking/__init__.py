"""A spec, checked as a whole: what its stages find, what its targets find in their options, what the spec silences.

`check` runs the stages, `target_options` asks the targets, `hidden` looks behind mistakes of form, `suppression` leaves out what the
spec silences. `declared` makes models of what targets declare and `schema` the JSON Schema; `catalogue` knows who brings pages.
To add a source of findings: one module here with one function, called by `check`.
"""

from mlspec.checking.check import Checked, check, check_meaning

__all__ = ["Checked", "check", "check_meaning"]
