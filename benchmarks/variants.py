"""Variants of recipes, written in one word."""

from __future__ import annotations

from typing import Any

import yaml


def changed(settings: dict[str, Any], variant: str, model: str = "gaia") -> dict[str, Any]:
    """The recipe with ``group.option=value,option=value`` in place of its own; "base" or nothing leaves it as it is."""
    settings = {k: dict(v) if isinstance(v, dict) else v for k, v in settings.items()}
    settings["model"] = model
    for change in variant.split(",") if variant not in ("", "base") else []:
        name, value = change.split("=")
        group, _, option = name.rpartition(".")
        (settings.setdefault(group, {}) if group else settings)[option] = yaml.safe_load(value)
    return settings
