"""`export/onnx`: a scikit-learn model as an ONNX file that is known to answer alike.

In: a model, a dataset of real rows. Out: the ONNX file, metrics of the comparison.
Owns the conversion (skl2onnx does it), its input types and the comparison; never trains or registers.
Change it when models of another framework are to be exported.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mlspec.errors import StepError
from mlspec.library.model import LibraryStep, Option, Outputs, Paths, Port, path_of
from mlspec.library.options import COLUMNS, READING, TRUST

if TYPE_CHECKING:
    from mlspec.library.onnxcolumns import OnnxColumn
    from mlspec.library.parity import Comparison

GRAPH = "model"
ONE_INPUT = "X"
_LIMIT = 2**31  # of one protobuf message


def _run(inputs: Paths, outputs: Outputs, with_: Mapping[str, Any]) -> dict[str, float]:
    from mlspec.library import parity
    from mlspec.library.estimator import estimator_model, features_for, find_model, load_estimator, wanted
    from mlspec.library.frames import read_table
    from mlspec.library.onnxcolumns import column_of
    from mlspec.library.onnxmodel import OnnxModel
    from mlspec.library.schema import schema_of

    file, kind = find_model(path_of(inputs, "model"))
    if kind != "estimator":
        raise StepError("the model is ONNX already")
    estimator = load_estimator(file)
    original = estimator_model(estimator)
    if original.targets > 1:
        raise StepError(
            f"the model predicts {original.targets} targets at once, which this step cannot compare; export one for each"
        )
    frame = read_table(path_of(inputs, "data"), schema_of(with_), wanted(original))
    features = features_for(original, frame, with_, not_features=[])
    some = parity.spread(features, with_["rows"])
    edges, made_up = parity.edges(features, some), parity.made_up(original, features)
    columns = [column_of(features[name], original.trained.get(name), made_up.gaps.values()) for name in features.columns]
    model = _convert(estimator, columns, with_["opset"], zipmap=original.has_probabilities)
    exported = OnnxModel(_serialized(model, columns))
    made_up, refused = parity.answered(exported, made_up)
    limits = with_["tolerance"], with_["relative_tolerance"]
    apart = {column.name for column in columns if column.name in made_up.refused and column.holds_gaps}
    apart |= parity.gaps_apart(original, exported, made_up, *limits)
    apart = {name for name in apart if features[name].notna().all()}
    if apart:  # nobody is misled by a model that refuses them
        columns = [column.without_gaps() if column.name in apart else column for column in columns]
        exported = OnnxModel(_serialized(model, columns))
        made_up, more = parity.answered(exported, made_up)
        refused += more
    found = parity.compare(original, exported, [some, edges, made_up], *limits)
    if found.beyond or found.mismatched > with_["max_mismatches"]:
        raise StepError(_apart(found, len(some.about) + len(edges.about) + len(made_up.about), with_))
    content = _serialized(model, columns)
    outputs["model"].write_bytes(content)
    return {
        **parity.figures(found),
        "rows": len(some.about),
        "edge_rows": len(edges.about) + len(made_up.about),
        "refused_rows": refused,
        "bytes": len(content),
    }


def _apart(found: Comparison, rows: int, with_: Mapping[str, Any]) -> str:
    said = []
    if found.beyond:
        said.append(
            f"{found.what} differ by up to {found.max_abs:.3g}, {found.max_relative:.3g} of themselves "
            f"(tolerance {with_['tolerance']:g}, relative {with_['relative_tolerance']:g})"
        )
    if found.mismatched > with_["max_mismatches"]:
        said.append(f"{found.mismatched} predicted labels differ (at most {with_['max_mismatches']} may)")
    return (
        f"the ONNX model does not answer like the original on {rows} rows: {', '.join(said)}; most of all on {found.worst}. "
        f"{found.cause}"
    )


def _convert(estimator: Any, columns: list[OnnxColumn], opset: int | None, *, zipmap: bool) -> Any:
    from skl2onnx import to_onnx

    from mlspec.library.onnxtrees import send_gaps_as

    # Not a list of {label: probability} for each row: a plain array is what servers other than onnxruntime read, too.
    options = {id(estimator): {"zipmap": False}} if zipmap else None
    try:
        types = _initial_types(estimator, columns)
        model = to_onnx(estimator, initial_types=types, options=options, target_opset=opset, name=GRAPH)
    except StepError:
        raise
    except Exception as error:  # skl2onnx raises many kinds, some of them plain RuntimeErrors
        said = (str(error).splitlines() or [""])[0]  # a page of advice to the authors of converters follows
        raise StepError(f"skl2onnx cannot convert this {type(estimator).__name__}: {type(error).__name__}: {said}") from error
    send_gaps_as(estimator, model)
    return model


def _serialized(model: Any, columns: list[OnnxColumn]) -> bytes:
    from onnx.helper import set_model_props

    from mlspec.library.onnxmodel import COLUMNS, FEATURES

    notes = {column.name: column.note for column in columns if column.note}
    props = {FEATURES: json.dumps([column.name for column in columns])}
    set_model_props(model, {**props, COLUMNS: json.dumps(notes, sort_keys=True)} if notes else props)
    # skl2onnx keeps them in a set: their order is that of this process alone.
    operators = sorted(model.opset_import, key=lambda each: str(each.domain))
    del model.opset_import[:]
    model.opset_import.extend(operators)
    if model.ByteSize() >= _LIMIT:
        raise StepError("the ONNX model is larger than 2 GiB, which one file cannot hold")
    return bytes(model.SerializeToString(deterministic=True))


def _initial_types(estimator: Any, columns: list[OnnxColumn]) -> list[tuple[str, Any]]:
    """Return one input for each column where the model picks columns by name, else one for all of them."""
    from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType
    from sklearn.compose import ColumnTransformer

    tensors = {"string": StringTensorType, "number": FloatTensorType, "integer": Int64TensorType, "boolean": BooleanTensorType}
    parts = [estimator, *(estimator.get_params(deep=True).values() if hasattr(estimator, "get_params") else ())]
    if any(isinstance(part, ColumnTransformer) for part in parts):
        return [(column.name, tensors[column.tensor]([None, 1])) for column in columns]
    kinds = {column.tensor for column in columns}
    if len(kinds) > 1 and "string" in kinds:
        text = ", ".join(repr(column.name) for column in columns if column.tensor == "string")
        raise StepError(
            f"the model takes text ({text}) and numbers together as one table, which ONNX has not; "
            "give each its own branch with scikit-learn's ColumnTransformer"
        )
    return [(ONE_INPUT, tensors[kinds.pop() if len(kinds) == 1 else "number"]([None, len(columns)]))]


STEP = LibraryStep(
    name="export/onnx",
    summary="Writes a scikit-learn model as ONNX and checks on real rows that it answers like the original",
    stage="model",
    inputs={
        "model": Port("model", "The fitted scikit-learn model (joblib or pickle)"),
        "data": Port("dataset", "Rows to compare the two on, with at least the model's columns"),
    },
    outputs={
        "model": Port("model", "The ONNX file; outputs are the label and, for a classifier, the probabilities"),
        "metrics": Port(
            "metrics",
            "max_abs_difference, max_relative_difference, mismatched_labels, rows, edge_rows, refused_rows, bytes",
            fields=(
                *("max_abs_difference", "max_relative_difference", "mismatched_labels"),
                *("rows", "edge_rows", "refused_rows", "bytes"),
            ),
        ),
    },
    options={
        "rows": Option(
            "integer",
            "How many rows to compare, spread evenly over the data; rows with gaps, extremes and unseen categories come on top",
            default=1000,
            minimum=1,
        ),
        "tolerance": Option(
            "number",
            "How far a probability (or prediction) may lie from the original, in its own unit",
            default=1e-4,
            minimum=0,
        ),
        "relative_tolerance": Option(
            "number", "How much farther, as a share of the original's probability (or prediction)", default=1e-5, minimum=0
        ),
        "max_mismatches": Option("integer", "How many predicted labels may differ", default=0, minimum=0),
        "opset": Option("integer", "The ONNX opset; default: the newest that skl2onnx writes", minimum=9),
        **COLUMNS,
        **READING,
        **TRUST,
    },
    requirements=("skl2onnx", "onnx", "onnxruntime", "scikit-learn", "pandas", "pyarrow"),
    function=_run,
)
