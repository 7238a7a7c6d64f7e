"""YAML that reads as exactly the data it was made from.

In: the data of a spec. Out: its text. Owns the style of each text, plain where that is safe; never looks at what is said. Change it
when a text is read back as another one.
"""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes each text so that YAML 1.2 reads it as that text."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    if "\n" in text and _is_block(text):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|")
    plain = text.isascii() and text.replace("_", "a").replace(".", "a").replace("/", "a").isalnum() and text[0].isalpha()
    if plain and text.lower() not in ("null", "true", "false"):
        return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="")
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')


def _is_block(text: str) -> bool:
    tidy = all(line.isascii() and line.isprintable() for line in text.split("\n"))
    return tidy and text.endswith("\n") and text[0] not in " \n"


_Dumper.add_representer(str, _represent_text)


def yaml_of(data: Any) -> str:
    """The text of a spec."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=False, width=110))
