"""A spec, checked as a whole: what its stages find, what its targets find in their options, what the spec silences.

`check` runs the stages, `meaning` what a valid spec says (`target_options` asks the targets, `policies` the policies), `hidden` looks
behind mistakes of form, `suppression` leaves out what the spec silences. `declared` makes models of what targets declare and `schema`
the JSON Schema; `catalogue` knows who brings pages. To add a source of findings: one module here with one function, called by `check`
or `meaning`.
"""

from mlspec.checking.check import Checked, check
from mlspec.checking.meaning import Meaning, check_meaning

__all__ = ["Checked", "Meaning", "check", "check_meaning"]
