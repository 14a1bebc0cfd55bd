"""Noise on whole items from one number each."""

from __future__ import annotations

import math

import pytest
import torch

from gaiamorph.models.noise import PLACES, InputNoise, noise_at

SHAPE = (3, 16, 20)


def places(count, generator):
    return InputNoise(SHAPE, 1.0).draw(count, generator)["noise"]


@pytest.mark.parametrize("shape", [SHAPE, (math.prod(SHAPE),)])
def test_noise_is_normal_and_differs_between_items(shape):
    like = torch.zeros(500, *shape)
    noise = noise_at(places(500, torch.Generator().manual_seed(0)), like, 2.0) / 2
    assert noise.shape == like.shape
    assert noise.is_contiguous()
    assert float(noise.mean()) == pytest.approx(0, abs=0.01)
    assert float(noise.std()) == pytest.approx(1, abs=0.01)
    assert float((noise.abs() > 2).float().mean()) == pytest.approx(0.0455, abs=0.003)
    flat = noise[:200].flatten(1)
    between = torch.corrcoef(flat) - torch.eye(200)
    assert float(between.abs().max()) < 0.25  # the standard error is 0.03
    assert float(between.square().mean().sqrt()) == pytest.approx(960**-0.5, rel=0.1)


def test_the_last_place_has_room_and_a_place_decides_alone():
    at = torch.tensor([0, 7, PLACES - 1])
    like = torch.zeros(3, *SHAPE, dtype=torch.float64)
    noise = noise_at(at, like, 1.0, 0.5)
    assert noise.dtype == like.dtype
    assert torch.equal(noise[1], noise_at(at[1:2], like[:1], 1.0, 0.5)[0])
    assert noise_at(at, torch.zeros(3, 5), 1.0).shape == (3, 5)


def test_noise_lies_in_memory_as_the_pictures_do():
    like = torch.zeros(4, *SHAPE).to(memory_format=torch.channels_last)
    assert noise_at(torch.arange(4), like, 1.0).stride() == like.stride()


def octaves(noise):
    """Variance in each octave of spatial frequency, finest first, up to the Nyquist frequency along each axis."""
    power = torch.fft.fft2(noise).abs().square().mean((0, 1)) / noise[0, 0].numel() ** 2
    frequency = torch.maximum(*torch.meshgrid(*(torch.fft.fftfreq(n).abs() for n in noise.shape[2:]), indexing="ij"))
    return [float(power[(frequency <= 0.5**k) & (frequency > 0.5 ** (k + 1))].sum()) for k in range(1, 7)]


def test_each_octave_has_its_strength():
    like = torch.zeros(300, 1, 64, 64)
    at = places(300, torch.Generator().manual_seed(0))
    parts = [octaves(noise_at(at, like, *strengths)) for strengths in ((1.0,), (0.0, 1.0), (0.0, 0.0, 1.0))]
    for k, part in enumerate(parts):
        assert sum(part) == pytest.approx(1, rel=0.1)
        assert max(part) == part[k]
    both = noise_at(at, like, 0.3, 0.0, 0.4)
    assert float(both.std()) == pytest.approx(0.5, rel=0.02)
    assert octaves(both) == pytest.approx(
        [0.09 * a + 0.16 * b for a, b in zip(parts[0], parts[2], strict=True)], rel=0.1
    )


def test_noise_is_as_strong_in_each_octave_and_in_the_finest_by_the_root_of_the_side():
    assert InputNoise((1, 32, 32), 0.07).strengths == pytest.approx([0.07, 0.07, 0.07])
    assert InputNoise((3, 128, 128), 0.07).strengths == pytest.approx([0.14, 0.07, 0.07])
    assert InputNoise((3, 16, 4), 0.1).strengths == pytest.approx([0.05, 0.1, 0.1])
    assert InputNoise((7,), 0.2).strengths == [0.2]


def test_without_strength_there_is_no_noise():
    noise = InputNoise((5,), 0.0)
    assert noise.draw(4, torch.Generator()) == {}
    assert noise({}, torch.zeros(4, 5)) is None
