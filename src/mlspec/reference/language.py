"""The language as this version of mlspec has it.

In: nothing. Out: a `Language`. Owns which schema the reference is made of; never reads a key of it.
Change it when the language is declared in another place.
"""

from __future__ import annotations

import json

from mlspec.checking.schema import json_schema
from mlspec.reference.keys import Language


def language(*, installed: bool = False) -> Language:
    """The keys of the language, with those of our own targets, or of all that are installed."""
    return Language(json.loads(json_schema(installed=installed)))
