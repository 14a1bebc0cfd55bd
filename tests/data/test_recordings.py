"""Recordings of any rate and format: which are read, what is said of them, and what is left out or refused."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
import soundfile
from tests.data.conftest import RATE, syllable

import gaiamorph as gm
from gaiamorph.data.recordings import rates_of
from gaiamorph.errors import UserError

pytestmark = pytest.mark.usefixtures("quiet")


def broken(kind: str, path) -> None:
    wave = syllable(0.1, 600)
    if kind == "silent":
        soundfile.write(path, np.zeros(1000), RATE)
    elif kind == "without frames":
        soundfile.write(path, np.zeros(0), RATE)
    elif kind == "not finite":
        wave[50] = np.nan
        soundfile.write(path, wave, RATE, subtype="FLOAT")
    elif kind == "constant":
        soundfile.write(path, np.full(1000, 0.5), RATE)
    elif kind == "opposite channels":
        soundfile.write(path, np.stack([wave, -wave], 1), RATE, subtype="FLOAT")
    elif kind == "too low":
        soundfile.write(path, 0.3 * np.sin(2 * np.pi * 20 * np.arange(RATE) / RATE) * np.hanning(RATE), RATE)
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
        ("constant", "silent, or constant"),
        ("opposite channels", "cancel each other out"),
        ("too low", "nothing between 100 and 7200 Hz"),
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


@pytest.mark.parametrize(("count", "refused"), [(2, False), (3, True)])
def test_many_broken_recordings_are_an_error(count, refused, tmp_path):
    """2 of 40 are 5 %."""
    for k in range(40):
        soundfile.write(tmp_path / f"{k:02}.wav", syllable(0.1, 500 + 10 * k), RATE)
    for k in range(count):
        broken("no sound", tmp_path / f"{k:02}.wav")
    for k in range(10, 20):
        broken("silent", tmp_path / f"{k:02}.wav")
    if refused:
        with pytest.raises(
            UserError, match=r"(?s)3 of 40 recordings in .* cannot be read: remove or repair.*00\.wav: cannot"
        ):
            gm.open_data(tmp_path)
    else:
        assert len(gm.open_data(tmp_path).skipped) == 12, "silence is no damage"


def test_a_few_broken_recordings_do_not_hide_the_rate_of_the_others(recordings):
    """Wherever they lie: here they are each twentieth of 2,000."""
    whole = (recordings / "00.wav").read_bytes()
    rates = rates_of("folder", [b"no sound" if i % 20 == 0 else whole for i in range(2000)])
    assert rates == {RATE: 100}
    with pytest.raises(UserError, match="holds no recording that can be read"):
        rates_of("folder", [b"no sound", None])


def test_clipped_recordings_are_pointed_out(tmp_path):
    for k in range(20):
        wave = syllable(0.1, 500 + 10 * k, loud=0.3)
        soundfile.write(tmp_path / f"{k:02}.wav", wave / np.abs(wave).max(), RATE)
    assert gm.open_data(tmp_path).notes == [], "as loud as can be, and not cut off"
    for k in (3, 4):
        soundfile.write(tmp_path / f"{k:02}.wav", np.clip(syllable(0.1, 500 + k, loud=2.0), -1, 1), RATE)
    (note,) = gm.open_data(tmp_path).notes
    assert note.startswith("2 recordings are clipped")
    assert note.endswith("03.wav, 04.wav")


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000, 96_000, 250_000])
@pytest.mark.parametrize(("channels", "subtype"), [(1, "PCM_16"), (2, "PCM_24"), (1, "FLOAT")])
def test_recordings_of_any_rate_and_format_come_back_as_they_are(rate, channels, subtype, tmp_path):
    """With their duration, level and main frequency."""
    for k in range(5):
        wave = syllable(0.03 + 0.01 * k, 700, rate=rate)
        soundfile.write(tmp_path / f"{k:02}.wav", np.stack([wave] * channels, 1), rate, subtype=subtype)
    data = gm.open_data(tmp_path, rate=rate)
    assert data.kind.rate == rate
    back = data.kind.delivered(data.items)
    for name, wave in zip(data.names, back, strict=True):
        own = data.kind.recording(data.original(name))
        assert len(wave) == len(own) == round((0.03 + 0.01 * int(name[:2])) * rate)
        assert abs(20 * np.log10(wave.std() / own.std())) < 1.5
        peaks = [np.argmax(np.abs(np.fft.rfft(x))) / len(x) * rate for x in (wave, own)]
        assert abs(peaks[0] - peaks[1]) < 60


def test_high_rates_are_lowered_with_a_note(tmp_path):
    for k in range(12):
        soundfile.write(tmp_path / f"{k:02}.wav", syllable(0.05, 30_000 + 1000 * k, rate=250_000), 250_000)
    low = gm.open_data(tmp_path)
    assert low.kind.rate == 48_000
    (note,) = low.notes
    assert "nothing above 24000 Hz is kept (--rate 250000 keeps all)" in note
    high = gm.open_data(tmp_path, rate=250_000, fmin=15_000)
    assert high.notes == []
    assert high.kind.coder.window == 512, "2 ms tell bands of 500 Hz apart"


def test_recordings_that_end_early_and_copies_are_pointed_out(tmp_path):
    for k in range(20):
        soundfile.write(tmp_path / f"{k:02}.wav", syllable(0.1, 500 + 10 * k), RATE)
    soundfile.write(
        tmp_path / "20.wav", syllable(0.1, 750)[:-1], RATE, subtype="PCM_24"
    )  # an odd number of bytes is whole
    whole = (tmp_path / "03.wav").read_bytes()
    (tmp_path / "03.wav").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "05.wav").write_bytes((tmp_path / "06.wav").read_bytes())
    cut, copies = gm.open_data(tmp_path).notes
    assert cut.startswith("1 recording is shorter than the file says")
    assert cut.endswith("03.wav")
    assert copies.startswith("2 recordings are copies, with the same content (1 set of them)")
    assert "05.wav" in copies


@pytest.mark.parametrize(
    ("wave", "message"),
    [
        (np.full(1000, np.nan, np.float32), "not finite"),
        (np.zeros(1000, np.float32), "silent"),
        (np.zeros(0, np.float32), "empty"),
        (np.zeros((1000, 2), np.float32), r"shape is \(1000, 2\): give one channel"),
    ],
)
def test_arrays_that_are_no_sound(wave, message, recordings):
    with pytest.raises(UserError, match=message):
        gm.open_data(recordings).kind.read(wave)


def test_another_rate_is_resampled_and_two_channels_become_one(recordings, tmp_path):
    kind = gm.open_data(recordings).kind
    soundfile.write(tmp_path / "one.wav", syllable(0.1, 700), RATE)
    high = syllable(0.1, 700, rate=44_100)
    soundfile.write(tmp_path / "two.flac", np.stack([high, high], 1), 44_100)
    one, two = (kind.read(tmp_path / name) for name in ("one.wav", "two.flac"))
    assert one[-1, 0] == pytest.approx(two[-1, 0], abs=0.001)
    assert np.abs(one[:-1] - two[:-1]).mean() * 80 < 2


def test_long_recordings_are_left_out_with_the_reason(recordings, tmp_path):
    for path in list(recordings.glob("*.wav"))[:12]:
        shutil.copy(path, tmp_path)
    soundfile.write(tmp_path / "long.wav", np.tile(syllable(0.5, 500), 12), RATE)
    data = gm.open_data(tmp_path)
    assert [name for name, _ in data.skipped] == ["long.wav"]
    assert "longer than 5 s" in data.skipped[0][1]
    assert len(gm.open_data(tmp_path, seconds_max=7)) == 13


def test_recordings_of_other_formats_are_named(recordings, tmp_path):
    (tmp_path / "a.m4a").write_bytes(b"no sound")
    with pytest.raises(UserError, match=r"does not read: convert it to .wav .*a\.m4a"):
        gm.open_data(tmp_path)
    for path in list(recordings.glob("*.wav"))[:12]:
        shutil.copy(path, tmp_path)
    assert [name for name, _ in gm.open_data(tmp_path).skipped] == ["a.m4a"]


def test_recordings_with_too_low_a_rate_are_pointed_out(recordings, tmp_path):
    for k, path in enumerate(sorted(recordings.glob("*.wav"))[:12]):
        rate = RATE // 2 if k % 3 == 0 else RATE
        soundfile.write(tmp_path / path.name, syllable(0.1, 500 + k, rate=rate), rate)
    (note,) = gm.open_data(tmp_path, fmax=7000).notes
    assert note.startswith("4 of 12 recordings looked at have a rate below 14000 Hz")
    assert gm.open_data(tmp_path, fmax=3900).notes == []


def test_odd_recordings_are_told_where_they_are_used(recordings, tmp_path):
    kind = gm.open_data(recordings).kind
    soundfile.write(tmp_path / "loud.wav", syllable(0.1, 600, 3.0), RATE)
    with pytest.warns(UserWarning, match=r"loud\.wav is clipped"):
        kind.read(tmp_path / "loud.wav")


def test_a_name_need_not_be_utf_8(tmp_path):
    for k in range(12):
        soundfile.write(tmp_path / f"{k}.wav", syllable(0.1, 500 + 10 * k), RATE)
    odd = tmp_path / os.fsdecode(b"caf\xe9.wav")
    (tmp_path / "0.wav").rename(odd)
    data = gm.open_data(tmp_path)
    assert len(data) == 12
    assert data.kind.read(odd).shape == data.kind.item_shape
