"""The output sigmoid equals torch's, except for gradients that lead away from a limit."""

import pytest
import torch

from gaiamorph.networks.output import NEAREST, full_precision, sigmoid


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_values_and_gradients_are_torchs_except_for_saturated_outputs_that_should_move_away(dtype):
    x = (4 * torch.randn(8, 192)).to(dtype).requires_grad_()
    y = sigmoid(x)
    assert y.dtype == torch.float32
    torch.testing.assert_close(y, torch.sigmoid(x.float()))
    weight = torch.randn(8, 192)
    (ours,) = torch.autograd.grad((y * weight).sum(), x)
    (theirs,) = torch.autograd.grad((torch.sigmoid(x.float()) * weight).sum(), x)
    # A negative gradient leads away from 0, a positive one away from 1.
    held = ((y < NEAREST) & (weight < 0)) | ((y > 1 - NEAREST) & (weight > 0))
    assert 0 < float(held.float().mean()) < 0.5
    assert torch.equal(ours[~held], theirs[~held])
    torch.testing.assert_close(ours[held].float(), weight[held] * NEAREST * (1 - NEAREST), rtol=1e-2, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("limit", [-100.0, 100.0])
def test_outputs_stuck_at_a_limit_recover(limit, dtype):
    x = torch.full((4, 10), limit).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=1)
    for _ in range(300):
        y = sigmoid(x.to(dtype))
        optimizer.zero_grad()
        (y - 0.3).abs().mean().backward()
        optimizer.step()
    assert float((y.detach() - 0.3).abs().max()) < 0.2


def test_full_precision_leaves_other_types_alone():
    assert [full_precision(torch.ones(1, dtype=d)).dtype for d in (torch.bfloat16, torch.float32, torch.float64)] == [
        torch.float32,
        torch.float32,
        torch.float64,
    ]
