"""Values and gradients of the convolutions before the upsampling equal those of the plain layers after it."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gaiamorph.networks import NETWORKS, NetworkSettings, doubling
from gaiamorph.networks.base import NEGATIVE_SLOPE, activation
from gaiamorph.networks.doubling import BlocksActivation, BlocksConv, UpsampledConv


def pair(channels, width=5, out=3):
    """The layers at half the size, and plain layers with the same weights. Biases are not 0, so that errors at the edges show."""
    torch.manual_seed(0)
    here = nn.Sequential(
        UpsampledConv(channels, width), BlocksActivation(NEGATIVE_SLOPE), BlocksConv(width, out)
    ).double()
    plain = nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1), activation(), nn.Conv2d(width, out, 3, padding=1)
    ).double()
    plain.load_state_dict(here.state_dict())
    return here, plain


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("size", [(1, 1), (4, 7)])
@pytest.mark.parametrize("out", [1, 3])
def test_values_and_gradients_are_those_of_the_plain_layers(size, out, layout):
    here, plain = pair(4, out=out)
    x = torch.randn(2, 4, *size, dtype=torch.float64).to(memory_format=layout).requires_grad_()
    ours = here(x)
    theirs = plain(F.interpolate(x, scale_factor=2, mode="nearest"))
    assert ours.shape == (2, out, 2 * size[0], 2 * size[1])
    torch.testing.assert_close(ours, theirs)
    weight = torch.randn_like(ours)
    for a, b in zip(
        torch.autograd.grad((ours * weight).sum(), [x, *here.parameters()]),
        torch.autograd.grad((theirs * weight).sum(), [x, *plain.parameters()]),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_weights_are_rounded_once_under_autocast():
    """Sums of rounded weights would be less exact."""
    here, plain = pair(16, 16)
    here, plain, x = here.float(), plain.float(), torch.randn(8, 16, 6, 6)
    exact = plain(F.interpolate(x, scale_factor=2, mode="nearest"))
    with torch.autocast("cpu", torch.bfloat16):
        ours = here(x)
        theirs = plain(F.interpolate(x, scale_factor=2, mode="nearest"))
    assert ours.dtype == torch.bfloat16
    assert (ours - exact).square().mean() < 1.2 * (theirs - exact).square().mean()


@pytest.mark.parametrize(
    ("shape", "settings", "at_half"),
    [
        ((1, 16, 24), {}, True),
        ((1, 16, 25), {}, False),  # an odd size
        ((1, 8, 8), {}, False),  # nothing is upsampled
        ((1, 16, 24), {"depth": 2}, False),
        ((1, 16, 24), {"blocks": 2}, False),
    ],
)
def test_where_networks_use_them(shape, settings, at_half):
    decoder = NETWORKS["conv"](shape, 6, NetworkSettings("conv", **settings)).decoder
    assert any(isinstance(layer, UpsampledConv) for layer in decoder) == at_half


def test_compiled_they_give_the_same_and_nothing_is_warned_of(recwarn):
    layer = UpsampledConv(2, 3)
    x = torch.rand(2, 2, 4, 4)
    torch.testing.assert_close(torch.compile(layer, backend="eager")(x), layer(x))
    assert not recwarn.list


def test_what_inference_has_cached_serves_a_training_of_the_same_process():
    doubling._in_both.cache_clear()
    here = pair(4)[0].float()  # what is cached has this type, and is not copied
    x = torch.randn(2, 4, 4, 4)
    with torch.inference_mode():
        here(x)
    here(x).sum().backward()
    assert all(parameter.grad is not None for parameter in here.parameters())
