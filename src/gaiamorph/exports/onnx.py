"""A space as ONNX: the encoder and the decoder, for programs without torch, and what they need to know beside them."""

import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gaiamorph.errors import UserError
from gaiamorph.space import LatentSpace
from gaiamorph.version import __version__

OPSET = 18
"""Version of the operators. onnxruntime has it from 1.14 on, onnxruntime-web as well."""
CLOSE = 1e-3
"""Largest difference from torch, in units of [0, 1] values and of codes."""
CHECKED = 5
"""Items that both are asked to compute: not the number that the graphs are traced with."""
SAMPLES = 32
"""Codes of items that exist nowhere, for a random walk without the mixture."""
FORMAT = 1
"""Number of the format of ``space.json``."""
DESCRIPTION = "space.json"


class _Half(nn.Module):
    """One of the two networks, from tensors in [0, 1] to codes or back."""

    def __init__(self, space: LatentSpace, name: str) -> None:
        super().__init__()
        self.generator, self.name = space.generator, name

    def forward(self, x: Tensor) -> Tensor:
        return self.generator.encode(x) if self.name == "encoder" else self.generator.decode(x)


def write_onnx(space: LatentSpace, folder: Path) -> None:
    """``decoder.onnx``, ``encoder.onnx`` unless the model has none, and ``space.json``.

    Both are float32 with a batch of any size. encoder: ``items`` (N, *shape) in [0, 1] -> ``codes`` (N, latent_dim). decoder: the
    other way. Codes on a sphere are moved there inside. ``space.json`` says how items become tensors, and holds attribute vectors.
    Raises UserError if a package is missing, or if onnxruntime's results are not torch's to `CLOSE`.
    """
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 (torch writes the graph with it)
    except ImportError as error:
        raise UserError(f"ONNX needs {error.name or error}: pip install 'gaiamorph[export]'") from error
    described = description(space)
    z = torch.from_numpy(space.sample_codes(CHECKED))
    with torch.inference_mode():
        items = space.generator.decode(z)
    inputs = {"encoder": items, "decoder": z}
    for name, x in inputs.items():
        if name == "encoder" and not space.can_encode:
            continue
        network = _Half(space, name).eval()
        _write(network, x[:2], described["networks"][name], folder / f"{name}.onnx")
        # The description of the networks, for who finds one of the files alone. Torch notes where on this machine its code lies.
        model = onnx.load(folder / f"{name}.onnx")
        for part in (*model.graph.node, *model.graph.input, *model.graph.output, *model.graph.value_info, model.graph):
            del part.metadata_props[:]
        onnx.helper.set_model_props(model, {"gaiamorph": json.dumps({**described, "attributes": {}, "samples": []})})
        onnx.save(model, folder / f"{name}.onnx")
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(folder / f"{name}.onnx", options, providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]
        with torch.inference_mode():
            apart = float(np.abs(found - network(x).numpy()).max())
        if apart > CLOSE:
            raise UserError(
                f"the {name} as ONNX differs from torch by {apart:.1g}, more than {CLOSE:g}: nothing is written"
            )
        described["networks"][name]["difference"] = apart
    (folder / DESCRIPTION).write_text(json.dumps(described, indent=1), encoding="utf-8")


def description(space: LatentSpace) -> dict[str, Any]:
    """What a program needs beside the networks: plain JSON."""
    kind, info = space.kind, space.info
    networks: dict[str, dict[str, Any]] = {
        "encoder": {"input": "items", "output": "codes"}, "decoder": {"input": "codes", "output": "items"},
    }  # fmt: skip
    if not space.can_encode:
        del networks["encoder"]

    def known(x: float) -> float | None:
        return x if np.isfinite(x) else None  # JSON has no NaN

    return {
        "format": FORMAT,
        "gaiamorph_version": __version__,
        "sha256": space.sha256,
        "origin": space.origin,
        "model": space.model,
        "kind": kind.described(),
        "shape": list(kind.shape),
        "tensor": kind.tensor,
        "latent_dim": space.latent_dim,
        "codes": info.network.codes,
        "error_threshold": space.error_threshold if space.can_encode else None,
        "opset": OPSET,
        "dtype": "float32",
        "networks": networks,
        "attributes": {
            name: {
                "vector": vector.vector.tolist(),
                "kind": vector.kind,
                "sd": known(vector.sd),
                "error": known(vector.error),
            }
            for name, vector in space.attributes.items()
        },
        "facts": None if space.facts is None else space.facts.tolist(),
        "samples": space.sample_codes(SAMPLES).tolist(),
    }


def _write(network: nn.Module, x: Tensor, names: dict[str, str], path: Path) -> None:
    said = logging.getLogger("torch.onnx")
    level = said.level
    said.setLevel(logging.ERROR)  # that torchvision is missing
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch about itself
            torch.onnx.export(
                network, (x.clone(),), path, dynamo=True, external_data=False, verbose=False, opset_version=OPSET,
                input_names=[names["input"]], output_names=[names["output"]],
                dynamic_shapes=({0: torch.export.Dim("N")},),
            )  # fmt: skip
    finally:
        said.setLevel(level)
