"""The folders that generated files live in: what is there, and writing what ought to be.

`existing` reads, `write` writes; both take one target's files and one folder. No other code of mlspec writes generated
files. To add another act on such a folder: one module here, its judgement taken from `plan.generated.judge`.
"""

from mlspec.workspace.existing import existing
from mlspec.workspace.write import Change, RefusedError, write

__all__ = ["Change", "RefusedError", "existing", "write"]
