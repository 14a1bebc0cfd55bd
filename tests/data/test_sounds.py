"""Recordings as data: what is read, what comes back, and what is refused."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

import gaiamorph as gm
from gaiamorph.data.sounds import GAP
from gaiamorph.errors import UserError
from gaiamorph.latent.facts import fit_facts
from gaiamorph.output.manifest import read_manifest
from gaiamorph.sound.files import read, trimmed
from gaiamorph.sound.playback import Playback

RATE = 16_000


def syllable(seconds: float, pitch: float, loud: float = 0.3, rate: int = RATE) -> np.ndarray:
    """Four harmonics of a falling pitch, with a soft beginning and end."""
    t = np.arange(round(seconds * rate)) / rate
    phase = 2 * np.pi * np.cumsum(pitch * (1 - 0.3 * t / seconds)) / rate
    wave = sum(np.sin(k * phase) / k for k in range(1, 5))
    return (loud * np.sin(np.pi * t / seconds) ** 0.5 * wave).astype(np.float32)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(0)
    for k in range(40):
        seconds, pitch = rng.uniform(0.05, 0.2), rng.uniform(500, 900)
        soundfile.write(folder / f"{k:02}.wav", syllable(seconds, pitch), RATE)
    return folder


@pytest.fixture(scope="module")
def space(recordings, tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "run"
    network = {"width": 8}
    return gm.train(recordings, out=out, model="ae", steps=5, batch_size=8, latent_dim=8, network=network, show=False)


def test_a_folder_of_recordings_is_opened(recordings):
    data = gm.open_data(recordings)
    assert data.kind.name == "sounds"
    assert data.kind.rate == RATE
    assert len(data) == 40
    assert data.items.shape[1:] == data.kind.item_shape


def test_duration_level_and_picture_survive_a_round_trip(recordings):
    kind = gm.open_data(recordings).kind
    wave = syllable(0.11, 700)
    item = kind.read(wave)
    back = kind.delivered(item[None])[0]
    assert len(back) == len(wave)
    level = 10 * np.log10(np.square(back).mean() / np.square(wave).mean())
    assert abs(level) < 1.5
    again = kind.read(back)
    assert np.abs(again[:-1] - item[:-1]).mean() * 80 < 2.5, "mean difference in dB"
    assert item[-1, :2] == pytest.approx(again[-1, :2], abs=1.5)


def test_tensors_and_items_are_inverses_but_for_the_facts(recordings):
    data = gm.open_data(recordings)
    x = data.kind.to_tensor(data.items[:3])
    assert x.shape == (3, *data.kind.shape)
    assert 0 <= float(x.min()) <= float(x.max()) <= 1
    items = data.kind.to_items(x)
    np.testing.assert_array_equal(items[:, :-1], data.items[:3, :-1])
    assert items[:, -1, :2] == pytest.approx(np.tile(data.kind.typical, (3, 1)))


def test_a_continuum_of_recordings_is_written_as_sound(space, recordings, tmp_path):
    a, b = recordings / "00.wav", recordings / "01.wav"
    space.morph(a, b, steps=3).save(tmp_path / "out")
    seconds = [soundfile.info(path).duration for path in (a, b)]
    made = [soundfile.info(tmp_path / "out" / f"frame_{k:04}.wav") for k in range(3)]
    assert {info.samplerate for info in made} == {RATE}
    wanted = [seconds[0], np.sqrt(seconds[0] * seconds[1]), seconds[1]]
    assert [info.duration for info in made] == pytest.approx(wanted, abs=2 / RATE)
    joined = soundfile.info(tmp_path / "out" / "continuum.wav").duration
    assert joined == pytest.approx(sum(wanted) + 2 * GAP, abs=0.001)
    space.morph(a, b, steps=3).save(tmp_path / "again")
    for name in ("frame_0001.wav", "sheet.png", "manifest.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_loud_frames_are_turned_down_together(recordings, tmp_path):
    kind = gm.open_data(recordings).kind
    waves = [syllable(0.1, 600, loud) for loud in (0.1, 2.0)]
    waves, said = kind.prepared(waves)
    down = 20 * np.log10(0.99 / np.abs(syllable(0.1, 600, 2.0)).max())
    assert [row["gain_db"] for row in said] == pytest.approx([down, down], abs=0.02)
    kind.write_items(waves, ["soft", "loud"], tmp_path, "", 1, lambda write, *given: write(*given))
    soft, loud = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("soft", "loud"))
    assert np.abs(loud).max() == pytest.approx(0.99, abs=0.001)
    assert np.abs(loud).max() / np.abs(soft).max() == pytest.approx(20, rel=0.02)


def test_the_ends_are_the_recordings_unless_no_detail_is_wanted(space, recordings):
    a, b = recordings / "00.wav", recordings / "01.wav"
    known = [read(path, RATE, 1) for path in (a, b)]
    full = space.morph(a, b, steps=3)
    assert full.detail == "carried"
    for frame, wave in zip(full.frames[[0, 2]], known, strict=True):
        np.testing.assert_array_equal(frame, wave)
    alone = space.morph(a, b, steps=3, detail="none")
    assert [len(frame) for frame in alone.frames] == [len(frame) for frame in full.frames]
    assert not np.array_equal(alone.frames[0], known[0])


def test_carried_detail_gives_a_recording_back_without_its_samples(recordings):
    """A frame just beside the end is nearly the recording, phases included."""
    kind = gm.open_data(recordings).kind
    wave = read(recordings / "00.wav", RATE, 1)
    item, lost = kind.item(wave), kind.coder.lost(wave)
    back = kind.coder.waves(item[None, None, :-1], kind.facts(item[None]), [lost.fading(lost, 0.5)])[0]
    assert np.corrcoef(back, wave)[0, 1] > 0.99
    assert np.corrcoef(kind.delivered(item[None])[0], wave)[0, 1] < 0.9, "without it, phases are others"


def test_edits_and_averages_of_recordings(space, recordings, tmp_path):
    paths = sorted(recordings.glob("*.wav"))
    space.add_difference("other", paths[:5], paths[5:10])
    edited = space.edit_path(paths[0], "other", [0, 1])
    edited.save(tmp_path / "edited")
    made = [soundfile.info(tmp_path / "edited" / f"frame_{k:04}.wav").frames for k in range(2)]
    assert made == [soundfile.info(paths[0]).frames] * 2
    average = space.average(paths[:4])
    seconds = [soundfile.info(path).duration for path in paths[:4]]
    assert len(average) / RATE == pytest.approx(np.exp(np.mean(np.log(seconds))), abs=1 / RATE)


def test_detail_of_equal_lengths_can_be_morphed(space, recordings):
    frames = space.morph(recordings / "00.wav", recordings / "00.wav", steps=3).frames
    assert frames.shape == (3,)
    assert len({len(frame) for frame in frames}) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rate": 100}, "at least 4000"),
        ({"fmin": 900.0, "fmax": 800.0}, "must rise"),
        ({"fmax": 9000.0}, "half of the rate"),
        ({"size": 64}, "are for pictures"),
        ({"seconds_max": 100.0}, "between 0 and 60"),
        ({"trim": -3.0}, "negative"),
        ({"codec": "mp3"}, "'mel' or 'world'"),
        ({"codec": "world", "rate": 8000}, "at least 16000"),
    ],
)
def test_options_that_cannot_be(options, message, recordings):
    with pytest.raises(UserError, match=message):
        gm.open_data(recordings, **options)


def test_options_of_recordings_are_refused_for_pictures():
    with pytest.raises(UserError, match="rate is for recordings"):
        gm.open_data("sample:faces", size=16, rate=8000)


def test_a_space_reads_recordings_as_it_was_trained(recordings, tmp_path):
    network = {"width": 8}
    options = {"steps": 2, "batch_size": 8, "latent_dim": 8, "network": network, "show": False, "model": "ae"}
    space = gm.train(recordings, out=tmp_path / "run", rate=8000, fmin=200.0, fmax=3000.0, **options)
    again = gm.load(tmp_path / "run")
    assert again.kind == space.kind
    assert (again.kind.rate, again.kind.fmin, again.kind.fmax) == (8000, 200.0, 3000.0)
    assert again.open_data(recordings).kind.reading() == space.kind.reading()


def broken(kind: str, path) -> None:
    wave = syllable(0.1, 600)
    if kind == "silent":
        soundfile.write(path, np.zeros(1000), RATE)
    elif kind == "without frames":
        soundfile.write(path, np.zeros(0), RATE)
    elif kind == "not finite":
        wave[50] = np.nan
        soundfile.write(path, wave, RATE, subtype="FLOAT")
    elif kind == "no sound":
        path.write_bytes(b"RIFF but not a sound")
    else:
        path.write_bytes(b"")


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("silent", "silent"),
        ("without frames", "empty"),
        ("not finite", "not finite"),
        ("no sound", "cannot be read"),
        ("nothing", "cannot be read"),
    ],
)
def test_a_bad_recording_is_left_out_with_its_reason(what, reason, recordings, tmp_path):
    for k in range(30):
        soundfile.write(tmp_path / f"{k}.wav", syllable(0.1, 500 + 10 * k), RATE)
    broken(what, tmp_path / "odd.wav")
    data = gm.open_data(tmp_path)
    assert len(data) == 30
    ((name, why),) = data.skipped
    assert name == "odd.wav"
    assert reason in why
    with pytest.raises(UserError, match=reason):
        data.kind.read(tmp_path / "odd.wav")


def test_another_rate_is_resampled_and_two_channels_become_one(recordings, tmp_path):
    kind = gm.open_data(recordings).kind
    soundfile.write(tmp_path / "one.wav", syllable(0.1, 700), RATE)
    high = syllable(0.1, 700, rate=44_100)
    soundfile.write(tmp_path / "two.flac", np.stack([high, high], 1), 44_100)
    one, two = (kind.read(tmp_path / name) for name in ("one.wav", "two.flac"))
    assert one[-1, 0] == pytest.approx(two[-1, 0], abs=0.001)
    assert np.abs(one[:-1] - two[:-1]).mean() * 80 < 2


def test_decoded_sounds_are_waveforms(space, recordings):
    data = gm.open_data(recordings)
    waves = space.decode(space.encode(data.items[:3]))
    assert [wave.dtype for wave in waves] == [np.float32] * 3
    again = space.reconstruct(data.items[:3])
    wanted = RATE * 2.0 ** data.kind.facts(data.items[:3])[:, 0]
    assert [len(wave) for wave in again] == pytest.approx(wanted, abs=1)
    assert space.encode(list(again)).shape == space.encode(again).shape == (3, 8)


def test_facts_are_learnt_from_codes():
    rng = np.random.default_rng(0)
    z, weights = rng.normal(size=(200, 5)), rng.normal(size=(5, 2))
    fitted = fit_facts(z, z @ weights + [3.0, -1.0])
    np.testing.assert_allclose(fitted, np.vstack([weights, [3.0, -1.0]]), atol=0.01)
    assert fit_facts(z, np.zeros((200, 0))) is None


def test_a_saved_space_keeps_what_codes_say_of_durations(space, tmp_path):
    z = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    space.facts = np.random.default_rng(1).normal(size=space.facts.shape).astype(np.float32) * 0.1
    again = gm.load(space.save(tmp_path / "a.safetensors"))
    np.testing.assert_array_equal(again.facts, space.facts)
    assert [len(wave) for wave in again.decode(z)] == [len(wave) for wave in space.decode(z)]


def test_quiet_ends_are_cut_off(tmp_path):
    wave = np.concatenate([np.zeros(RATE // 2), syllable(0.2, 700), np.full(RATE // 2, 1e-4)]).astype(np.float32)
    cut = trimmed(wave, RATE, 30)
    assert 0.2 < len(cut) / RATE < 0.26
    for k in range(12):
        soundfile.write(tmp_path / f"{k}.wav", wave, RATE)
    kind = gm.open_data(tmp_path, trim=30).kind
    assert len(
        kind.completed(kind.read(tmp_path / "0.wav")[None], [_end(kind, tmp_path)] * 2, np.zeros(1), "carried")[0]
    ) == len(cut)


def _end(kind, folder):
    return kind.read(folder / "0.wav"), folder / "0.wav"


def test_long_recordings_are_left_out_with_the_reason(recordings, tmp_path):
    for path in list(recordings.glob("*.wav"))[:12]:
        shutil.copy(path, tmp_path)
    soundfile.write(tmp_path / "long.wav", np.tile(syllable(0.5, 500), 12), RATE)
    data = gm.open_data(tmp_path)
    assert [name for name, _ in data.skipped] == ["long.wav"]
    assert "longer than 5 s" in data.skipped[0][1]
    assert len(gm.open_data(tmp_path, seconds_max=7)) == 13


@pytest.mark.parametrize("way", ["rms", "peak"])
def test_levels_are_made_equal(way, recordings):
    kind = gm.open_data(recordings).kind
    waves, said = kind.prepared([syllable(0.1, 600, loud) for loud in (0.01, 0.1, 0.2)], Playback(normalise=way))
    levels = [np.sqrt(np.square(wave).mean()) if way == "rms" else np.abs(wave).max() for wave in waves]
    assert levels == pytest.approx([{"rms": 0.0632, "peak": 0.891}[way]] * 3, rel=0.01)
    assert [row["normalise"] for row in said] == [way] * 3
    assert said[0]["gain_db"] > said[2]["gain_db"]


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


def test_a_manifest_says_how_sounds_were_made_and_makes_them_again(space, recordings, tmp_path):
    a, b = recordings / "00.wav", recordings / "01.wav"
    space.morph(a, b, steps=3).save(
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
    space.remake(order, tmp_path).save(tmp_path / "again", playback=order.playback, include_originals=True)
    for name in ("frame_0001.wav", "original_a.wav", "manifest.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()
    assert len(written[3]) == len(written[4]), "originals are padded too"


@pytest.mark.filterwarnings("ignore::gaiamorph.space.drawing.UnlikeTrainingWarning")
def test_playback_is_for_sounds(tmp_path, picture_space):
    item = np.zeros(picture_space.kind.item_shape, np.uint8)
    with pytest.raises(UserError, match="are for sounds"):
        picture_space.morph(item, item, steps=2).save(tmp_path / "out", playback=Playback(pad=True))
    assert not (tmp_path / "out").exists()
    with pytest.raises(UserError, match="fade must lie"):
        picture_space.morph(item, item, steps=2).save(tmp_path / "out", playback=Playback(fade=-1))
