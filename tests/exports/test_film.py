"""Continua as films."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from tests.exports.conftest import FRAMES

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.exports import FILMS, Film


def film_frames(path):
    with Image.open(path) as film:
        durations, frames = [], []
        for i in range(film.n_frames):
            film.seek(i)
            frames.append(np.asarray(film.convert("RGB"), float))
            durations.append(film.info.get("duration"))
    return frames, durations


@pytest.mark.parametrize("to", ["gif", "webp", "apng"])
def test_films_have_all_frames(to, two_pairs, tmp_path):
    out = gm.export(two_pairs, tmp_path / "out", to=to, film=Film(fps=20, hold=0.4, ping_pong=True))
    films = sorted(path for path in out.iterdir() if path.name != "manifest.csv")
    suffix = {"apng": "png"}.get(to, to)
    assert [path.name for path in films] == [f"0000{k}_continuum.{suffix}" for k in (0, 1)]
    frames, durations = film_frames(films[1])
    assert durations == [400, 50, 50, 50, 400, 50, 50, 50]
    for position, frame in zip((0, 1, 2, 3, 4, 3, 2, 1), frames, strict=True):
        with Image.open(two_pairs / f"00001_frame_{position:04d}.png") as own:
            assert np.abs(np.asarray(own.convert("RGB"), float) - frame).mean() < 6


def test_films_end_where_they_should():
    """A film that begins again shows its first frame once, another one comes back to it."""
    back = Film(fps=10, hold=0, ping_pong=True)
    assert [frame for frame, _ in back.played("abcd", loops=True)] == [*"abcdcb"]
    assert [frame for frame, _ in back.played("abcd", loops=False)] == [*"abcdcba"]
    for loops, short in ((True, "ab"), (False, "aba")):
        assert [frame for frame, _ in back.played("ab", loops=loops)] == [*short]
        assert [frame for frame, _ in back.played("a", loops=loops)] == ["a"]


def test_a_gif_keeps_its_time(two_pairs, tmp_path):
    """It counts in hundredths of a second, so 30 frames a second are not all of the same length."""
    out = gm.export(two_pairs, tmp_path / "out", to="gif", film=Film(fps=30, hold=0))
    _, durations = film_frames(out / "00000_continuum.gif")
    assert set(durations) == {30, 40}
    assert abs(sum(durations) - 1000 * FRAMES / 30) <= 5


@pytest.mark.parametrize("to", ["mp4", "webm"])
def test_videos_decode_to_the_frames(to, two_pairs, tmp_path):
    av = pytest.importorskip("av")
    out = gm.export(two_pairs, tmp_path / "out", to=to, film=Film(fps=10, hold=0.3))
    with av.open(str(out / f"00000_continuum.{to}")) as video:
        decoded = [frame.to_ndarray(format="rgb24").astype(float) for frame in video.decode(video=0)]
    assert len(decoded) == 3 + 3 + 3
    for position, frame in zip((0, 0, 0, 1, 2, 3, 4, 4, 4), decoded, strict=True):
        with Image.open(two_pairs / f"00000_frame_{position:04d}.png") as own:
            assert np.abs(np.asarray(own.convert("RGB"), float) - frame).mean() < 6


def test_videos_need_their_extra(two_pairs, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UserError, match=r"gaiamorph\[film\]"):
        gm.export(two_pairs, tmp_path / "out", to="mp4")
    assert not (tmp_path / "out").exists()


def test_films_are_targets():
    assert set(FILMS) == {"gif", "webp", "apng", "mp4", "webm"}
