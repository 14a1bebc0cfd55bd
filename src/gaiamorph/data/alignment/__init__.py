"""Alignment: photographs turned and scaled so that the same points lie at the same places.

Everything but `Alignment` itself needs OpenCV, from the extra ``faces``, and is imported when it is used.
"""

from gaiamorph.data.alignment.rule import Aligned, Alignment, needs_opencv

__all__ = ["Aligned", "Alignment", "needs_opencv"]
