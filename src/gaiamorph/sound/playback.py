"""Frames as an experiment plays them: levels, fades and lengths, the same for a whole continuum."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from gaiamorph.errors import UserError
from gaiamorph.sound.files import turned_down
from gaiamorph.sound.scale import FAINTEST

RMS, PEAK = 0.0632, 0.891
"""What levels are made to be: the root mean square that Praat calls 70 dB; a peak 1 dB below the largest that a file can hold."""
LONGEST_FADE = 1000.0
AUDIBLE = 0.1
"""dB. Less is not worth a warning."""


class LevelWarning(UserWarning):
    """Sounds do not have the level that they should have."""


@dataclass(frozen=True, kw_only=True)
class Playback:
    """How sounds are written. The command line reads this class too."""

    normalise: Literal["none", "rms", "peak"] = "none"
    """Level of the sounds. rms: all have the same root mean square (-24 dB of full scale); peak: the same peak (-1 dB); none: they
    keep their levels, and between two recordings the level changes evenly."""
    fade: float = 0.5
    """Milliseconds of the fade at both ends of each sound."""
    pad: bool = False
    """Make all sounds of a continuum as long as the longest, with silence at the end."""

    def check(self) -> None:
        """Raise UserError for values that cannot be."""
        if self.normalise not in ("none", "rms", "peak"):
            raise UserError(f"normalise must be 'none', 'rms' or 'peak', not {self.normalise!r}")
        if not 0 <= self.fade <= LONGEST_FADE:
            raise UserError(f"fade must lie between 0 and {LONGEST_FADE:g} milliseconds, not {self.fade:g}")

    def prepared(self, waves: Sequence[np.ndarray], rate: int) -> tuple[list[np.ndarray], list[float]]:
        """Waveforms (samples,) that belong together, and their gains in dB.

        Levels are those of faded sounds, without padding. If one is too loud for a file, all are turned down by the same factor.
        """
        shortest = 1000 * min(map(len, waves)) / rate
        if self.fade > shortest / 2:
            warnings.warn(
                f"a fade of {self.fade:g} ms at each end is longer than half of the shortest sound ({shortest:.0f} ms): fades of "
                "such sounds are shorter",
                LevelWarning,
                stacklevel=2,
            )
        made = [_faded(wave, round(self.fade * rate / 1000)) for wave in waves]
        gains = [self._gain(wave) for wave in made]
        made = [wave * np.float32(gain) for wave, gain in zip(made, gains, strict=True)]
        if self.pad:
            longest = max(map(len, made))
            made = [np.pad(wave, (0, longest - len(wave))) for wave in made]
        made, down = turned_down(made)
        if decibels(down) < -AUDIBLE:
            warnings.warn(
                f"{len(made)} sounds that belong together are turned down by {-decibels(down):.1f} dB, since the peak of one would "
                "be cut off: their level differs from that of other sets",
                LevelWarning,
                stacklevel=2,
            )
        return made, [decibels(gain * down) for gain in gains]

    def _gain(self, wave: np.ndarray) -> float:
        if self.normalise == "none":
            return 1.0
        own = np.sqrt(np.square(wave).mean()) if self.normalise == "rms" else np.abs(wave).max()
        return (RMS if self.normalise == "rms" else PEAK) / max(float(own), FAINTEST)


def _faded(wave: np.ndarray, samples: int) -> np.ndarray:
    """With both ends rising from and falling to zero along half a cosine."""
    size = min(samples, len(wave) // 2)
    if not size:
        return wave
    rise = (0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / size)).astype(np.float32)
    faded = wave.copy()
    faded[:size] *= rise
    faded[-size:] *= rise[::-1]
    return faded


def decibels(value: float) -> float:
    """An amplitude in dB of full scale."""
    return round(float(20 * np.log10(max(value, FAINTEST))), 2)
