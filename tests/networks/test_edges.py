"""The shortcuts at the edges of the networks against the plain expressions that they stand for."""

import pytest
import torch

from gaiamorph.networks import edges
from gaiamorph.networks.edges import NEAREST, blocks, centred, sigmoid


@pytest.fixture(params=["whole", "blocks"])
def size_of_blocks(request, monkeypatch):
    if request.param == "blocks":
        monkeypatch.setattr(edges, "BLOCK", 3 * 192)  # of 8 pictures of 3 x 8 x 8: 3, 3 and 2


def test_blocks_cover_all_rows_once(monkeypatch):
    monkeypatch.setattr(edges, "BLOCK", 10)
    x = torch.arange(28).view(7, 4)
    assert [x[part].shape[0] for part in blocks(x)] == [2, 2, 2, 1]
    assert torch.equal(torch.cat([x[part] for part in blocks(x)]), x)
    assert not list(blocks(x[:0]))
    assert len(list(blocks(torch.zeros(3, 100)))) == 3  # never less than a row


@pytest.mark.usefixtures("size_of_blocks")
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_centred(layout):
    a, b = (torch.rand(8, 3, 8, 8).to(memory_format=layout) for _ in range(2))
    b.requires_grad_()
    noise, weight = 0.1 * torch.randn(8, 3, 8, 8), torch.randn(16, 3, 8, 8)
    assert torch.equal(centred(a), 2 * a - 1)
    plain = 2 * (torch.cat([a, b]) + torch.cat([noise, noise])) - 1
    ours = centred(a, b, noise=noise)
    assert ours.is_contiguous(memory_format=layout)
    torch.testing.assert_close(ours, plain)
    (gradient,) = torch.autograd.grad((ours * weight).sum(), b)
    assert torch.equal(gradient, 2 * weight[8:])
    with torch.autocast("cpu", torch.bfloat16):
        lower = centred(a, b)
    assert torch.equal(lower, (2 * torch.cat([a, b]) - 1).bfloat16())
    (gradient,) = torch.autograd.grad((lower * weight.bfloat16()).sum(), b)
    assert gradient.dtype == torch.float32
    assert torch.equal(gradient, 2 * weight[8:].bfloat16().float())


@pytest.mark.usefixtures("size_of_blocks")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("parts", [1, 2])
def test_sigmoid(dtype, parts):
    x = (4 * torch.randn(8, 192)).to(dtype).requires_grad_()
    y = sigmoid(x, parts)
    assert len(y) == parts
    together = torch.cat(y)
    assert together.dtype == torch.float32
    torch.testing.assert_close(together, torch.sigmoid(x.float()))
    weight = torch.randn(8, 192)
    weight[4:] *= parts == 1  # a part of which nothing was made has no gradient
    loss = sum((part * w).sum() for part, w in zip(y[:1], weight.chunk(parts)[:1], strict=True))
    (ours,) = torch.autograd.grad(loss, x)
    (theirs,) = torch.autograd.grad((torch.sigmoid(x.float()) * weight).sum(), x)
    # A descent goes against the gradient: away from 0 where that is negative, away from 1 where it is positive.
    held = ((together < NEAREST) & (weight < 0)) | ((together > 1 - NEAREST) & (weight > 0))
    assert 0 < float(held.float().mean()) < 0.5
    assert torch.equal(ours[~held], theirs[~held])
    torch.testing.assert_close(ours[held].float(), weight[held] * NEAREST * (1 - NEAREST), rtol=1e-2, atol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("limit", [-100.0, 100.0])
def test_outputs_stuck_at_a_limit_come_back(limit, dtype):
    x = torch.full((4, 10), limit).requires_grad_()
    optimizer = torch.optim.Adam([x], lr=1)
    for _ in range(300):
        (y,) = sigmoid(x.to(dtype))
        optimizer.zero_grad()
        (y - 0.3).abs().mean().backward()
        optimizer.step()
    assert float((y.detach() - 0.3).abs().max()) < 0.2
