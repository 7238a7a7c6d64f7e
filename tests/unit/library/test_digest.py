from mlspec.library.digest import digest
from mlspec.runtime import trees


def test_it_is_the_digest_that_records_show(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "é").write_bytes(b"two")
    (tmp_path / "a").write_bytes(b"one")
    assert digest(tmp_path) == trees.digest(tmp_path)
    assert digest(tmp_path / "a") == trees.digest(tmp_path / "a")
    before = digest(tmp_path)
    (tmp_path / "a").rename(tmp_path / "c")
    assert digest(tmp_path) != before
