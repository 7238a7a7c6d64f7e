import pandas as pd
import pytest

from mlspec.errors import StepError
from mlspec.library.frames import need_columns, plain, read_table

FRAME = pd.DataFrame({"zip": ["01001", "02139"], "age": [31.5, 40.0]})


def test_parquet_and_csv_are_told_apart_by_content(tmp_path):
    FRAME.to_parquet(tmp_path / "one")
    FRAME.to_csv(tmp_path / "two", index=False)
    assert read_table(tmp_path / "one").equals(FRAME)
    assert read_table(tmp_path / "two", ["zip"]).equals(FRAME)
    assert read_table(tmp_path / "two")["zip"].tolist() == [1001, 2139]


def test_a_folder_is_read_in_order_without_marker_files(tmp_path):
    for number in (2, 1):
        FRAME.assign(age=number).to_parquet(tmp_path / f"part-{number}")
    (tmp_path / "_SUCCESS").write_text("")
    assert read_table(tmp_path)["age"].tolist() == [1, 1, 2, 2]


def test_names_of_folders_above_add_no_columns(tmp_path):
    folder = tmp_path / "depth=2"
    folder.mkdir()
    FRAME.to_parquet(folder / "table")
    assert list(read_table(folder / "table").columns) == ["zip", "age"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x89PNG\0\0", "neither Parquet nor CSV"),
        (b"PAR1 but cut off", "cannot read the dataset"),
        (b"", "cannot read the dataset"),
        (b"a,b\n1,2\n1,2,3,4\n", "cannot read the dataset"),
        ("a\nSão\n".encode("latin-1"), "cannot read the dataset"),
    ],
)
def test_what_is_no_table(tmp_path, content, message):
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(StepError, match=message):
        read_table(path)


def test_nothing_there(tmp_path):
    with pytest.raises(StepError, match="No such file"):
        read_table(tmp_path / "none")
    with pytest.raises(StepError, match="empty folder"):
        read_table(tmp_path)


def test_missing_columns_come_with_a_suggestion():
    with pytest.raises(StepError, match=r"lack the column 'agee', which the model needs; did you mean 'age'\?"):
        need_columns(FRAME, ["agee"], "the model")


def test_categories_become_their_values():
    frame = pd.DataFrame({"a": pd.Categorical([1, 2]), "b": pd.Categorical(["x", None]), "c": [1.0, 2.0]})
    made = plain(frame)
    assert made["a"].dtype == "int64"
    assert made["b"].tolist()[0] == "x" and pd.isna(made["b"][1])
    assert made["c"].dtype == "float64"
