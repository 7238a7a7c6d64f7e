"""Which package reaches which kind of place: what fsspec imports for the scheme of a URI.

In: a URI. Out: its scheme, and the package that must be installed with fsspec. Owns that table, which is fsspec's own
(`fsspec.registry.known_implementations`) as far as artifacts are kept there; never imports anything. Standard library only.
Change it when fsspec reaches another kind of place.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Package(NamedTuple):
    """What to install, and the module that shows whether it is; None: fsspec itself is enough."""

    name: str
    module: str


_S3, _GCS, _AZURE = Package("s3fs", "s3fs"), Package("gcsfs", "gcsfs"), Package("adlfs", "adlfs")
_HTTP, _SSH, _HADOOP = Package("aiohttp", "aiohttp"), Package("paramiko", "paramiko"), Package("pyarrow", "pyarrow")

PACKAGES: Final[dict[str, Package | None]] = {
    **dict.fromkeys(("s3", "s3a"), _S3),
    **dict.fromkeys(("gs", "gcs"), _GCS),
    **dict.fromkeys(("az", "abfs", "abfss", "adl"), _AZURE),
    **dict.fromkeys(("http", "https"), _HTTP),
    **dict.fromkeys(("ssh", "sftp"), _SSH),
    **dict.fromkeys(("hdfs", "arrow_hdfs"), _HADOOP),
    **dict.fromkeys(("ftp", "memory", "file", "local", "webhdfs"), None),
    "oci": Package("ocifs", "ocifs"),
    "oss": Package("ossfs", "ossfs"),
    "hf": Package("huggingface_hub", "huggingface_hub"),
    "smb": Package("smbprotocol", "smbprotocol"),
    "webdav": Package("webdav4", "webdav4"),
    "dvc": Package("dvc", "dvc"),
    "lakefs": Package("lakefs", "lakefs"),
}
WITH_REMOTE: Final = frozenset({"s3fs", "aiohttp"})
"""What `mlspec[remote]` brings, beside fsspec: what `s3://` needs, and what that needs itself."""

WITHOUT_FOLDERS: Final = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oci", "oss"})
"""Object stores: a folder is there as long as something is in it."""


def scheme_of(uri: str) -> str | None:
    """The scheme of a URI, in lower case; None for a path."""
    scheme, separator, _ = uri.partition("://")
    return scheme.lower() if separator and scheme.isascii() else None
