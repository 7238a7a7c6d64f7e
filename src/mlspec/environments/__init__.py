"""Environments: what steps run in, the same for every target.

`identity` says which are interchangeable, `installed` whether this interpreter will do, `build` makes one here. `findings` are
about what no image can hold, `export` makes the files that describe one elsewhere, `requirement` what steps need to start.
To describe environments to another tool: one template in `templates/environments/` and one line in `export.py`.
"""

from pathlib import Path

CATALOGUE = Path(__file__).parent / "catalogue"
"""The pages of the codes that `findings` finds."""
