"""Speech by the vocoder WORLD: one pitch between two pitches, and what happens without the package."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.sound import world

RATE = 16_000


def vowel(seconds: float, pitch: float, formants: tuple[float, float]) -> np.ndarray:
    """Pulses of a steady pitch, through two resonances."""
    t = np.arange(round(seconds * RATE)) / RATE
    harmonics = np.arange(1, int(0.45 * RATE / pitch))
    gains = sum(1 / (1 + ((harmonics * pitch - f) / 80) ** 2) for f in formants)
    wave = (gains[:, None] * np.sin(2 * np.pi * pitch * harmonics[:, None] * t)).sum(0)
    edge = np.minimum(1, np.minimum(t, t[::-1]) / 0.02)
    return (0.3 * edge * wave / np.abs(wave).max()).astype(np.float32)


@pytest.fixture(scope="module")
def vowels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vowels")
    rng = np.random.default_rng(0)
    for k in range(12):
        wave = vowel(rng.uniform(0.2, 0.3), 120 * 2 ** (k / 12), (500, 1500) if k % 2 else (300, 2200))
        soundfile.write(folder / f"{k:02}.wav", wave, RATE)
    return folder


@pytest.fixture(scope="module")
def kind(vowels):
    return gm.open_data(vowels, codec="world").kind


def pitch(wave: np.ndarray) -> float:
    """Hz, by the largest peak of the autocorrelation."""
    middle = wave[len(wave) // 4 : -len(wave) // 4]
    like = np.correlate(middle, middle, "full")[len(middle) - 1 :]
    lags = slice(RATE // 600, RATE // 75)
    return RATE / (lags.start + int(np.argmax(like[lags])))


def test_a_vowel_survives_the_round_trip(kind):
    wave = vowel(0.25, 150, (500, 1500))
    item = kind.read(wave)
    assert item.shape == kind.item_shape == (130, 64)
    back = kind.delivered(item[None])[0]
    assert len(back) == len(wave)
    assert pitch(back) == pytest.approx(150, rel=0.03)
    again = kind.read(back)
    assert np.abs(again[:64] - item[:64])[:, 4:-4].mean() * 80 < 3, "mean difference of envelopes in dB"


def test_between_two_pitches_there_is_one_halfway(kind, vowels):
    a, b = (vowels / name for name in ("00.wav", "11.wav"))
    ends = [(kind.read(path), path) for path in (a, b)]
    halfway = kind.blend(ends[0][0][None], ends[1][0][None], 0.5)
    for detail in ("none", "carried"):
        wave = kind.completed(halfway, ends, np.array([0.5]), detail)[0]
        assert 12 * abs(np.log2(pitch(wave) / (120 * 2 ** (11 / 24)))) < 1, "semitones"


def test_the_ends_are_the_recordings(kind, vowels):
    ends = [(kind.read(path), path) for path in (vowels / "00.wav", vowels / "11.wav")]
    frames = kind.completed(np.stack([end[0] for end in ends]), ends, np.array([0.0, 1.0]), "carried")
    for frame, (_, path) in zip(frames, ends, strict=True):
        np.testing.assert_allclose(frame, soundfile.read(path)[0], atol=1e-3)


def test_a_recording_without_pitch_stays_noise(kind):
    noise = np.random.default_rng(0).normal(0, 0.1, RATE // 4).astype(np.float32)
    back = kind.delivered(kind.read(noise)[None])[0]
    assert np.isfinite(back).all()
    like = np.correlate(back, back, "full")[len(back) - 1 :]
    assert np.abs(like[RATE // 600 :]).max() < 0.3 * like[0]


def test_a_recording_without_pitch_is_said(vowels, tmp_path):
    for path in vowels.glob("*.wav"):
        (tmp_path / path.name).symlink_to(path)
    soundfile.write(tmp_path / "hiss.wav", np.random.default_rng(0).normal(0, 0.1, RATE // 4), RATE)
    (note,) = (note for note in gm.open_data(tmp_path, codec="world").notes if "pitch" in note)
    assert note.startswith("1 recording is without a pitch")
    assert note.endswith("hiss.wav")
    assert not [note for note in gm.open_data(tmp_path).notes if "pitch" in note]


def test_eight_thousand_hertz_are_brought_to_sixteen(tmp_path):
    for k in range(10):
        soundfile.write(tmp_path / f"{k}.wav", vowel(0.2, 120 + k, (500, 1500))[::2], RATE // 2)
    assert gm.open_data(tmp_path, codec="world").kind.rate == RATE


@pytest.mark.filterwarnings("ignore::gaiamorph.space.drawing.UnlikeTrainingWarning")
def test_a_model_trains_on_speech(vowels, tmp_path):
    space = gm.train(
        vowels, out=tmp_path / "run", codec="world", model="ae", steps=3, batch_size=8, latent_dim=4,
        network={"width": 8}, show=False,
    )  # fmt: skip
    made = space.morph(vowels / "00.wav", vowels / "01.wav", steps=3)
    assert [frame.ndim for frame in made.frames] == [1, 1, 1]
    assert gm.load(tmp_path / "run").kind == space.kind
    assert space.sample(2)[0].dtype == np.float32


def test_without_the_package_the_message_names_the_extra(vowels, monkeypatch):
    monkeypatch.setattr(world, "installed", lambda: False)
    with pytest.raises(UserError, match=r"gaiamorph\[speech\]"):
        gm.open_data(vowels, codec="world", fmin=10.0)
