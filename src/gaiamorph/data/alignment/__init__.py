"""Alignment: photographs turned and scaled so that the same points lie at the same places.

OpenCV is imported when it is used: loading it takes a moment.
"""

from gaiamorph.data.alignment.rule import Aligned, Alignment

__all__ = ["Aligned", "Alignment"]
