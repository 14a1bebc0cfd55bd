"""Encoder/decoder pairs: any size, alive from the start, independent of the batch."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gaiamorph.networks import NETWORKS, Critic, NetworkSettings

SHAPES = [(1, 8, 8), (3, 9, 31), (1, 16, 16), (1, 32, 32), (3, 50, 17), (4, 64, 48)]


def build(name, shape, latent_dim=6, **settings):
    torch.manual_seed(0)
    return NETWORKS[name](shape, latent_dim, NetworkSettings(name=name, **{"width": 8, **settings}))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("shape", SHAPES)
def test_any_size(name, shape):
    net = build(name, shape)
    x = torch.rand(3, *shape)
    z = net.encode(x)
    assert z.shape == (3, 6)
    assert net.decode(z).shape == x.shape
    assert net(x).shape == x.shape


@pytest.mark.parametrize("shape", SHAPES)
def test_the_pyramid_ends_within_eight_pixels(shape):
    _, height, width = build("conv", shape).decoder[2].shape
    assert 4 < min(height, width) <= 8


@pytest.mark.parametrize("blocks", [1, 2, 4])
@pytest.mark.parametrize("shape", SHAPES)
def test_pictures_drawn_in_blocks_of_any_size(shape, blocks):
    net = build("conv", shape, blocks=blocks)
    assert net.decoder[-1].side == blocks
    assert convolutions(net.decoder)[-1] == (shape[0] * blocks**2, net.width)
    assert net(torch.rand(2, *shape)).shape == (2, *shape)


def convolutions(layers):
    return [tuple(layer.weight.shape[:2]) for layer in layers if isinstance(layer, torch.nn.Conv2d)]


def test_smaller_blocks_are_one_level_more():
    coarse, finer, finest = (build("conv", (1, 64, 64), blocks=blocks) for blocks in (0, 2, 1))
    assert convolutions(coarse.decoder) == [(8, 16), (8, 8), (16, 8)]
    assert convolutions(finer.decoder) == [(16, 32), (8, 16), (8, 8), (4, 8)]
    assert convolutions(finest.decoder) == [(32, 64), (16, 32), (8, 16), (8, 8), (1, 8)]
    # The encoder reads blocks twice as large, but at most 4 pixels.
    assert convolutions(coarse.encoder) == [(8, 16), (16, 8)]
    assert convolutions(finest.encoder) == [(32, 16), (64, 32)]


def test_large_pictures_are_read_in_larger_blocks():
    def reads(side, **settings):
        return build("conv", (1, side, side), **settings).encoder[0].side

    assert [reads(side) for side in (12, 16, 32, 48, 64)] == [1, 2, 2, 4, 4]
    assert [reads(32, blocks=blocks) for blocks in (2, 4)] == [4, 4]
    assert [reads(64, blocks=blocks) for blocks in (2, 4)] == [4, 4]


def test_pictures_are_drawn_pixel_by_pixel_by_default():
    net = NETWORKS["conv"]((1, 32, 32), 6, NetworkSettings("conv"))
    assert convolutions(net.decoder) == [(32, 64), (16, 32), (16, 16), (1, 16)]
    large = NETWORKS["conv"]((1, 128, 128), 6, NetworkSettings("conv"))
    assert [out for out, _ in convolutions(large.encoder)] == [64, 128, 128]


@pytest.mark.parametrize("channels_last", [False, True])
def test_linear_layers_of_conv_have_the_order_of_torch_flatten(channels_last):
    """In any memory format: files hold weights in this order."""
    net = build("conv", (3, 24, 20))
    if channels_last:
        net.to(memory_format=torch.channels_last)
    x, z = torch.rand(4, 3, 24, 20), torch.randn(4, 6)
    *convolutions, _, read = net.encoder
    coarse = torch.nn.Sequential(*convolutions)(2 * x - 1)
    expected = F.linear(coarse.contiguous().flatten(1), read.weight, read.bias)
    torch.testing.assert_close(net.encode(x), expected)

    draw, active, unflatten, *_ = net.decoder
    expected = F.leaky_relu(F.linear(z, draw.weight, draw.bias), 0.2).unflatten(1, unflatten.shape)
    torch.testing.assert_close(unflatten(active(draw(z))), expected)

    critic = Critic(net)
    expected = F.linear(coarse.contiguous().flatten(1), critic.head.weight, critic.head.bias)
    torch.testing.assert_close(critic(x, x), torch.cat([expected, expected]))


def test_weights_of_conv_have_the_names_that_files_use():
    net = NETWORKS["conv"]((1, 32, 32), 6, NetworkSettings("conv"))
    names = [name for name, _ in net.decoder.named_parameters() if name.endswith("weight")]
    assert names == ["0.weight", "3.weight", "6.weight", "9.weight", "11.weight"]
    assert set(net.state_dict()) == {name for name, _ in net.named_parameters()}


@pytest.mark.parametrize("name", NETWORKS)
def test_several_batches_in_one_pass(name):
    net = build(name, (3, 16, 20))
    a, b, noise = torch.rand(3, 3, 16, 20), torch.rand(3, 3, 16, 20), torch.randn(3, 3, 16, 20)
    for together, one in zip(net.redraw(a, b, noise=noise), (a, b), strict=True):
        torch.testing.assert_close(together, net(one + noise))
    y, z = torch.randn(3, 6), torch.randn(3, 6)
    for together, one in zip(net.decode_each(y, z), (y, z), strict=True):
        torch.testing.assert_close(together, net.decode(one))


@pytest.mark.parametrize("name", ["conv", "adain"])
def test_pictures_below_eight_pixels_are_refused(name):
    with pytest.raises(ValueError, match="at least 8 x 8"):
        build(name, (1, 7, 32))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("depth", [1, 6])
def test_no_dead_starts(name, depth):
    """At initialisation codes and pictures vary from item to item at any depth, and every parameter has a gradient."""
    net = build(name, (1, 32, 32), depth=depth, width=16)
    x = F.interpolate(torch.rand(16, 1, 4, 4), 32)
    z = net.encode(x)
    y = net.decode(z)
    assert z.std(0).mean() > 0.03
    assert y.std(0).mean() > 0.003
    assert 0.01 < y.std() < 0.4, "outputs neither constant nor saturated"
    (y - x).abs().mean().backward()
    for parameter_name, parameter in net.named_parameters():
        assert parameter.grad is not None
        assert torch.isfinite(parameter.grad).all()
        if parameter.ndim > 1:
            assert parameter.grad.abs().max() > 0, parameter_name


@pytest.mark.parametrize("name", NETWORKS)
def test_learns_a_few_pictures(name):
    """Two hundred steps halve the error of the mean picture."""
    net = build(name, (1, 16, 16), latent_dim=8, width=16)
    x = F.interpolate(torch.rand(8, 1, 4, 4), 16, mode="bilinear")
    mean_error = (x - x.mean(0)).abs().mean()
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(200):
        optimizer.zero_grad()
        loss = (net(x) - x).abs().mean()
        loss.backward()
        optimizer.step()
    assert loss.detach() < 0.5 * mean_error


@pytest.mark.parametrize("name", NETWORKS)
def test_items_do_not_see_each_other(name):
    """No statistics over the batch: they would mix real and made items of one batch."""
    net = build(name, (3, 16, 16))
    x = torch.rand(4, 3, 16, 16)
    torch.testing.assert_close(net(x)[:1], net(x[:1]), rtol=1e-4, atol=1e-5)
    assert not list(net.buffers())


@pytest.mark.parametrize("name", NETWORKS)
def test_output_lies_in_the_unit_interval(name):
    net = build(name, (1, 16, 16))
    with torch.no_grad():
        for p in net.decoder.parameters():
            p.mul_(4)
    z = 10 * torch.randn(8, 6)
    assert 0 <= net.decode(z).min() <= net.decode(z).max() <= 1
    torch.testing.assert_close(net.decode(z), net.decoder(z).sigmoid())


@pytest.mark.parametrize("name", NETWORKS)
def test_codes_on_a_sphere(name):
    """Codes are √6 long, and a decoder sees directions alone: halfway is as far from 0 as the ends are."""
    free, net = (build(name, (3, 16, 20), codes=codes) for codes in ("free", "sphere"))
    net.load_state_dict(free.state_dict())
    x, z = torch.rand(4, 3, 16, 20), torch.randn(4, 6)
    code = free.encode(x)
    length = 6**0.5 / code.norm(dim=1, keepdim=True)
    torch.testing.assert_close(net.encode(x), length * code)
    torch.testing.assert_close(net.decode(0.3 * z), net.decode(z))
    torch.testing.assert_close(net.decode(z), free.decode(6**0.5 * z / z.norm(dim=1, keepdim=True)))
    torch.testing.assert_close(net(x), free.decode(length * code))
    torch.testing.assert_close(net.redraw(x, 1 - x)[0], net(x))
    nothing = torch.zeros(1, 6, requires_grad=True)
    assert net.decode(nothing).isfinite().all()
    net.decode(nothing).sum().backward()
    assert nothing.grad.isfinite().all()


def test_a_sphere_leaves_variances_alone():
    size = NetworkSettings("mlp", width=8, codes="sphere")
    net = NETWORKS["mlp"]((1, 8, 8), 6, size, True)
    x = torch.rand(4, 1, 8, 8)
    mean, log_variance = net.encode_gaussian(x)
    torch.testing.assert_close(torch.cat([mean, log_variance], 1), net.encoder(2 * x - 1))
    torch.testing.assert_close(net.encode(x), 6**0.5 * mean / mean.norm(dim=1, keepdim=True))
