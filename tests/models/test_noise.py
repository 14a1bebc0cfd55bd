"""Noise on whole items from one number each."""

from __future__ import annotations

import pytest
import torch

from gaiamorph.models.noise import PLACES, noise_at, places

SHAPE = (3, 16, 20)


def test_noise_is_standard_normal_and_differs_between_items():
    like = torch.zeros(500, *SHAPE)
    noise = noise_at(places(500, torch.Generator().manual_seed(0)), like)
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
    noise = noise_at(at, like)
    assert noise.dtype == like.dtype
    assert torch.equal(noise[1], noise_at(at[1:2], like[:1])[0])
    assert noise_at(at, torch.zeros(3, 5)).shape == (3, 5)


def test_noise_lies_in_memory_as_the_pictures_do():
    like = torch.zeros(4, *SHAPE).to(memory_format=torch.channels_last)
    assert noise_at(torch.arange(4), like).stride() == like.stride()
