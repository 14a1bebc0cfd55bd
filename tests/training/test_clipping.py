"""Gradients cut by what they usually are."""

from __future__ import annotations

import json

import pytest
import torch

from gaiamorph.training.clipping import GRACE, Clipping


def player(*gradients):
    parameters = [torch.zeros_like(g, requires_grad=True) for g in gradients]
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g.clone()
    return parameters


def norm_after(clipping, gradient, name="generator"):
    parameters = player(gradient[:2], gradient[2:])
    clipping(name, parameters)
    return float(torch.cat([p.grad for p in parameters]).norm())


def test_a_gradient_far_larger_than_usual_is_cut_and_others_are_not():
    clipping = Clipping(2.0)
    direction = torch.tensor([3.0, 0.0, 0.0, 4.0]) / 5
    for _ in range(GRACE):
        assert norm_after(clipping, 5 * direction) == pytest.approx(5)
    assert norm_after(clipping, 9 * direction) == pytest.approx(9)
    usual = 0.98 * 5 + 0.02 * 9
    assert norm_after(clipping, 1000 * direction) == pytest.approx(2 * usual, rel=1e-4)
    # What was cut counts as it was let through: one outburst does not make room for the next.
    assert norm_after(clipping, 1000 * direction) == pytest.approx(2 * (0.98 + 0.04) * usual, rel=1e-4)
    cut = player(1000 * direction)
    clipping("generator", cut)
    torch.testing.assert_close(cut[0].grad / cut[0].grad.norm(), direction)


def test_each_player_has_its_own_measure_and_nothing_is_cut_at_first_or_if_not_asked_for():
    clipping, never = Clipping(2.0), Clipping(0.0)
    ones = torch.ones(4)
    for i in range(GRACE):
        assert norm_after(clipping, ones) == norm_after(clipping, 100 * ones, "discriminator") / 100
        assert norm_after(never, ones * 10 ** (i % 9)) == pytest.approx(2 * 10 ** (i % 9))
    assert norm_after(clipping, 100 * ones) == pytest.approx(4)
    assert norm_after(clipping, 100 * ones, "discriminator") == pytest.approx(200)
    clipping("critic", [torch.zeros(3, requires_grad=True)])  # has no gradient in this step


def test_it_goes_on_from_its_state_to_the_same_bits():
    generator = torch.Generator().manual_seed(0)
    whole = Clipping(1.1)
    gradients = [torch.rand(6, generator=generator) for _ in range(2 * GRACE)]
    for g in gradients[:GRACE]:
        norm_after(whole, g)
    again = Clipping(1.1)
    again.restore(json.loads(json.dumps(whole.state())), torch.device("cpu"))
    assert [norm_after(whole, g) for g in gradients[GRACE:]] == [norm_after(again, g) for g in gradients[GRACE:]]
    assert whole.state() == again.state()
