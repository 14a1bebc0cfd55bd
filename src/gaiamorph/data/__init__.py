"""Data: items, what is known of them, and how they are split. A new kind of data is a file and a line here."""

from gaiamorph.data.base import Dataset, open_data
from gaiamorph.data.images import Pictures
from gaiamorph.data.kinds import Kind
from gaiamorph.data.vectors import TABLES, Vectors

KINDS: dict[str, type[Kind]] = {"pictures": Pictures, "vectors": Vectors}

__all__ = ["KINDS", "TABLES", "Dataset", "Kind", "Pictures", "Vectors", "open_data"]
