"""Long recordings with tables of segments, as the programs of the field write them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import soundfile

import gaiamorph as gm
from gaiamorph.errors import UserError
from gaiamorph.output.manifest import read_manifest

RATE, SECONDS = 8000, 3.0
TIMES = [(0.1 * k, 0.1 * k + 0.05 + 0.001 * k, "ab"[k % 2]) for k in range(24)]


def recording(path, pitch: float = 500.0) -> None:
    t = np.arange(round(RATE * SECONDS)) / RATE
    soundfile.write(path, (0.2 * np.sin(2 * np.pi * (pitch + 200 * t) * t)).astype(np.float32), RATE)


def trained(folder) -> gm.LatentSpace:
    """A space of the segments of song.wav, which is written into the folder."""
    recording(folder / "song.wav")
    (folder / "song.txt").write_text(audacity())
    network = {"width": 8}
    return gm.train(
        folder, out=folder / "run", model="ae", steps=2, batch_size=8, latent_dim=8, network=network, show=False
    )


def audacity() -> str:
    return "".join(f"{on:.6f}\t{off:.6f}\t{label}\n\\\t100\t900\n" for on, off, label in TIMES)


def raven() -> str:
    head = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tAnnotation\n"
    rows = [
        f"{k}\t{view}\t1\t{on}\t{off}\t100\t{label}\n"
        for k, (on, off, label) in enumerate(TIMES, 1)
        for view in ("Waveform 1", "Spectrogram 1")
    ]
    return head + "".join(rows)


def textgrid() -> str:
    parts, last = [], 0.0
    for on, off, label in TIMES:
        parts += [(last, on, ""), (on, off, label)] if on > last else [(on, off, label)]
        last = off
    body = "".join(
        f'        intervals [{k}]:\n            xmin = {on}\n            xmax = {off}\n            text = "{label}"\n'
        for k, (on, off, label) in enumerate(parts, 1)
    )
    return (
        'File type = "ooTextFile"\nObject class = "TextGrid"\n\nxmin = 0\nxmax = 3\ntiers? <exists>\nsize = 1\nitem []:\n'
        f'    item [1]:\n        class = "IntervalTier"\n        name = "syllables ""mine"""\n        xmin = 0\n        xmax = 3\n'
        f"        intervals: size = {len(parts)}\n{body}"
    )


def crowsetta() -> str:
    return "label,onset_s,offset_s,notated_path\n" + "".join(f"{x},{on},{off},song.wav\n" for on, off, x in TIMES)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("song.txt", audacity),
        ("song.txt", raven),
        ("song.TextGrid", textgrid),
        ("song.csv", crowsetta),
        ("metadata.csv", crowsetta),
    ],
)
def test_segments_are_items_with_labels(file, text, tmp_path):
    recording(tmp_path / "song.wav")
    (tmp_path / file).write_text(text())
    data = gm.open_data(tmp_path)
    assert len(data) == len(TIMES)
    assert data.attributes["label"].tolist() == [label for _, _, label in TIMES]
    seconds = 2.0 ** data.items[:, -1, 0]
    assert seconds == pytest.approx([off - on for on, off, _ in TIMES], abs=2 / RATE)
    assert data.names[3] == f"song.wav@{TIMES[3][0]:.6g}-{TIMES[3][1]:.6g}"
    whole, _ = soundfile.read(tmp_path / "song.wav", dtype="float32")
    on, off, _ = TIMES[3]
    part = whole[round(on * RATE) : round(off * RATE)]
    np.testing.assert_allclose(
        data.kind.read(data.original(data.names[3])), data.kind.item(part - part.mean()), atol=1e-5
    )


@pytest.mark.filterwarnings("ignore::gaiamorph.UnlikeTrainingWarning")
def test_a_segment_is_named_like_any_item(tmp_path):
    space = trained(tmp_path)
    a, b = (f"{tmp_path}::{name}" for name in gm.open_data(tmp_path).names[:2])
    frames = space.morph(a, b, steps=3).frames
    assert [len(frame) / RATE for frame in frames[[0, 2]]] == pytest.approx(
        [off - on for on, off, _ in TIMES[:2]], abs=2 / RATE
    )


@pytest.mark.filterwarnings("ignore::gaiamorph.UnlikeTrainingWarning", "ignore::gaiamorph.sound.playback.LevelWarning")
def test_a_part_of_a_recording_needs_no_table(tmp_path):
    space = trained(tmp_path)
    (tmp_path / "song.txt").unlink()
    a, b = (f"{tmp_path}/song.wav::{times}" for times in ("0.5-0.61", "2-2.2"))
    made = space.morph(a, b, steps=3)
    assert [len(frame) / RATE for frame in made.frames[[0, 2]]] == pytest.approx([0.11, 0.2], abs=1 / RATE)
    manifest = made.save(tmp_path / "out") / "manifest.csv"
    assert pd.read_csv(manifest)["offset_b"].dropna().unique().tolist() == [2.2]
    again = space.remake(read_manifest(manifest)[0], tmp_path)
    for one, two in zip(made.frames, again.frames, strict=True):
        np.testing.assert_array_equal(one, two)
    for times in ("2-9", "3-2", "noon"):
        with pytest.raises(UserError, match=r"song\.wav"):
            space.morph(a, f"{tmp_path}/song.wav::{times}")


def test_the_first_tier_of_a_textgrid_is_read_and_others_are_said(tmp_path):
    for name in ("one", "two"):
        recording(tmp_path / f"{name}.wav")
        second = textgrid().partition("    item [1]:\n")[2].replace('"syllables ""mine"""', '"phones"')
        (tmp_path / f"{name}.TextGrid").write_text(f"{textgrid()}    item [2]:\n{second}")
    data = gm.open_data(tmp_path)
    assert len(data) == 2 * len(TIMES)
    assert data.notes[0] == """of the tiers of TextGrids, 'syllables "mine"' is read, and not 'phones'"""


def test_bad_segments_are_left_out_with_their_reasons(tmp_path):
    recording(tmp_path / "song.wav")
    bad = {
        (2.9, 3.2): "no part",
        (1.0, 1.0): "not before",
        (1.2, 1.1): "not before",
        (1.3, 1.3005): "samples",
        (-0.1, 0.2): "no part",
    }
    rows = [("song.wav", on, off, label) for on, off, label in TIMES] + [("song.wav", *times, "x") for times in bad]
    rows += [("song.wav", np.nan, 1.0, "x"), ("song.wav", "abc", 1.0, "x"), ("song.wav", 0.1, np.inf, "x")]
    pd.DataFrame(rows, columns=["file_name", "onset", "offset", "label"]).to_csv(tmp_path / "metadata.csv", index=False)
    data = gm.open_data(tmp_path)
    assert len(data) == len(TIMES)
    assert data.notes[0].startswith("3 rows left out: no file name, or an onset or offset that is no number")
    assert len(data.skipped) == len(bad)
    for (name, reason), expected in zip(data.skipped, bad.values(), strict=True):
        assert expected in reason, name


def test_segments_may_overlap_and_be_short(tmp_path):
    recording(tmp_path / "song.wav")
    rows = [("song.wav", 1 + 0.001 * k, 1.1 + 0.001 * k) for k in range(10)] + [("song.wav", 1.3, 1.305)]
    pd.DataFrame(rows, columns=["file_name", "onset", "offset"]).to_csv(tmp_path / "metadata.csv", index=False)
    data = gm.open_data(tmp_path)
    assert len(data) == 11
    assert 2 ** data.items[-1, -1, 0] == pytest.approx(0.005)
    assert data.skipped == []
    assert data.notes == ["9 segments overlap the one before: both may not be in the same split"]


def test_a_segment_may_end_a_little_after_its_recording(tmp_path):
    recording(tmp_path / "song.wav")
    rows = [("song.wav", 0.1 * k, 0.1 * k + 0.05) for k in range(5)] + [("song.wav", 2.9, 3.004)]
    pd.DataFrame(rows, columns=["file_name", "onset", "offset"]).to_csv(tmp_path / "metadata.csv", index=False)
    data = gm.open_data(tmp_path)
    assert 2 ** data.items[-1, -1, 0] == pytest.approx(0.1, abs=0.001)


def test_durations_serve_as_offsets(tmp_path):
    recording(tmp_path / "song.wav")
    table = pd.DataFrame(
        [("song.wav", on, off - on) for on, off, _ in TIMES], columns=["file_name", "onset", "duration"]
    )
    table.to_csv(tmp_path / "metadata.csv", index=False)
    assert len(gm.open_data(tmp_path)) == len(TIMES)
    table.drop(columns="duration").to_csv(tmp_path / "metadata.csv", index=False)
    with pytest.raises(UserError, match="neither offset nor duration"):
        gm.open_data(tmp_path)


def test_a_table_of_recordings_says_more_of_their_segments(tmp_path):
    """Beside label tracks, one of them by Raven's own name."""
    rows = []
    for k in range(4):
        recording(tmp_path / f"song{k}.wav", 400 + 30 * k)
        ending, text = (".Table.1.selections.txt", raven()) if k == 0 else (".txt", audacity())
        (tmp_path / f"song{k}{ending}").write_text(text)
        rows.append((f"song{k}.wav", f"bird{k % 2}", 3 + k))
    pd.DataFrame(rows, columns=["file_name", "group", "age"]).to_csv(tmp_path / "metadata.csv", index=False)
    data = gm.open_data(tmp_path)
    assert len(data) == 4 * len(TIMES)
    assert set(data.groups) == {"bird0", "bird1"}
    ages = dict(zip(data.names, data.attributes["age"], strict=True))
    assert {name[:5]: age for name, age in ages.items()} == {f"song{k}": 3 + k for k in range(4)}
    assert data.attributes["label"].notna().all()


def test_times_in_milliseconds_are_told(tmp_path):
    recording(tmp_path / "song.wav")
    rows = [("song.wav", 1000 * on + 700, 1000 * off + 700) for on, off, _ in TIMES]
    pd.DataFrame(rows, columns=["file_name", "onset", "offset"]).to_csv(tmp_path / "metadata.csv", index=False)
    with pytest.raises(UserError, match="milliseconds"):
        gm.open_data(tmp_path)


def test_segments_of_a_recording_stay_together(tmp_path):
    for k in range(12):
        recording(tmp_path / f"song{k}.wav", 400 + 30 * k)
        (tmp_path / f"song{k}.txt").write_text(audacity())
    data = gm.open_data(tmp_path)
    assert len(data) == 12 * len(TIMES)
    assert len(np.unique(data.groups)) == 12
    train, test = (set(data.groups[data.splits[name]]) for name in ("train", "test"))
    assert not train & test


def test_a_table_that_has_no_times_beside_a_recording_is_an_error(tmp_path):
    recording(tmp_path / "song.wav")
    (tmp_path / "song.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match="onset and offset"):
        gm.open_data(tmp_path)


def test_transcripts_beside_recordings_are_no_tables(tmp_path):
    for k in range(12):
        recording(tmp_path / f"word{k}.wav", 400 + 30 * k)
        (tmp_path / f"word{k}.txt").write_text("" if k == 3 else f"word number {k}\n")
    assert len(gm.open_data(tmp_path)) == 12
    (tmp_path / "word0.txt").write_text(audacity())
    data = gm.open_data(tmp_path)
    assert len(data) == len(TIMES)
    assert any(note.startswith("11 texts beside recordings without times") for note in data.notes)
    assert any(note.startswith("11 recordings have no segments") for note in data.notes)


def test_segments_that_are_there_twice_are_told(tmp_path):
    recording(tmp_path / "song.wav")
    rows = [("song.wav", on, off, label) for on, off, _ in TIMES for label in "ab"]
    pd.DataFrame(rows, columns=["file_name", "onset", "offset", "label"]).to_csv(tmp_path / "metadata.csv", index=False)
    data = gm.open_data(tmp_path)
    assert set(data.attributes["label"]) == {"a"}
    assert any(note.startswith(f"{len(TIMES)} segments are there twice") for note in data.notes)


def test_rows_without_times_are_named(tmp_path):
    recording(tmp_path / "song.wav")
    rows = [("song.wav", on, off) for on, off, _ in TIMES]
    table = pd.DataFrame([*rows, ("song.wav", None, 1.0)], columns=["file_name", "onset", "offset"])
    table.to_csv(tmp_path / "metadata.csv", index=False)
    assert any(f"row {len(TIMES) + 1} (song.wav)" in note for note in gm.open_data(tmp_path).notes)
