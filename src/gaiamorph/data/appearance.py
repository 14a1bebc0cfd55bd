"""Pictures as an experiment shows them: equal in luminance and contrast, and masked by an oval.

Mean and standard deviation of luminance are set as SHINE does (Willenbockel et al. 2010).
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from gaiamorph.errors import UserError

WHITE, GREY = 255.0, 128
LUMA = (0.299, 0.587, 0.114)
"""Shares of red, green and blue in the luminance of a picture (ITU-R BT.601)."""
OVAL = 0.75
"""Width of the oval over its height."""
ROUNDS, CLOSE = 20, 0.5
"""Corrections of mean and contrast for values that were cut off or rounded, at most; grey levels that are close enough."""
CUT_OFF = 0.01
"""Share of the pixels beyond black or white that is worth a warning."""


class AppearanceWarning(UserWarning):
    """Pictures do not have the luminance or contrast that they should have."""


@dataclass(frozen=True, kw_only=True)
class Appearance:
    """How pictures are written. The command line reads this class too."""

    match: bool = False
    """Give all frames of a continuum the same mean luminance and the same contrast: those of its frames on average."""
    luminance: float | None = None
    """Mean luminance, from 0 to 255, of each frame. Given together with a contrast, it makes all continua alike."""
    contrast: float | None = None
    """Standard deviation of the luminance of each frame."""
    oval: float = 0.0
    """Grey outside of an oval of this share of a frame's height. Means and contrasts are then those inside. 0: no oval."""
    outside: int = GREY
    """Grey level, from 0 to 255, outside of the oval."""

    def check(self) -> None:
        """Raise UserError for values that cannot be."""
        if self.luminance is not None and not 0 < self.luminance < WHITE:
            raise UserError(f"luminance must lie between 0 and 255, not {self.luminance:g}")
        if self.contrast is not None and not 0 <= self.contrast <= WHITE / 2:
            raise UserError(f"contrast is a standard deviation from 0 to 127.5, not {self.contrast:g}")
        if not 0 <= self.oval <= 1 / OVAL:
            raise UserError(f"oval must lie between 0 and {1 / OVAL:.2f}, a share of the height, not {self.oval:g}")
        if not 0 <= self.outside <= WHITE:
            raise UserError(f"outside is a grey level from 0 to 255, not {self.outside}")
        if self.outside != GREY and not self.oval:
            raise UserError("outside is the grey level outside of an oval: give oval as well, or leave it out")

    @property
    def matches(self) -> bool:
        return self.match or self.luminance is not None or self.contrast is not None

    def prepared(self, pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
        """Pictures uint8 (H, W, C) that belong together, as they are to be written. Warns of values that are cut off."""
        masks = [self.mask(*picture.shape[:2]) for picture in pictures]
        made = list(pictures)
        if self.matches:
            wanted = self._settled([_moments(_luminance(x), m) for x, m in zip(pictures, masks, strict=True)])
            made = [wanted._matched(x, m) for x, m in zip(pictures, masks, strict=True)]
        return [self._masked(x, m) for x, m in zip(made, masks, strict=True)]

    def mask(self, height: int, width: int) -> np.ndarray:
        """(H, W) float32, 1 inside the oval, with an edge one pixel wide."""
        if not self.oval:
            return np.ones((height, width), np.float32)
        down, across = self.oval * height / 2, OVAL * self.oval * height / 2
        y, x = np.ogrid[:height, :width]
        place = np.hypot((y + 0.5 - height / 2) / down, (x + 0.5 - width / 2) / across)
        return np.clip((1 - place) * min(down, across) + 0.5, 0, 1).astype(np.float32)

    def _settled(self, known: Sequence[tuple[float, float]]) -> Self:
        """With numbers, where these are to be those of the pictures on average. known: mean and sd of each."""
        mean, sd = np.mean(known, axis=0)
        return replace(
            self,
            luminance=float(mean) if self.luminance is None else self.luminance,
            contrast=float(sd) if self.contrast is None else self.contrast,
        )

    def _matched(self, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
        """With the wanted mean and sd inside the mask. All channels of a pixel change by the same amount, so that hues stay."""
        assert self.luminance is not None
        assert self.contrast is not None
        before = _luminance(picture)
        mean, sd = _moments(before, mask)
        gain, middle = self.contrast / max(sd, 1e-6), self.luminance
        made: Any = picture
        exact: Any = picture
        for _ in range(ROUNDS):
            change = (before - mean) * gain + middle - before
            exact = picture.astype(np.float64) + change[..., None]
            made = np.rint(exact.clip(0, WHITE))
            mean_now, sd_now = _moments(_luminance(made), mask)
            if abs(mean_now - self.luminance) < CLOSE and abs(sd_now - self.contrast) < CLOSE:
                break
            middle += self.luminance - mean_now
            gain *= self.contrast / max(sd_now, 1e-6)
        lost = np.logical_or(exact < -0.5, exact > WHITE + 0.5).any(-1)[mask > 0.5].mean()
        if lost > CUT_OFF:
            warnings.warn(
                f"{lost:.0%} of a picture is cut off at black or white: choose a smaller contrast, or a luminance nearer to 128",
                AppearanceWarning,
                stacklevel=2,
            )
        return made.astype(np.uint8)

    def _masked(self, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
        if not self.oval:
            return picture
        return np.rint(self.outside + mask[..., None] * (picture.astype(np.float64) - self.outside)).astype(np.uint8)


def _luminance(picture: np.ndarray) -> np.ndarray:
    """(H, W, C) -> (H, W) from 0 to 255."""
    return picture.astype(np.float64) @ np.array(LUMA) if picture.shape[-1] == 3 else picture[..., 0].astype(np.float64)


def _moments(luminance: np.ndarray, mask: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation inside a mask."""
    total = mask.sum()
    mean = float((mask * luminance).sum() / total)
    return mean, float(np.sqrt((mask * np.square(luminance - mean)).sum() / total))
