"""Colour profiles (ICC): pictures become sRGB, the colours that screens and networks take for granted."""

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms

LEAST_CHANGE = 2
"""A profile that changes no value by more is sRGB itself, in one of its many copies, and costs nothing."""
_MODES = {"GRAY": "L", "RGB": "RGB", "CMYK": "CMYK"}
"""Mode of the pictures that a profile of a colour space is for."""
_SHADES = np.arange(0, 256, 17, dtype=np.uint8)
_CUBE = np.stack(np.meshgrid(_SHADES, _SHADES, _SHADES), axis=-1).reshape(64, 64, 3)
"""Every combination of 16 shades."""


def to_srgb(picture: Image.Image, profile: bytes, grey: bool) -> tuple[Image.Image, bool]:
    """A picture in sRGB, of the mode L, RGB or RGBA, and whether the profile could be used.

    The intent is relative colorimetric, with black point compensation. The same picture is returned if the profile is sRGB,
    damaged, or for pictures of another kind.
    """
    mode, transform = _transform(profile)
    if not mode or (mode == "CMYK") != (picture.mode == "CMYK") or (mode == "L" and not grey):
        return picture, False
    if transform is None:
        return picture, True
    opacity = picture.convert("RGBA").getchannel("A") if picture.has_transparency_data else None
    converted = transform.apply(picture.convert(mode)).convert("L" if grey else "RGB")
    if opacity is not None:
        converted.putalpha(opacity)
    return converted, True


@lru_cache(maxsize=64)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The mode that a profile is for, or "" if it is damaged, and its transform, None if that changes nothing."""
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _MODES[source.profile.xcolor_space.strip()]  # pyright: ignore[reportAttributeAccessIssue]
        transform = ImageCms.ImageCmsTransform(
            source, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), mode, "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )  # fmt: skip
    except (OSError, KeyError, ValueError, ImageCms.PyCMSError):
        return "", None
    if mode == "CMYK":
        return mode, transform
    before = Image.fromarray(_CUBE).convert(mode)
    change = np.abs(np.asarray(transform.apply(before)).astype(int) - np.asarray(before.convert("RGB")))
    return mode, transform if change.max() > LEAST_CHANGE else None
