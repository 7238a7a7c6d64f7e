"""The network as ONNX, which runs without PyTorch."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from project_name import data as pictures_of
from project_name.model import load


def export(model: Path, data: Path, onnx: Path) -> dict[str, float]:
    """Write the ONNX file; return how far its scores lie from the network's on real pictures."""
    trained = load(model)
    pictures, _ = pictures_of.load(data)
    rows = torch.export.Dim("rows")
    program = torch.onnx.export(
        trained,
        (torch.from_numpy(pictures[:2]),),
        input_names=["pictures"],
        output_names=["scores"],
        dynamic_shapes=({0: rows},),
        dynamo=True,
    )
    onnx.write_bytes(program.model_proto.SerializeToString(deterministic=True))
    session = onnxruntime.InferenceSession(onnx.read_bytes(), providers=["CPUExecutionProvider"])
    (exported,) = session.run(None, {"pictures": pictures})
    with torch.no_grad():
        original = trained(torch.from_numpy(pictures)).numpy()
    return {"max_difference": float(np.abs(exported - original).max()), "rows": len(pictures)}
