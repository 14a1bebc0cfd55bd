"""Augmentation: each change on pictures with a known answer."""

from __future__ import annotations

import math

import torch

from gaiamorph.training import augment
from gaiamorph.training.batches import generator_of


def test_flip_and_shift():
    x = torch.rand(4, 2, 9, 7)
    chosen = torch.tensor([True, False, True, False])
    flipped = augment.flip(x, chosen)
    assert (flipped[0] == x[0].flip(-1)).all()
    assert (flipped[1] == x[1]).all()
    moved = augment.shift(x, torch.tensor([[0, 0], [2, 0], [0, -1], [-2, 1]]), 2)
    assert moved.shape == x.shape
    assert (moved[0] == x[0]).all()
    assert (moved[1][:, 2:] == x[1][:, :-2]).all()
    assert (moved[1][:, 0] == x[1][:, 0]).all(), "the edge is repeated"
    assert (moved[2][:, :, :-1] == x[2][:, :, 1:]).all()
    assert (moved[3][:, :-2, 1:] == x[3][:, 2:, :-1]).all()


def centre_and_spread(picture):
    """Centre (right, down) of a blob on black, in pixels from the middle, and its standard deviations."""
    height, width = picture.shape
    down, right = torch.meshgrid(
        torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij"
    )
    share = picture / picture.sum()
    means = torch.stack([(share * right).sum(), (share * down).sum()])
    spreads = torch.stack(
        [(share * (along - mean) ** 2).sum() for along, mean in zip((right, down), means, strict=True)]
    )
    return means, spreads.sqrt()


def test_affine_changes():
    square = torch.rand(2, 1, 8, 8)
    torch.testing.assert_close(augment.affine(square, torch.zeros(2, 3)), square)
    quarter = torch.tensor([[math.pi / 2, 0, 0]]).expand(2, 3)
    torch.testing.assert_close(augment.affine(square, quarter), square.rot90(1, (2, 3)), atol=1e-5, rtol=0)

    down, right = torch.meshgrid(torch.arange(40) - 19.5, torch.arange(60) - 29.5, indexing="ij")
    blob = torch.exp(-((right - 9) ** 2 + (down + 4) ** 2) / 8).expand(3, 1, 40, 60)
    by = torch.tensor([[0.3, 0, 0], [0, 0.2, 0], [0, 0, 0.2]])
    turned, larger, wider = (centre_and_spread(p[0]) for p in augment.affine(blob, by))
    cos, sin = math.cos(0.3), math.sin(0.3)
    close = {"atol": 0.02, "rtol": 0}
    torch.testing.assert_close(turned[0], torch.tensor([9 * cos - 4 * sin, -4 * cos - 9 * sin]), **close)
    torch.testing.assert_close(larger[0], math.exp(0.2) * torch.tensor([9.0, -4]), **close)
    torch.testing.assert_close(larger[1], math.exp(0.2) * torch.tensor([2.0, 2]), atol=0.05, rtol=0)
    torch.testing.assert_close(wider[0], torch.tensor([9 * math.exp(0.2), -4 * math.exp(-0.2)]), **close)
    noise = torch.randint(0, 2, (1, 1, 8, 8)).float()
    changed = augment.affine(noise, torch.tensor([[0.5, -1.0, 0.5]]))
    assert changed.min() == 0, "what overshoots is cut"
    assert changed.max() == 1
    assert augment.affine(torch.ones(1, 1, 8, 8), torch.tensor([[0.5, -1.0, 0.5]])).min() > 0.999, (
        "the edge is repeated"
    )


def test_affine_changes_are_drawn_after_what_was_drawn_before():
    plain, more = (augment.draw(1000, 2, generator_of(0, 0), affine) for affine in (0.0, 0.1))
    assert plain.keys() == {"flip", "shift"}
    assert all((plain[name] == more[name]).all() for name in plain)
    torch.testing.assert_close(more["affine"].std(0), torch.tensor([0.1, 0.1, 0.05]), rtol=0.1, atol=0)
