"""Gradients are cut to a multiple of their usual norm."""

from __future__ import annotations

import json

import pytest
import torch

from gaiamorph.training.stability import LIMIT, UNCUT, Clipping


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
    clipping = Clipping()
    direction = torch.tensor([3.0, 0.0, 0.0, 4.0]) / 5
    for _ in range(UNCUT):
        assert norm_after(clipping, 5 * direction) == pytest.approx(5)
    assert norm_after(clipping, 9 * direction) == pytest.approx(9)
    usual = 0.98 * 5 + 0.02 * 9
    assert norm_after(clipping, 1000 * direction) == pytest.approx(LIMIT * usual, rel=1e-4)
    # A cut gradient counts with its cut norm, so that one large gradient does not raise the limit.
    assert norm_after(clipping, 1000 * direction) == pytest.approx(2 * (0.98 + 0.04) * usual, rel=1e-4)
    cut = player(1000 * direction)
    clipping("generator", cut)
    torch.testing.assert_close(cut[0].grad / cut[0].grad.norm(), direction)


def test_each_player_has_its_own_norm_and_nothing_is_cut_at_first():
    clipping = Clipping()
    ones = torch.ones(4)
    for _ in range(UNCUT):
        assert norm_after(clipping, ones) == norm_after(clipping, 100 * ones, "discriminator") / 100
    assert norm_after(clipping, 100 * ones) == pytest.approx(4)
    assert norm_after(clipping, 100 * ones, "discriminator") == pytest.approx(200)
    clipping("critic", [torch.zeros(3, requires_grad=True)])  # has no gradient in this step


def test_it_resumes_from_its_state_to_the_bit():
    generator = torch.Generator().manual_seed(0)
    whole = Clipping()
    # Every seventh is cut.
    gradients = [torch.rand(6, generator=generator) * (1 + 9 * (k % 7 == 0)) for k in range(2 * UNCUT)]
    for g in gradients[:UNCUT]:
        norm_after(whole, g)
    again = Clipping()
    again.state = json.loads(json.dumps(whole.state, default=float))
    assert [norm_after(whole, g) for g in gradients[UNCUT:]] == [norm_after(again, g) for g in gradients[UNCUT:]]
    assert whole.state == again.state
