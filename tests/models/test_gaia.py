"""Every term, weight and learning rate of GAIA against values computed in NumPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from tests.models.test_losses import numpy_distance_loss
from tests.models.test_sets import numpy_energy_distance

from gaiamorph.models import MODELS, Batch
from gaiamorph.models.balance import BALANCES, I_WEIGHT, W_MAX
from gaiamorph.models.gaia import GAIA
from gaiamorph.models.interpolation import mix_codes
from gaiamorph.models.noise import InputNoise, noise_at
from gaiamorph.models.sets import energy_distance, independent_pairs
from gaiamorph.models.terms import pairwise_distance
from gaiamorph.networks import NETWORKS, NetworkSettings

PLAIN = {
    "objective": "balanced", "sampler": "gaussian", "slope": 5.0, "direct": 8.0, "discriminator_noise": 0.0,
    "discriminator_latent_dim": 1,
}  # fmt: skip


def make(seed=0, fitted=False, **settings):
    """fitted: G reconstructs the batch better than the mean item does, so that sets are compared."""
    torch.manual_seed(seed)
    model = GAIA((5,), 3, NetworkSettings(name="mlp", width=16), GAIA.Settings(**PLAIN | settings)).double()
    x = torch.rand(8, 5, dtype=torch.float64)
    weight = torch.randn(8, dtype=torch.float64)
    optimizer = torch.optim.Adam(model.generator.parameters(), 1e-2)
    for _ in range(60 if fitted else 0):
        optimizer.zero_grad()
        (x - model.generator(x)).abs().mean().backward()
        optimizer.step()
    return model, Batch(x, {"weight": weight})


def noisy(batch):
    """The batch with noise on what D is shown."""
    return batch._replace(
        noise={
            **batch.noise,
            "noise": InputNoise((5,), 1.0).draw(len(batch.x), torch.Generator().manual_seed(0))["noise"],
        }
    )


def numpy_noise(model, batch):
    return noise_at(batch.noise["noise"], batch.x, *model.noise.strengths).double().numpy()


def gradients(model, batch):
    """The change of each player's parameters in one step."""
    model.zero_grad()
    model(batch).backward(model.players())
    return {player: [p.grad.clone() for p in group] for player, group in model.players().items()}


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def numpy_errors(model, batch, error):
    """R, F, I and the direct error, pair by pair with explicit loops. Only the networks come from the model."""

    def net(function, values):
        with torch.no_grad():
            return function(torch.from_numpy(np.asarray(values))).numpy()

    x, w = batch.x.numpy(), batch.noise["weight"].numpy()
    z = net(model.generator.encode, x)
    half = len(x) // 2
    first, second = z[:half], z[half:]
    mixed = [first[i] * (1 - w[i]) + second[i] * w[i] for i in range(half)]
    mixed += [first[half - 1 - i] * (1 - w[half + i]) + second[i] * w[half + i] for i in range(half)]
    gx, gz = net(model.generator.decode, z), net(model.generator.decode, np.array(mixed))
    shown = numpy_noise(model, batch) if "noise" in batch.noise else 0
    dx, dgx, dgz = (net(model.discriminator, v + shown) for v in (x, gx, gz))

    def mean(a, b):
        d = np.abs(a - b) if error == "l1" else (a - b) ** 2
        return d.mean()

    return mean(x, dx), mean(x, dgx), mean(gz, dgz), mean(x, gx), z, gz


def numpy_set_distance(model, batch, R, reconstruction, gz, earlier=((), ())):
    """U: the set distance beside I in G's loss and in the balance."""
    x = batch.x.numpy()
    mean = numpy_difference(model.settings.error, x, np.broadcast_to(x.mean(0), x.shape))
    half = len(x) // 2
    sources = [(i, half + i) for i in range(half)] + [(half - 1 - i, half + i) for i in range(half)]
    E = numpy_energy_distance(x, gz, sources, earlier)
    return model.settings.set_distance * max(0, 1 - reconstruction / mean) * R * E


def numpy_difference(name, a, b):
    """By the field's definitions, without library code."""
    return {"l1": np.abs(a - b).mean(), "l2": ((a - b) ** 2).mean()}[name]


def expected(objective, R, F, I, slope):
    if objective == "balanced":
        w = W_MAX * sigmoid(slope * (R - (F + I) / 2) / R)
        v = sigmoid(slope * (I - F) / R)
        return v * I + (1 - v) * F, R - w * (F + I) / 2, 1.0, 1.0
    if objective == "interpolations":
        w = sigmoid(slope * (R - I) / R)
        return F + I_WEIGHT * I, R - w * I, 1.0, 1.0
    delta = sigmoid(slope * (R - (F + I) / 2))
    return F + I, R - F - I, 1 - delta, delta


@pytest.mark.parametrize("objective", BALANCES)
@pytest.mark.parametrize("error", ["l1", "l2"])
def test_losses_and_rates(objective, error):
    weights = {"direct": 0.7, "distance": 0.3, "slope": 12.0, "set_distance": 60.0}
    model, batch = make(fitted=True, objective=objective, error=error, **weights)
    R, F, I, reconstruction, z, gz = numpy_errors(model, batch, error)
    U = numpy_set_distance(model, batch, R, reconstruction, gz)
    assert abs(U) > 0.01 * I, "the example must be one where it matters"
    loss_G, loss_D, rate_G, rate_D = expected(objective, R, F, I, 12.0)
    loss_G += U  # G's alone, and no part of the balance
    loss_G += 0.7 * reconstruction + 0.3 * numpy_distance_loss(batch.x.numpy(), z)
    step = model(batch)
    assert float(step.losses["generator"].detach()) == pytest.approx(loss_G, rel=1e-5)
    assert float(step.losses["discriminator"].detach()) == pytest.approx(loss_D, rel=1e-5)
    assert float(step.rates["generator"]) == pytest.approx(rate_G, rel=1e-5)
    assert float(step.rates["discriminator"]) == pytest.approx(rate_D, rel=1e-5)
    for name, value in {"R": R, "F": F, "I": I, "U": U, "reconstruction": reconstruction}.items():
        assert float(step.metrics[name].detach()) == pytest.approx(value, rel=1e-6)


def test_sets_are_not_compared_before_the_generator_tells_items_apart():
    model, batch = make()
    _, _, _, reconstruction, *_ = numpy_errors(model, batch, "l1")
    x = batch.x.numpy()
    assert reconstruction > np.abs(x - x.mean(0)).mean()
    assert float(model(batch).metrics["U"].detach()) == 0


def test_sets_are_compared_with_those_of_steps_before():
    model, batch = make(fitted=True)
    R, _, _, reconstruction, _, gz = numpy_errors(model, batch, "l1")
    before = batch._replace(x=batch.x.flip(0).sqrt())
    *_, gz_before = numpy_errors(model, before, "l1")
    model(before)
    earlier = before.x.numpy(), gz_before
    U = numpy_set_distance(model, batch, R, reconstruction, gz, earlier)
    assert pytest.approx(U, rel=1e-2) != numpy_set_distance(model, batch, R, reconstruction, gz)
    model.eval()
    assert float(model(batch).metrics["U"].detach()) == pytest.approx(U, rel=1e-6)
    model(before)  # to look at something is nothing to remember
    assert float(model(batch).metrics["U"].detach()) == pytest.approx(U, rel=1e-6)


def test_paper_rates_follow_the_seed_equation():
    """delta_D = sigmoid(b (R - (F + I)/2)): D slows down when it is ahead."""
    model, batch = make(objective="paper", slope=20.0, set_distance=0.0)
    R, F, I, *_ = numpy_errors(model, batch, "l1")
    assert float(model(batch).rates["discriminator"]) == pytest.approx(
        1 / (1 + np.exp(-20 * (R - (F + I) / 2))), rel=1e-5
    )


def test_the_paper_as_printed_is_one_setting():
    """The objective sets the paper's slope, sampler and pairwise-distance loss, and none of the later terms."""
    model = GAIA((1, 16, 16), 4, NetworkSettings(name="adain", width=8), GAIA.Settings(objective="paper")).double()
    s = model.settings
    assert (s.slope, s.sampler, s.distance) == (20.0, "gaussian", 5e-5)
    assert (s.direct, s.set_distance, s.discriminator_noise) == (0.0, 0.0, 0.0)
    drawn = model.draw(4, torch.Generator())
    assert set(drawn) == {"weight"}
    x = torch.rand(4, 1, 16, 16, dtype=torch.float64)
    step = model(Batch(x, drawn))
    R, F, I = (float(step.metrics[name].detach()) for name in "RFI")
    L_dist = numpy_distance_loss(x.flatten(1).numpy(), model.generator.encode(x).detach().numpy())
    assert float(step.losses["generator"]) - F - I == pytest.approx(5e-5 * L_dist, rel=1e-6)
    assert float(step.losses["discriminator"]) == pytest.approx(R - F - I, rel=1e-6)


def test_interpolations_carry_gradient_twice():
    """The gradient of I reaches G through D's input and through the target. Detaching the target would change it."""
    model, batch = make(direct=0.0, set_distance=0.0)
    parameters = model.players()["generator"]
    full = gradients(model, batch)["generator"]
    z = model.generator.encode(batch.x)
    Gz = model.generator.decode(mix_codes(z, batch.noise["weight"]))
    F = model.error(batch.x, model.discriminator(model.generator.decode(z)))
    R = model.error(batch.x, model.discriminator(batch.x))

    def total(target):
        I = model.error(target, model.discriminator(Gz))
        v = torch.sigmoid(model.settings.slope * (I - F) / R).detach()
        return torch.autograd.grad(v * I + (1 - v) * F, parameters, retain_graph=True)

    for a, b in zip(full, total(Gz), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-9)
    assert any((a - b).abs().max() > 1e-4 * a.abs().max() for a, b in zip(full, total(Gz.detach()), strict=True))


def test_the_discriminator_redraws_without_the_noise_it_is_shown():
    model, batch = make(discriminator_noise=0.2)
    noise = noisy(batch)
    R, F, I, *_ = numpy_errors(model, noise, "l1")
    step = model(noise)
    assert [float(step.metrics[k].detach()) for k in "RFI"] == pytest.approx([R, F, I], rel=1e-6)
    assert float(model(batch).metrics["R"].detach()) != pytest.approx(R, rel=1e-3)


def test_noise_is_drawn_where_there_is_some():
    def drawn(shape, **settings):
        model = GAIA(shape, 3, NetworkSettings(name="mlp", width=16), GAIA.Settings(**settings))
        return model.draw(64, torch.Generator().manual_seed(0)).get("noise")

    assert drawn((3, 8, 10)).shape == (64,)
    assert drawn((5,)).shape == (64,)
    assert drawn((5,), discriminator_noise=0.0) is None
    assert drawn((3, 8, 10), discriminator_noise=0.0) is None


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"discriminator_noise": 0.2},
        {"error": "l2"},
        {"objective": "interpolations"},
        {"slope": 1e4},
        {"objective": "interpolations", "error": "l2", "slope": 1e4},
        {"objective": "paper"},
        {"objective": "paper", "slope": 1e4},
        {"distance": 1.0},
        {"set_distance": 0.0},
        {"sampler": "dirichlet"},
        {"sampler": "hull", "through_discriminator": 0.25},
    ],
)
def test_gradients_equal_two_phases(settings):
    """One forward and backward pass gives each player what its own phase would, at the same parameters."""
    model, batch = make(seed=1, fitted=True, **settings)
    batch = noisy(batch)
    players, ours = model.players(), gradients(model, batch)

    x, s, e = batch.x, model.settings, model.error
    G, noise = model.generator, torch.from_numpy(numpy_noise(model, batch))
    D = lambda shown: model.discriminator(shown + noise)  # noqa: E731
    with torch.no_grad():
        z = G.encode(x)
        Gx, Gz = G.decode(z), G.decode(mix_codes(z, batch.noise["weight"]))
    R, F, I = e(x, D(x)), e(x, D(Gx)), e(Gz, D(Gz))
    share = (e(x, Gx) / e(x, x.mean(0).expand_as(x))).detach()
    assert share < 0.9, "the example must be one where sets are compared"
    m = s.set_distance * (1 - share) * R.detach()
    made_of = mix_codes(torch.eye(len(x)), batch.noise["weight"])
    balance = BALANCES[s.objective](s.slope, R.detach(), F.detach(), I.detach())
    loss_D = R - balance.F_in_D * F - balance.I_in_D * I
    phase_D = torch.autograd.grad(loss_D, players["discriminator"])
    z = G.encode(x)
    Gx, Gz = G.decode(z), G.decode(mix_codes(z, batch.noise["weight"]))
    U = m * energy_distance(x, Gz, independent_pairs(made_of.double()))
    share = s.through_discriminator
    shown = share * Gz + (1 - share) * Gz.detach()
    loss_G = balance.F_in_G * e(x, D(Gx)) + balance.I_in_G * e(Gz, D(shown)) + U + s.direct * e(x, Gx)
    if s.distance:
        loss_G = loss_G + s.distance * pairwise_distance(x, z)
    phase_G = torch.autograd.grad(loss_G, players["generator"])
    for a, b in zip([*ours["discriminator"], *ours["generator"]], [*phase_D, *phase_G], strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-10)


def test_diagnosis_names_the_remedy():
    model, _ = make()
    assert model.diagnose({"R": 0.05, "F": 0.06, "I": 0.055}) is None
    assert "collapsed" in model.diagnose({"R": 0.05, "F": 0.4, "I": 0.001})
    assert "looks alike" in model.diagnose({"R": 0.05, "F": 0.05, "I": 1e-6})
    assert "run away" in model.diagnose({"R": 0.05, "F": 0.3, "I": 0.2})


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("network", ["mlp", "conv", "adain"])
def test_contract(name, network):
    """For every model: a finite loss and gradients for each player, and every parameter belongs to one player."""
    torch.manual_seed(0)
    model = MODELS[name]((1, 16, 16), 4, NetworkSettings(name=network, width=8), MODELS[name].Settings())
    batch = Batch(torch.rand(4, 1, 16, 16), model.draw(4, torch.Generator().manual_seed(0)))
    step = model(batch)
    players = model.players()
    assert set(step.losses) == set(players)
    owned = [id(p) for group in players.values() for p in group]
    assert sorted(owned) == sorted({id(p) for p in model.parameters()})
    assert all(torch.isfinite(loss.detach()) for loss in step.losses.values())
    for grads in gradients(model, batch).values():
        assert all(torch.isfinite(g).all() for g in grads)
        assert sum(float(g.abs().sum()) for g in grads) > 0
    views = model.views(batch.x)
    assert all(v.shape == batch.x.shape for v in views.values())


@pytest.mark.parametrize(("name", "width"), [("conv", 32), ("adain", 16)])
def test_width_of_the_discriminator(name, width):
    """As wide as the generator. In the paper's network half as wide."""
    model = GAIA((1, 16, 16), 4, NetworkSettings(name=name, width=32))
    alike = NETWORKS[name]((1, 16, 16), 2, NetworkSettings(name=name, width=width))
    assert [p.shape for p in model.discriminator.parameters()] == [p.shape for p in alike.parameters()]


def test_views_show_the_discriminator_noise_as_in_training(monkeypatch):
    model = GAIA((1, 16, 16), 4, NetworkSettings(name="conv", width=8), GAIA.Settings(discriminator_noise=0.05))
    monkeypatch.setattr(model.discriminator, "redraw", lambda y, noise: (y + noise,))
    x = torch.rand(64, 1, 16, 16)
    views = model.views(x)
    added = [views[f"D({name})"] - views[name] for name in ("x", "G(x)", "G(z_interp)")]
    assert float(added[0].std()) == pytest.approx(0.05 * math.sqrt(2.5), rel=0.05)
    torch.testing.assert_close(added[1:], added[:1] * 2)  # one noise for all
    torch.testing.assert_close(model.views(x)["D(x)"], views["D(x)"])  # and for every look
