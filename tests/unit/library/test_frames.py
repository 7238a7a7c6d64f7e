import gzip

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlspec.errors import StepError
from mlspec.library.columns import plain
from mlspec.library.frames import need_columns, read_table
from mlspec.library.schema import Schema

FRAME = pd.DataFrame({"zip": ["01001", "02139"], "age": [31.5, 40.0]})


def test_parquet_and_csv_are_told_apart_by_content(tmp_path):
    FRAME.to_parquet(tmp_path / "one")
    FRAME.to_csv(tmp_path / "two", index=False)
    assert read_table(tmp_path / "one").equals(FRAME)
    assert read_table(tmp_path / "two").equals(FRAME)
    assert read_table(tmp_path / "two", Schema({"zip": "integer"}))["zip"].tolist() == [1001, 2139]


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


@pytest.mark.parametrize("write", [pd.DataFrame.to_csv, pd.DataFrame.to_parquet])
def test_files_compressed_by_gzip(tmp_path, write):
    write(FRAME, tmp_path / "table", index=False)
    content = (tmp_path / "table").read_bytes()
    (tmp_path / "table").write_bytes(gzip.compress(content[:40]) + gzip.compress(content[40:]))
    assert read_table(tmp_path / "table").equals(FRAME)


def test_the_folders_of_a_partitioned_dataset_are_columns(tmp_path):
    """As Spark, Arrow and Hive write them; text stays text here, too."""
    frame = pd.DataFrame({"year": [2023, 2023, 2024], "zip": ["01001", "a b/c", None], "x": [1.5, 2.5, 3.5]})
    frame.to_parquet(tmp_path / "table", partition_cols=["year", "zip"])
    (tmp_path / "table" / "_temporary").mkdir()
    (tmp_path / "table" / "_temporary" / "half").write_bytes(b"PAR1")
    found = read_table(tmp_path / "table")
    assert found["year"].tolist() == [2023, 2023, 2024] and found["x"].tolist() == [1.5, 2.5, 3.5]
    assert found["zip"].tolist()[:2] == ["01001", "a b/c"] and pd.isna(found["zip"][2])


def test_a_column_of_several_files_is_read_as_one(tmp_path):
    for name, text in (("1", "10"), ("2", "007")):
        (tmp_path / name).write_text(f"code\n{text}\n")
    assert read_table(tmp_path)["code"].tolist() == ["10", "007"]


@pytest.mark.parametrize(
    ("second", "message"),
    [(pd.DataFrame({"zip": [1], "age": [1.0]}), "do not go together: .*zip"), (None, "files of Parquet and of CSV")],
)
def test_files_that_do_not_go_together(tmp_path, second, message):
    FRAME.to_parquet(tmp_path / "1")
    FRAME.to_csv(tmp_path / "2") if second is None else second.to_parquet(tmp_path / "2")
    with pytest.raises(StepError, match=message):
        read_table(tmp_path)


def test_whole_numbers_beside_gaps_are_not_rounded(tmp_path):
    pq.write_table(pa.table({"id": [2**53 + 1, None], "small": [1, None]}), tmp_path / "table")
    found = read_table(tmp_path / "table")
    assert found["id"].tolist()[0] == 2**53 + 1 and found["small"].dtype == "float64"
    with pytest.raises(
        StepError, match="the column 'id' has gaps and holds 9007199254740993 in row 1, which no float holds exactly"
    ):
        plain(found)


def test_what_the_index_of_pandas_was(tmp_path):
    FRAME.set_index("zip").to_parquet(tmp_path / "named")
    FRAME[FRAME["age"] > 35].to_parquet(tmp_path / "numbered")
    assert read_table(tmp_path / "named")["zip"].tolist() == ["01001", "02139"]
    assert read_table(tmp_path / "numbered").columns.tolist() == ["zip", "age"]


def test_two_columns_of_one_name(tmp_path):
    pq.write_table(pa.table([[1], [2]], names=["a", "a"]), tmp_path / "table")
    with pytest.raises(StepError, match="the dataset 'table' has two columns named 'a'"):
        read_table(tmp_path / "table")
