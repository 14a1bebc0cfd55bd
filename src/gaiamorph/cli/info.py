"""gaiamorph info"""

from __future__ import annotations

import json
from typing import Annotated, Any

from cyclopts import Parameter

from gaiamorph.cli.options import Space
from gaiamorph.space import LatentSpace, ValidationInfo, load


def info(space: Space, /, *, json_: Annotated[bool, Parameter(name="--json", negative=())] = False) -> None:
    """Describe a space or a run.

    Parameters
    ----------
    json_
        Print everything as JSON.
    """
    opened = load(space)
    if json_:
        print(json.dumps(describe(opened), indent=2))
        return
    for name, value in _summary(opened):
        print(f"{name:<15} {value}")


def describe(space: LatentSpace) -> dict[str, Any]:
    """The description in the file, with the hash of the space, its kind of items and its number of parameters."""
    return {
        "sha256": space.sha256,
        "kind": {"name": space.kind.name, **space.kind.settings()},
        "shape": list(space.kind.shape),
        "parameters": sum(p.numel() for p in space.generator.parameters()),
        **space.info.to_json(),
        "attributes": {name: vector.describe() for name, vector in space.attributes.items()},
    }


def _summary(space: LatentSpace) -> list[tuple[str, str]]:
    i, t = space.info, space.info.training
    rows = [
        ("model", f"{i.model} ({i.network.name}, latent_dim {i.latent_dim})"),
        ("items", f"{space.kind.name} {space.kind.shape}"),
        ("trained on", f"{t.items} items of {t.source} (fingerprint {t.fingerprint[:12]})"),
        ("training", f"{t.steps} steps, {t.seconds:.0f} s, seed {t.seed}"),
        ("held-out error", _held_out(i.validation)),
        ("attributes", ", ".join(space.attributes) or "none"),
        ("SHA-256", space.sha256),
        ("written by", f"gaiamorph {i.gaiamorph_version}"),
    ]
    return rows + [("warning", f"step {w['step']}: {w['warning']}") for w in t.warnings]


def _held_out(validation: ValidationInfo | None) -> str:
    if validation is None:
        return "none: the model has no encoder"
    return f"{validation.l1:.4f} mean absolute of 1; 99th percentile {validation.l1_percentile_99:.4f}"
