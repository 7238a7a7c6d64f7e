"""An environment outside this machine: its Dockerfile and its conda file, the same for every target.

`check` finds what no image can hold, `export` makes the files; `runner.environments` makes an environment here.
To describe environments to another tool: one template in `templates/environments/` and one line in `export.py`.
"""

from pathlib import Path

from mlspec.environments.export import export
from mlspec.environments.findings import check

__all__ = ["CATALOGUE", "check", "export"]

CATALOGUE = Path(__file__).parent / "catalogue"
"""The pages of the codes that `check` finds."""
