"""gaiamorph info"""

import json
from typing import Annotated

from cyclopts import Parameter

from gaiamorph.cli.options import Space
from gaiamorph.space import load


def info(space: Space, /, *, json_: Annotated[bool, Parameter(name="--json", negative=())] = False) -> None:
    """Describe a space or a run.

    Args:
        json_: Print everything as JSON.
    """
    opened = load(space)
    i, t, held_out = opened.info, opened.info.training, opened.info.validation
    if json_:
        description = {
            "sha256": opened.sha256,
            "shape": list(opened.kind.shape),
            "parameters": sum(p.numel() for p in opened.generator.parameters()),
            **opened.described()[1],
            "attributes": {name: vector.describe() for name, vector in opened.attributes.items()},
        }
        print(json.dumps(description, indent=2))
        return
    error = "none: the model has no encoder"
    if held_out:
        error = f"{held_out.l1:.4f} mean absolute of 1; 99th percentile {held_out.l1_percentile_99:.4f}"
    rows = [
        ("model", f"{i.model} ({i.network.name}, latent_dim {i.latent_dim})"),
        ("items", opened.kind.about),
        *([("alignment", rule.key)] if (rule := getattr(opened.kind, "align", None)) else []),
        ("trained on", f"{t.items} items of {t.source} (fingerprint {t.fingerprint[:12]})"),
        ("training", f"{t.steps} steps, {t.seconds:.0f} s, seed {t.seed}"),
        *([("started from", f"{s.sha256} ({s.steps} steps on {s.source})")] if (s := i.started_from) else []),
        ("held-out error", error),
        ("attributes", ", ".join(opened.attributes) or "none"),
        ("SHA-256", opened.sha256),
        ("written by", f"gaiamorph {i.gaiamorph_version}"),
        *(("warning", f"step {w['step']}: {w['warning']}") for w in t.warnings),
    ]
    for name, value in rows:
        print(f"{name:<15} {value}")
