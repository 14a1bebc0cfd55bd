"""Recordings as data: what is read, what comes back, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile
from tests.data.conftest import RATE, syllable

import gaiamorph as gm
from gaiamorph.data.sounds import GAP, Sounds
from gaiamorph.errors import UserError
from gaiamorph.latent.facts import fit_facts
from gaiamorph.output.manifest import read_manifest
from gaiamorph.sound.files import SHORTEST, Recording, read, trimmed
from gaiamorph.sound.scale import level_of
from gaiamorph.sound.synthetic import syllables

pytestmark = pytest.mark.usefixtures("quiet")


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


def test_a_continuum_of_recordings_is_written_as_sound(sound_space, recordings, tmp_path):
    a, b = recordings / "00.wav", recordings / "01.wav"
    sound_space.morph(a, b, steps=3).save(tmp_path / "out")
    seconds = [soundfile.info(path).duration for path in (a, b)]
    made = [soundfile.info(tmp_path / "out" / f"frame_{k:04}.wav") for k in range(3)]
    assert {info.samplerate for info in made} == {RATE}
    wanted = [seconds[0], np.sqrt(seconds[0] * seconds[1]), seconds[1]]
    assert [info.duration for info in made] == pytest.approx(wanted, abs=2 / RATE)
    joined = soundfile.info(tmp_path / "out" / "continuum.wav").duration
    assert joined == pytest.approx(sum(wanted) + 2 * GAP, abs=0.001)
    sound_space.morph(a, b, steps=3).save(tmp_path / "again")
    for name in ("frame_0001.wav", "sheet.png", "manifest.csv"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_ends_are_the_recordings_unless_no_detail_is_wanted(sound_space, recordings):
    a, b = recordings / "00.wav", recordings / "01.wav"
    known = [read(path, RATE, 1).wave for path in (a, b)]
    full = sound_space.morph(a, b, steps=3)
    assert full.detail == "carried"
    for frame, wave in zip(full.frames[[0, 2]], known, strict=True):
        np.testing.assert_array_equal(frame, wave)
    alone = sound_space.morph(a, b, steps=3, detail="none")
    assert [len(frame) for frame in alone.frames] == [len(frame) for frame in full.frames]
    assert not np.array_equal(alone.frames[0], known[0])


def test_carried_detail_gives_a_recording_back_without_its_samples(recordings):
    """A frame just beside the end is nearly the recording, phases included."""
    kind = gm.open_data(recordings).kind
    wave = read(recordings / "00.wav", RATE, 1).wave
    item, lost = kind.item(wave), kind.coder.lost(wave)
    back = kind.coder.waves(item[None, None, :-1], kind.facts(item[None]), [lost.fading(lost, 0.5)])[0]
    assert np.corrcoef(back, wave)[0, 1] > 0.99
    assert np.corrcoef(kind.delivered(item[None])[0], wave)[0, 1] < 0.9, "without it, phases are others"


def test_recordings_are_blended_and_made_again_from_the_manifest(sound_space, recordings, tmp_path):
    kind, (a, b) = sound_space.kind, (recordings / "00.wav", recordings / "01.wav")
    made = sound_space.morph(a, b, 3, blend=True, detail="none")
    wanted = kind.delivered(kind.blend(kind.read(a)[None], kind.read(b)[None], 0.5))[0]
    np.testing.assert_allclose(made.frames[1], wanted, atol=1e-4)
    made.save(tmp_path / "one")
    (order,) = read_manifest(tmp_path / "one" / "manifest.csv")
    assert order.blend
    sound_space.remake(order, tmp_path).save(tmp_path / "two")
    for i in range(3):
        one, two = (tmp_path / folder / f"frame_{i:04d}.wav" for folder in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


def test_a_hum_below_the_band_follows_the_recordings(sound_space):
    """The level of the picture is another thing."""
    seconds = np.arange(round(0.1 * RATE)) / RATE
    hum = np.sin(2 * np.pi * 50 * seconds).astype(np.float32)
    ends = [syllable(0.1, 600, 0.3) + 0.05 * hum, syllable(0.1, 850, 0.05) + 0.2 * hum]
    made = sound_space.morph(*ends, weights=[0.25, 0.5, 0.75])
    levels = [level_of(wave, RATE, 40, 60) for wave in [ends[0], *made.frames, ends[1]]]
    assert np.diff(levels) == pytest.approx([12.04 / 4] * 4, abs=1)


def test_edits_and_averages_of_recordings(sound_space, recordings, tmp_path):
    paths = sorted(recordings.glob("*.wav"))
    sound_space.add_difference("other", paths[:5], paths[5:10])
    edited = sound_space.edit_path(paths[0], "other", [0, 1])
    edited.save(tmp_path / "edited")
    made = [soundfile.info(tmp_path / "edited" / f"frame_{k:04}.wav").frames for k in range(2)]
    assert made == [soundfile.info(paths[0]).frames] * 2
    average = sound_space.average(paths[:4])
    seconds = [soundfile.info(path).duration for path in paths[:4]]
    assert len(average) / RATE == pytest.approx(np.exp(np.mean(np.log(seconds))), abs=1 / RATE)


def test_detail_of_equal_lengths_can_be_morphed(sound_space, recordings):
    frames = sound_space.morph(recordings / "00.wav", recordings / "00.wav", steps=3).frames
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


@pytest.mark.parametrize("detail", ["none", "carried"])
def test_the_level_changes_evenly(detail, sound_space, tmp_path):
    """Between a soft sound and a loud one, whatever their pictures are."""
    for name, loud in (("soft", 0.01), ("loud", 0.3)):
        noise = np.random.default_rng(0).normal(0, 0.02 * loud, round(0.15 * RATE))
        soundfile.write(tmp_path / f"{name}.wav", syllable(0.15, 600, loud) + noise, RATE, subtype="FLOAT")
    frames = sound_space.morph(tmp_path / "soft.wav", tmp_path / "loud.wav", steps=5, detail=detail).frames
    kind = sound_space.kind
    levels = [level_of(frame, RATE, kind.fmin, kind.fmax) for frame in frames]
    assert levels[4] - levels[0] == pytest.approx(20 * np.log10(30), abs=0.2)
    assert np.diff(levels) == pytest.approx(np.full(4, (levels[4] - levels[0]) / 4), abs=0.01)


def test_decoded_sounds_are_waveforms(sound_space, recordings):
    data = gm.open_data(recordings)
    waves = sound_space.decode(sound_space.encode(data.items[:3]))
    assert [wave.dtype for wave in waves] == [np.float32] * 3
    again = sound_space.reconstruct(data.items[:3])
    wanted = RATE * 2.0 ** data.kind.facts(data.items[:3])[:, 0]
    assert [len(wave) for wave in again] == pytest.approx(wanted, abs=1)
    assert sound_space.encode(list(again)).shape == sound_space.encode(again).shape == (3, 8)


def test_facts_are_learnt_from_codes():
    rng = np.random.default_rng(0)
    z, weights = rng.normal(size=(200, 5)), rng.normal(size=(5, 2))
    fitted = fit_facts(z, z @ weights + [3.0, -1.0])
    np.testing.assert_allclose(fitted, np.vstack([weights, [3.0, -1.0]]), atol=0.01)
    assert fit_facts(z, np.zeros((200, 0))) is None


def test_a_saved_space_keeps_what_codes_say_of_durations(sound_space, tmp_path):
    z = np.random.default_rng(0).normal(size=(4, 8)).astype(np.float32)
    facts = np.random.default_rng(1).normal(size=sound_space.facts.shape).astype(np.float32) * 0.1
    sound_space.facts = np.asfortranarray(facts)  # as older scikit-learns give coefficients
    again = gm.load(sound_space.save(tmp_path / "a.safetensors"))
    np.testing.assert_array_equal(again.facts, sound_space.facts)
    assert [len(wave) for wave in again.decode(z)] == [len(wave) for wave in sound_space.decode(z)]


def test_quiet_ends_are_cut_off(tmp_path):
    wave = np.concatenate([np.zeros(RATE // 2), syllable(0.2, 700), np.full(RATE // 2, 1e-4)]).astype(np.float32)
    found = trimmed(Recording(wave), RATE, 30)
    cut = found.wave
    np.testing.assert_array_equal(cut, wave[found.start : found.start + len(cut)])
    assert 0.2 < len(cut) / RATE < 0.26
    for k in range(12):
        soundfile.write(tmp_path / f"{k}.wav", wave, RATE)
    kind = gm.open_data(tmp_path, trim=30).kind
    assert len(
        kind.completed(kind.read(tmp_path / "0.wav")[None], [_end(kind, tmp_path)] * 2, np.zeros(1), "carried")[0]
    ) == len(cut)


def _end(kind, folder):
    return kind.read(folder / "0.wav"), folder / "0.wav"


def test_the_sample_set_is_the_same_each_time():
    a, b = syllables(RATE), syllables(RATE)
    assert len(a) == 1000
    for (name, *_, one), (_, *_, two) in zip(a[::97], b[::97], strict=True):
        np.testing.assert_array_equal(one, two, err_msg=name)
    data = gm.open_data("sample:sounds")
    assert data.kind.rate == 32_000
    assert len(data) == 1000
    assert not data.skipped
    assert data.attributes["label"].nunique() == 5
    assert set(data.groups[data.splits["test"]]).isdisjoint(data.groups[data.splits["train"]])
    assert len(data.kind.recording(data.original(data.names[0]))) == pytest.approx(2 * len(a[0][3]), abs=1)


@pytest.mark.parametrize("codec", ["mel", "world"])
def test_sounds_shorter_than_a_window_become_sounds_again(codec):
    """Alone, and halfway to a longer one."""
    if codec == "world":
        pytest.importorskip("pyworld")
    coder = Sounds(RATE, 100.0, 7000.0, codec=codec).coder
    waves = [np.random.default_rng(n).normal(0, 0.1, n).astype(np.float32) for n in (SHORTEST, 33, 500)]
    known = [(*coder.analysed(wave), coder.lost(wave)) for wave in waves]
    for wave, (picture, facts, lost) in zip(waves, known, strict=True):
        for own in (None, [lost]):
            (back,) = coder.waves(picture[None], facts[None], own)
            assert len(back) == len(wave)
            assert np.isfinite(back).all()
        for _, others, other in known:
            (halfway,) = coder.waves(picture[None], ((facts + others) / 2)[None], [lost.fading(other, 0.5)])
            assert np.isfinite(halfway).all()
