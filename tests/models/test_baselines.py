"""Losses of the other models against values computed in NumPy. Gradients against those of separate phases."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from scipy import stats

from gaiamorph.models import MODELS, Batch
from gaiamorph.models.losses import gaussian_kl
from gaiamorph.networks import NetworkSettings

B, SHAPE, LATENT = 8, (5,), 3


def make(name, seed=0, **settings):
    torch.manual_seed(seed)
    model = MODELS[name](SHAPE, LATENT, NetworkSettings(name="mlp", width=16), MODELS[name].Settings(**settings))
    model = model.double()
    noise = {k: v.double() for k, v in model.draw(B, torch.Generator().manual_seed(seed)).items()}
    return model, Batch(torch.rand(B, *SHAPE, dtype=torch.float64), noise)


def numpy_of(function, *arguments):
    with torch.no_grad():
        out = function(*(torch.as_tensor(a) for a in arguments))
    return [o.numpy() for o in out] if isinstance(out, tuple) else out.numpy()


def losses(model, batch):
    return {player: float(loss.detach()) for player, loss in model(batch).losses.items()}


def log_sigmoid(v):
    return -np.log1p(np.exp(-v))


def test_kl_is_the_textbook_divergence():
    """By numerical integration of each entry."""
    rng = np.random.default_rng(0)
    mean, log_variance = rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    grid = np.linspace(-15, 15, 200_001)
    expected = np.zeros(4)
    for i, j in np.ndindex(4, 3):
        q = stats.norm(mean[i, j], math.exp(log_variance[i, j] / 2))
        integrand = q.pdf(grid) * (q.logpdf(grid) - stats.norm.logpdf(grid))
        expected[i] += np.trapezoid(integrand, grid)
    found = gaussian_kl(torch.tensor(mean), torch.tensor(log_variance)).numpy()
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_vae():
    model, batch = make("vae", beta=0.7)
    x, eps = batch.x.numpy(), batch.noise["epsilon"].numpy()
    mean, log_variance = numpy_of(model.generator.encode_gaussian, x)
    y = numpy_of(model.generator.decode, mean + np.exp(log_variance / 2) * eps)
    # The best scale for the batch, inserted into the density.
    nll = -stats.norm.logpdf(x, y, np.sqrt(((x - y) ** 2).mean())).mean()
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1).mean()
    assert losses(model, batch)["generator"] == pytest.approx(nll + 0.7 * kl / 5, rel=1e-6)


def test_the_code_of_an_item_is_its_mean():
    model, batch = make("vae")
    mean, _ = model.generator.encode_gaussian(batch.x)
    torch.testing.assert_close(model.generator.encode(batch.x), mean)
    assert mean.shape == (B, LATENT)


def test_vae_says_when_its_posterior_has_collapsed():
    model, _ = make("vae")
    assert model.diagnose({"kl": 3.0}) is None
    assert "collapsed" in model.diagnose({"kl": 0.01})


def test_gan():
    model, batch = make("gan")
    fake = numpy_of(model.generator.decode, batch.noise["z"])
    d_real, d_fake = numpy_of(model.discriminator, batch.x), numpy_of(model.discriminator, fake)
    found = losses(model, batch)
    assert found["discriminator"] == pytest.approx(-log_sigmoid(d_real).mean() - log_sigmoid(-d_fake).mean(), rel=1e-6)
    assert found["generator"] == pytest.approx(-log_sigmoid(d_fake).mean(), rel=1e-6)


@pytest.mark.parametrize("name", ["gan", "vae_gan"])
def test_adversaries_take_a_share_of_the_rate_and_say_when_one_has_won(name):
    model, batch = make(name, rate=0.3)
    assert model(batch).rates == dict.fromkeys(model.players(), 0.3)
    means = {"D(x)": 0.7, "D(G(z))": 0.3, "D(G(z_p))": 0.3}
    assert model.diagnose(means) is None
    assert "has won" in model.diagnose({"D(x)": 0.999, "D(G(z))": 1e-4, "D(G(z_p))": 1e-4})


def test_aae():
    model, batch = make("aae", error="l2", weight=0.3)
    z = numpy_of(model.generator.encode, batch.x)
    y = numpy_of(model.generator.decode, z)
    d_real, d_fake = numpy_of(model.discriminator, batch.noise["z"]), numpy_of(model.discriminator, z)
    found = losses(model, batch)
    expected = ((batch.x.numpy() - y) ** 2).mean() - 0.3 * log_sigmoid(d_fake).mean()
    assert found["generator"] == pytest.approx(expected, rel=1e-6)
    assert found["discriminator"] == pytest.approx(-log_sigmoid(d_real).mean() - log_sigmoid(-d_fake).mean(), rel=1e-6)


def test_acai():
    model, batch = make("acai", weight=0.6, gamma=0.3)
    x, alpha = batch.x.numpy(), batch.noise["alpha"].numpy()
    assert alpha.min() >= 0
    assert alpha.max() <= 0.5
    z = numpy_of(model.generator.encode, x)
    mixed = np.array([alpha[i] * z[i] + (1 - alpha[i]) * z[B - 1 - i] for i in range(B)])
    y, between = numpy_of(model.generator.decode, z), numpy_of(model.generator.decode, mixed)
    answer = numpy_of(model.discriminator, between)[:, 0]
    calm = numpy_of(model.discriminator, 0.3 * x + 0.7 * y)[:, 0]
    found = losses(model, batch)
    assert found["generator"] == pytest.approx(((x - y) ** 2).mean() + 0.6 * (answer**2).mean(), rel=1e-6)
    assert found["discriminator"] == pytest.approx(((answer - alpha) ** 2).mean() + (calm**2).mean(), rel=1e-6)


def test_acai_weighs_its_critic_as_the_paper_does():
    """lambda 0.5 on pixels in [-1, 1]. The two losses differ by a constant factor, and Adam divides such a factor out."""
    pictures = MODELS["acai"]((1, 8, 8), 4, NetworkSettings("mlp", 8))
    model, batch = make("acai", weight=pictures.settings.weight)
    x, alpha = batch.x, batch.noise["alpha"][:, None]
    with torch.no_grad():
        z = model.generator.encode(x)
        y, between = model.generator.decode(z), model.generator.decode(torch.lerp(z.flip(0), z, alpha))
        paper = ((2 * x - 1) - (2 * y - 1)).square().mean() + 0.5 * model.discriminator(between).square().mean()
    assert losses(model, batch)["generator"] == pytest.approx(float(paper) / 4, rel=1e-6)


def test_vae_gan():
    model, batch = make("vae_gan", gamma=0.2, beta=0.5)
    x, D = batch.x.numpy(), model.discriminator
    mean, log_variance = numpy_of(model.generator.encode_gaussian, x)
    fake = numpy_of(model.generator.decode, mean + np.exp(log_variance / 2) * batch.noise["epsilon"].numpy())
    fake_p = numpy_of(model.generator.decode, batch.noise["z_p"])
    kl = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).sum(1).mean()
    like = ((numpy_of(D.features, x) - numpy_of(D.features, fake)) ** 2).sum(1).mean() / 2
    real, f, p = (numpy_of(D, v) for v in (x, fake, fake_p))
    found = losses(model, batch)
    assert found["encoder"] == pytest.approx((0.5 * kl + like) / 5, rel=1e-6)
    assert found["decoder"] == pytest.approx(0.2 * like - log_sigmoid(f).mean() - log_sigmoid(p).mean(), rel=1e-6)
    expected = -log_sigmoid(real).mean() - log_sigmoid(-f).mean() - log_sigmoid(-p).mean()
    assert found["discriminator"] == pytest.approx(expected, rel=1e-6)


def test_began_and_its_controller():
    model, batch = make("began", gamma=0.4, rate=0.01)
    model.k.fill_(0.25)
    fake = numpy_of(model.generator.decode, batch.noise["z"])
    R = np.abs(batch.x.numpy() - numpy_of(model.discriminator, batch.x)).mean()
    F = np.abs(fake - numpy_of(model.discriminator, fake)).mean()
    found = losses(model, batch)
    assert found["discriminator"] == pytest.approx(R - 0.25 * F, rel=1e-6)
    assert found["generator"] == pytest.approx(F, rel=1e-6)
    assert float(model.k) == pytest.approx(0.25 + 0.01 * (0.4 * R - F), rel=1e-6)
    model.k.fill_(1.0)
    model.settings.rate = -100.0 if R * 0.4 > F else 100.0
    model(batch)
    assert float(model.k) == 0.0, "the controller is clipped"


def adversarial_losses(real, fake):
    """Of the discriminator and of the generator, from logits."""
    return -(F.logsigmoid(real).mean() + F.logsigmoid(-fake).mean()), -F.logsigmoid(fake).mean()


def phase(model, name, batch):
    """The loss of each player as a separate phase, with the other player's networks frozen."""
    G, D, x, n = model.generator, model.discriminator, batch.x, batch.noise
    if name == "gan":
        loss_D, loss_G = adversarial_losses(D(x), D(G.decode(n["z"])))
        return {"generator": loss_G, "discriminator": loss_D}
    if name == "began":
        y = G.decode(n["z"])
        R, F = (x - D(x)).abs().mean(), (y - D(y)).abs().mean()
        return {"generator": F, "discriminator": R - model.k.clone() * F}
    z = G.encode(x)
    loss_D, loss_G = adversarial_losses(D(n["z"]), D(z))
    return {"generator": model.error(x, G.decode(z)) + model.settings.weight * loss_G, "discriminator": loss_D}


@pytest.mark.parametrize("name", ["gan", "aae", "began"])
def test_one_backward_pass_gives_both_gradients(name):
    model, batch = make(name, seed=3)
    if name == "began":
        model.k.fill_(0.3)
    players = model.players()
    expected = {
        player: torch.autograd.grad(loss, players[player], retain_graph=True)
        for player, loss in phase(model, name, batch).items()
    }
    step = model(batch)
    assert step.joint is not None
    step.backward(players)
    for player, group in players.items():
        for p, grad in zip(group, expected[player], strict=True):
            assert p.grad is not None
            torch.testing.assert_close(p.grad, grad, rtol=1e-6, atol=1e-12)
