"""`Writing`: how items are written."""

from dataclasses import dataclass, field
from typing import TypedDict

from gaiamorph.data import Kind
from gaiamorph.data.appearance import Appearance
from gaiamorph.errors import UserError
from gaiamorph.sound.playback import Playback

LARGEST_SCALE = 32


@dataclass(frozen=True, kw_only=True)
class Writing:
    """How items are written, alone or as the frames of a continuum."""

    scale: int = 1
    """Enlarges pictures."""
    include_originals: bool = False
    """Also write the originals, as ``original_a.png`` and ``original_b.png``."""
    paste: bool = False
    """Also put each frame back into the photograph that A came from, as ``pasted_0000.png``, ...."""
    sheets: bool = True
    """Also draw each continuum as a whole."""
    playback: Playback = field(default_factory=Playback)
    """Levels, fades and lengths of sounds."""
    appearance: Appearance = field(default_factory=Appearance)
    """Luminance, contrast and an oval of pictures."""

    def check(self, kind: Kind | None = None) -> None:
        """Raise UserError for values that cannot be, or that are for another kind of data."""
        if not 1 <= self.scale <= LARGEST_SCALE:
            raise UserError(f"scale must be between 1 and {LARGEST_SCALE}, not {self.scale}")
        self.playback.check()
        self.appearance.check()
        if kind is None:
            return
        if self.appearance != Appearance() and not kind.has_photographs:
            raise UserError(
                f"match, luminance, contrast, oval and outside are for pictures, and these are {kind.name}: leave them out"
            )
        if self.appearance != Appearance() and self.paste:
            raise UserError("frames that are put back into their photographs keep its luminance: leave paste out")
        if self.playback != Playback() and not kind.is_heard:
            raise UserError(f"normalise, fade and pad are for sounds, and these are {kind.name}: leave them out")
        if self.paste and not kind.has_photographs:
            raise UserError(f"paste is for photographs, and these are {kind.name}: leave it out")
        if self.scale > 1 and kind.is_heard:
            raise UserError(f"scale is for pictures, and these are {kind.name}: leave it out")


class WritingKeywords(TypedDict, total=False):
    """The fields of `Writing` as keyword arguments."""

    scale: int
    include_originals: bool
    paste: bool
    sheets: bool
    playback: Playback
    appearance: Appearance
