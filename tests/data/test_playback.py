"""Continua of sounds as they are written: levels, fades, lengths, the manifest and the page."""

from __future__ import annotations

import html
import json
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from tests.data.conftest import RATE, syllable

import gaiamorph as gm
from gaiamorph.cli import main
from gaiamorph.errors import UserError
from gaiamorph.output.continuum import save_continua
from gaiamorph.output.manifest import read_manifest
from gaiamorph.sound.playback import LevelWarning, Playback

pytestmark = pytest.mark.usefixtures("quiet")


def test_loud_frames_are_turned_down_together(recordings, tmp_path):
    kind = gm.open_data(recordings).kind
    waves = [syllable(0.1, 600, loud) for loud in (0.1, 2.0)]
    with pytest.warns(LevelWarning, match=r"turned down by 9\.\d dB"):
        waves, said = kind.prepared(waves)
    down = 20 * np.log10(0.99 / np.abs(syllable(0.1, 600, 2.0)).max())
    assert [row["gain_db"] for row in said] == pytest.approx([down, down], abs=0.02)
    kind.write_items(waves, ["soft", "loud"], tmp_path, "", 1, lambda write, *given: write(*given))
    soft, loud = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("soft", "loud"))
    assert np.abs(loud).max() == pytest.approx(0.99, abs=0.001)
    assert np.abs(loud).max() / np.abs(soft).max() == pytest.approx(20, rel=0.02)


@pytest.mark.parametrize("way", ["rms", "peak"])
def test_levels_are_made_equal(way, recordings):
    kind = gm.open_data(recordings).kind
    sounds = [syllable(seconds, 600, loud) for seconds, loud in ((0.1, 0.01), (0.03, 0.1), (0.2, 0.2))]
    waves, said = kind.prepared(sounds, Playback(normalise=way, fade=10))
    levels = [np.sqrt(np.square(wave).mean()) if way == "rms" else np.abs(wave).max() for wave in waves]
    assert levels == pytest.approx([{"rms": 0.0632, "peak": 0.891}[way]] * 3, rel=1e-4), "of faded sounds"
    assert [row["normalise"] for row in said] == [way] * 3
    assert said[0]["gain_db"] > said[2]["gain_db"]


def test_fades_longer_than_a_sound_are_told(recordings):
    kind = gm.open_data(recordings).kind
    with pytest.warns(LevelWarning, match="longer than half of the shortest sound"):
        kind.prepared([syllable(0.1, 600)], Playback(fade=60))


def test_sounds_fade_in_and_out_and_can_be_padded(recordings):
    kind = gm.open_data(recordings).kind
    waves = [np.ones(1000, np.float32) * 0.5, np.ones(400, np.float32) * 0.5]
    made, said = kind.prepared(waves, Playback(fade=5, pad=True))
    assert [len(wave) for wave in made] == [1000, 1000]
    assert not made[1][400:].any()
    assert [row["seconds"] for row in said] == [1000 / RATE, 400 / RATE]
    assert abs(made[0][0]) < 0.001
    assert made[0][80] == pytest.approx(0.5)
    assert (np.diff(made[0][:80]) > 0).all()


def test_a_manifest_says_how_sounds_were_made_and_makes_them_again(sound_space, recordings, tmp_path):
    a, b = recordings / "00.wav", recordings / "01.wav"
    sound_space.morph(a, b, steps=3).save(
        tmp_path / "out", playback=Playback(normalise="rms", pad=True), include_originals=True
    )
    table = pd.read_csv(tmp_path / "out" / "manifest.csv")
    assert table["codec"].tolist() == ["mel"] * 5
    assert table["rate"].tolist() == [RATE] * 5
    assert table["seconds"][[0, 2]].to_numpy() == pytest.approx(
        [soundfile.info(path).duration for path in (a, b)], abs=1e-4
    )
    assert table["normalise"].tolist() == ["rms"] * 5
    written = [soundfile.read(tmp_path / "out" / name)[0] for name in table["file"]]
    parts = [wave[: round(seconds * RATE)] for wave, seconds in zip(written, table["seconds"], strict=True)]
    levels = [10 * np.log10(np.square(part).mean()) for part in parts]
    assert levels == pytest.approx(table["level_db"].tolist(), abs=0.1)
    (order,) = read_manifest(tmp_path / "out" / "manifest.csv")
    assert order.playback == Playback(normalise="rms", pad=True)
    sound_space.remake(order, tmp_path).save(tmp_path / "again", playback=order.playback, include_originals=True)
    for name in ("frame_0001.wav", "original_a.wav", "manifest.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert len(written[3]) == len(written[4]), "originals are padded too"


def test_playback_is_for_sounds(tmp_path, picture_space):
    item = np.zeros(picture_space.kind.item_shape, np.uint8)
    with pytest.raises(UserError, match="are for sounds"):
        picture_space.morph(item, item, steps=2).save(tmp_path / "out", playback=Playback(pad=True))
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="fade must lie"):
        picture_space.morph(item, item, steps=2).save(tmp_path / "out", playback=Playback(fade=-1))


def test_a_page_plays_each_frame(sound_space, recordings, tmp_path):
    pairs = [(recordings / "00.wav", recordings / "01.wav"), (recordings / "02.wav", recordings / "03.wav")]
    save_continua(sound_space.morph_pairs(pairs, 3), tmp_path / "out", include_originals=True)
    page = (tmp_path / "out" / "index.html").read_text()
    sections = [json.loads(html.unescape(text)) for text in re.findall(r'data-frames="([^"]+)"', page)]
    assert [[title for _, title in frames] for frames in sections] == [["0.00", "0.50", "1.00"]] * 2
    buttons = re.findall(r'data-file="([^"]+)"', page)
    assert len(buttons) == 2 * (2 + 1)
    for file in (*buttons, *(file for frames in sections for file, _ in frames)):
        assert (tmp_path / "out" / file).is_file()
    assert "01.wav" in page
    assert page.count("<img") == 2


def test_a_manifest_says_where_segments_lie(sound_space, tmp_path):
    wave = np.concatenate([np.pad(syllable(0.1, 500 + 20 * k), (800, 800)) for k in range(12)])
    soundfile.write(tmp_path / "song.wav", wave, RATE)
    onsets = np.arange(12) * 0.2 + 0.05
    pd.DataFrame({"file_name": "song.wav", "onset": onsets, "offset": onsets + 0.1}).to_csv(
        tmp_path / "metadata.csv", index=False
    )
    sound_space.morph(f"{tmp_path}::song.wav@0.05-0.15", f"{tmp_path}::song.wav@0.25-0.35", 3).save(tmp_path / "out")
    row = pd.read_csv(tmp_path / "out" / "manifest.csv").iloc[0]
    assert row[["onset_a", "offset_a", "onset_b", "offset_b"]].tolist() == pytest.approx([0.05, 0.15, 0.25, 0.35])
    (order,) = read_manifest(tmp_path / "out" / "manifest.csv")
    again = sound_space.remake(order, tmp_path)
    np.testing.assert_array_equal(again.frames[0], sound_space.kind.recording(again.a.original))


def test_samples_of_sounds_have_levels_and_a_table(sound_space, tmp_path):
    run = tmp_path / "space.safetensors"
    sound_space.save(run)
    with pytest.raises(SystemExit) as stop:
        main(["sample", str(run), "--count", "3", "--normalise", "rms", "--pad", "--out", str(tmp_path / "out")])
    assert not stop.value.code
    table = pd.read_csv(tmp_path / "out" / "items.csv")
    assert table["file"].tolist() == [f"item_{k:06}.wav" for k in range(3)]
    assert table["level_db"].to_numpy() == pytest.approx(-23.99, abs=0.01)
    assert len({soundfile.info(tmp_path / "out" / file).frames for file in table["file"]}) == 1


@pytest.mark.parametrize("option", ["--paste", "--scale=2"])
def test_options_of_pictures_are_refused(option, sound_space, recordings, tmp_path, capsys):
    sound_space.save(run := tmp_path / "space.safetensors")
    a, b = recordings / "00.wav", recordings / "01.wav"
    with pytest.raises(SystemExit) as stop:
        main(["morph", *map(str, (run, a, b)), option, "--out", str(tmp_path / "out")])
    assert stop.value.code == 2
    assert "leave it out" in capsys.readouterr().err
