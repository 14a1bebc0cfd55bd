"""`Coder`: the contract of a codec, which turns waveforms into pictures and back."""

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol, Self

import numpy as np


class Lost(Protocol):
    """What a picture does not show of a sound."""

    def fading(self, other: Any, share: float) -> Self:
        """On the way to what another picture does not show. share: of the other."""
        ...


class Coder(Protocol):
    """bands, moments: rows and columns of a picture. contours: rows of as many numbers beside it. floor: dB that the first channel
    shows below its loudest cell. seconds: of the window of a spectrum."""

    channels: ClassVar[int]
    contours: ClassVar[int]
    inversion: ClassVar[str]
    """How pictures become waveforms, for a manifest."""

    @property
    def bands(self) -> int: ...
    @property
    def moments(self) -> int: ...
    @property
    def floor(self) -> float: ...
    @property
    def seconds(self) -> float: ...

    def analysed(self, wave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """wave (samples,) -> picture (channels, bands, moments) in [0, 1], low bands first; and the facts (F,) beside it: log2 of
        the seconds, the level in dB, and the contours."""
        ...

    def waves(self, pictures: np.ndarray, facts: np.ndarray, lost: Sequence[Any] | None = None) -> list[np.ndarray]:
        """pictures (N, channels, bands, moments) and facts (N, F) -> waveforms (samples,) float32.

        lost: what the pictures do not show, of each sound.
        """
        ...

    def lost(self, wave: np.ndarray) -> Lost:
        """What the picture of wave (samples,) does not show."""
        ...
