"""Many processes do what one does, and a run may go on with another number of them."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest
from tests.conftest import SMALL

import gaiamorph as gm
from gaiamorph.training.batches import Share
from gaiamorph.training.log import read_metrics
from gaiamorph.training.settings import from_dict, settled

COMMON = ["--size", "16", "--device", "cpu", "--steps", "56", "--threads", "1", "--network.width", "8", "--latent-dim", "6",
          "--batch-size", "16", "--precision", "fp32", "--clip", "1.05", "--quiet"]  # fmt: skip


def train(photos, out, *options, processes=1):
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [*start, "-m", "gaiamorph", "train", str(photos), "--out", str(out), *COMMON, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "deprecated" not in done.stderr


def held_out_errors(folder):
    """What was learnt shows here; a row's R, F and I are the first process's own."""
    return [row["validation"] for row in read_metrics(folder) if not math.isnan(row["validation"])]


def test_two_processes_equal_one_that_pairs_within_halves(photos, tmp_path):
    train(photos, tmp_path / "two", processes=2)
    train(photos, tmp_path / "one", "--parts", "2")
    assert (tmp_path / "two" / "config.yaml").read_text().count("parts: 2") == 1
    one, two = held_out_errors(tmp_path / "one"), held_out_errors(tmp_path / "two")
    assert len(one) == 28
    assert one == two  # to the bit: both add the gradients of the same two halves

    # The checkpoint of two goes on as one.
    (tmp_path / "two" / "space.safetensors").unlink()
    text = (tmp_path / "two" / "config.yaml").read_text()
    assert gm.train(photos, out=tmp_path / "two", resume=True, show=False).info.training.steps == 56
    assert (tmp_path / "two" / "config.yaml").read_text() == text


@pytest.mark.parametrize(("world", "pieces"), [(1, 1), (2, 1), (1, 4), (3, 2)])
def test_shares_cover_a_batch_once(world, pieces):
    rows = [
        i
        for rank in range(world)
        for piece in range(pieces)
        for i in range(24)[Share(rank, world, pieces).rows(24, piece)]
    ]
    assert rows == list(range(24))


def test_accumulated_pieces_are_the_same_step(photos, tmp_path):
    options = {**SMALL, "model": "ae", "size": 16, "steps": 4, "affine": 0.05, "precision": "fp32", "show": False}
    for name, pieces in {"whole": 1, "pieces": 4}.items():
        gm.train(photos, out=tmp_path / name, accumulate=pieces, **options)
    assert held_out_errors(tmp_path / "whole") == pytest.approx(held_out_errors(tmp_path / "pieces"), rel=1e-4)


def test_a_batch_that_cannot_be_shared_is_refused(photos):
    data = gm.open_data(photos, size=16)
    with pytest.raises(gm.UserError, match="3 processes, accumulate 4"):
        settled(from_dict({"batch_size": 16, "accumulate": 4}), data, processes=3)
    s = settled(from_dict({"batch_size": 17}), data, processes=2)
    assert (s.batch_size, s.parts) == (16, 2)
