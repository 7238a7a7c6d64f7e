"""The folders that generated files live in: what is there beside what ought to be, and writing it.

`judge` compares, `existing` reads, `write` writes, `staleness` and `textdiff` are what `--check` and `--diff` show. No other
code of mlspec writes generated files. To add another act on such a folder: one module here, its judgement taken from `judge`.
"""

from mlspec.generated.existing import existing
from mlspec.generated.judge import Scope
from mlspec.generated.write import Change, RefusedError, write

__all__ = ["Change", "RefusedError", "Scope", "existing", "write"]
