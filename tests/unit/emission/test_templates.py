from pathlib import Path

import pytest
from jinja2 import UndefinedError

from mlspec.emission.templates import template


def test_another_package_has_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "file.j2").write_text("{% if text %}\n- {{ text|yaml }}\n{% endif %}\n", encoding="utf-8")
    assert template(str(tmp_path), "file.j2").render(text="on") == "- 'on'\n"
    with pytest.raises(UndefinedError):
        template(str(tmp_path), "file.j2").render()
