"""Data sets of the Hugging Face Hub, through the package ``datasets``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gaiamorph.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

_SCALARS = ("int", "uint", "float", "bool", "string", "large_string")


def load_hub(name: str) -> tuple[Any, str]:
    """The training split of ``owner/name`` or ``owner/name/config``, and the name of its picture column.

    Only data files are read. No code of the data set runs. Raises UserError.
    """
    import datasets

    parts = name.split("/", 2)
    try:
        table = datasets.load_dataset("/".join(parts[:2]), "".join(parts[2:]) or None)
    except Exception as error:
        raise UserError(f"hub:{name} cannot be loaded: {str(error).splitlines()[0][:160]}") from error
    if not isinstance(table, datasets.Dataset):
        table = table["train"] if "train" in table else next(iter(table.values()))
    column = next((c for c, f in table.features.items() if isinstance(f, datasets.Image)), None)
    if column is None:
        raise UserError(f"hub:{name} has no column of pictures (columns: {', '.join(table.column_names)})")
    return table, column


def attributes(table: Any) -> pd.DataFrame:
    """The columns of single values, with row numbers (str) as index. Classes have their names."""
    import pandas as pd

    columns = {}
    for name, feature in table.features.items():
        if hasattr(feature, "int2str"):
            columns[name] = [None if v is None or v < 0 else feature.int2str(v) for v in table[name]]
        elif str(getattr(feature, "dtype", "")).rstrip("0123456789") in _SCALARS:
            columns[name] = list(table[name])
    return pd.DataFrame(columns, index=[str(i) for i in range(len(table))])
