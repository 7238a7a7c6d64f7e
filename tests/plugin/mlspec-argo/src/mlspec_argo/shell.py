"""Text of the spec in a script that a container's arguments hold.

In: strings. Out: shell words. Owns what stands between a spec's text and its process: Kubernetes expands `$(NAME)` and `$$` in
arguments, Argo `{{name}}` and `{{=expression}}` anywhere in a template; the shell alone joins `'{''{'` again.
Change it when either expands something else.
"""

from __future__ import annotations

import re
import shlex

_EXPANDED = re.compile(r"\{(?=\{)|\$(?=[$(])")


def quoted(text: str) -> str:
    """One word of a script: neither Argo, Kubernetes nor the shell takes anything in it for its own."""
    # `shlex.quote` leaves braces and dollars inside single quotes alone, where `''` parts them and adds nothing.
    return _EXPANDED.sub(r"\g<0>''", shlex.quote(text))
