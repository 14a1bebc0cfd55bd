"""Detail that a space cannot redraw, carried along a path that the space draws."""

from gaiamorph.detail.carried import carried, displacements, enlarged

__all__ = ["carried", "displacements", "enlarged"]
