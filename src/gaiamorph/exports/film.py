"""Continua of pictures as films."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gaiamorph.errors import UserError
from gaiamorph.exports.stimuli import Stimuli, Stimulus

ANIMATED: dict[str, dict[str, Any]] = {
    "gif": {"optimize": False, "disposal": 1},
    "webp": {"quality": 90, "method": 4},
    "apng": {"format": "PNG"},
}
"""Formats of Pillow, and how it writes them."""
ENCODED: dict[str, tuple[str, dict[str, str]]] = {
    "mp4": ("libx264", {"crf": "16", "preset": "medium"}),
    "webm": ("libvpx-vp9", {"crf": "20", "b": "0"}),
}
"""Formats of PyAV: an encoder, and its options."""
FASTEST_GIF = 50
"""Frames a second: a GIF counts hundredths, and browsers slow down what is shown for less than two of them."""


@dataclass(frozen=True, kw_only=True)
class Film:
    """How frames become a film. The command line reads this class too."""

    fps: float = 10.0
    """Frames a second."""
    hold: float = 0.5
    """Seconds that the first and the last frame stay."""
    ping_pong: bool = False
    """Also run back to the first frame."""
    once: bool = False
    """Do not begin again at the end (GIF, WebP and APNG)."""

    def check(self, to: str) -> None:
        """Raise UserError for values that cannot be, for the format ``to``."""
        if to == "gif" and self.fps > FASTEST_GIF:
            raise UserError(
                f"a GIF has at most {FASTEST_GIF} frames a second, not {self.fps:g}: lower fps, or use webp"
            )
        if not 0.1 <= self.fps <= 120:
            raise UserError(f"fps must lie between 0.1 and 120, not {self.fps:g}")
        if not 0 <= self.hold <= 60:
            raise UserError(f"hold must lie between 0 and 60 seconds, not {self.hold:g}")

    def played(self, frames: Sequence[Any], loops: bool) -> list[tuple[Any, float]]:
        """Frames in their order, and for how many seconds each is seen. loops: whether the first one follows on the last."""
        order = list(range(len(frames)))
        if self.ping_pong:
            order += order[-2 : 0 if loops else None : -1]
        still = self.hold or 1 / self.fps
        return [(frames[i], still if i in (0, len(frames) - 1) else 1 / self.fps) for i in order]


def write_films(stimuli: Stimuli, folder: Path, to: str, film: Film) -> None:
    """A film for each continuum: ``continuum.gif``, or ``00000_continuum.gif`` and so on. Raises UserError for sounds."""
    if stimuli.are_heard:
        raise UserError("films are made of pictures, and these are sounds: their continuum.wav has all frames")
    several = len(stimuli.continua) > 1
    for continuum in stimuli.continua:
        prefix = f"{int(continuum[0].row['pair']):05d}_" if several else ""
        suffix = "png" if to == "apng" else to
        _write(continuum, folder / f"{prefix}continuum.{suffix}", to, film)


def _write(continuum: Sequence[Stimulus], path: Path, to: str, film: Film) -> None:
    pictures = [Image.open(io.BytesIO(stimulus.content())).convert("RGB") for stimulus in continuum]
    played = film.played(pictures, loops=to in ANIMATED and not film.once)
    if to in ENCODED:
        _encode(played, path, to, film.fps)
        return
    # Rounded sums, so that errors do not add up: frames of a GIF take 30, 30 and 40 ms at 30 a second.
    unit = 10 if to == "gif" else 1
    ends = np.rint(np.cumsum([0.0, *(1000 * seconds for _, seconds in played)]) / unit)
    milliseconds = (np.diff(ends) * unit).astype(int).tolist()
    first, *others = [frame for frame, _ in played]
    loop = {"loop": 0} if not film.once else {} if to == "gif" else {"loop": 1}
    first.save(path, save_all=True, append_images=others, duration=milliseconds, **loop, **ANIMATED[to])


def _encode(played: Sequence[tuple[Image.Image, float]], path: Path, to: str, fps: float) -> None:
    try:
        import av
    except ImportError as error:
        raise UserError(f"{to} needs PyAV: pip install 'gaiamorph[film]' (gif, webp and apng do not)") from error
    from fractions import Fraction

    codec, options = ENCODED[to]
    width, height = (size + size % 2 for size in played[0][0].size)  # the usual colours of videos need even sides
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(codec, rate=Fraction(fps).limit_denominator(1000), options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for picture, seconds in played:
            pixels = np.asarray(picture)
            pixels = np.pad(pixels, ((0, height - pixels.shape[0]), (0, width - pixels.shape[1]), (0, 0)), "edge")
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            for _ in range(max(1, round(seconds * fps))):
                container.mux(stream.encode(frame))
        container.mux(stream.encode())
