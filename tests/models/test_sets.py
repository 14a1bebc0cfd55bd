"""Comparing sets, against explicit loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gaiamorph.models.sets import coarse, energy_distance, independent_pairs
from gaiamorph.models.terms import REMEMBERED, SetDistance


def numpy_energy_distance(x, y, sources=None, earlier=((), ())):
    """sources: for each item of y, the members of x it is made of. earlier: further members, of which no item of y is made."""
    of = [{("x", i)} for i in range(len(x))]
    of += (
        [{("y", j)} for j in range(len(y))] if sources is None else [{("x", i) for i in made_of} for made_of in sources]
    )
    of += [{("earlier", i)} for i in range(len(earlier[0]) + len(earlier[1]))]
    items = [*x, *y, *earlier[0], *earlier[1]]
    first, second = range(len(x)), range(len(x), len(x) + len(y))
    halfway = len(x) + len(y) + len(earlier[0])
    all_first, all_second = [*first, *range(len(x) + len(y), halfway)], [*second, *range(halfway, len(items))]

    def mean(some, others):
        return np.mean([np.linalg.norm(items[i] - items[j]) for i in some for j in others if not of[i] & of[j]])

    of_x, of_y = mean(first, all_first), mean(second, all_second)
    between = (mean(second, all_first) + mean(first, all_second)) / 2
    return (2 * between - of_x - of_y) / of_x


def test_energy_distance():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(9, 4)), 2 * rng.normal(size=(7, 4)) + 1
    ours = energy_distance(torch.tensor(x), torch.tensor(y))
    assert float(ours) == pytest.approx(numpy_energy_distance(x, y), rel=1e-6)
    assert float(energy_distance(torch.tensor(1e4 * x), torch.tensor(1e4 * y))) == pytest.approx(float(ours), rel=1e-6)
    same = [float(energy_distance(*torch.randn(2, 16, 4))) for _ in range(400)]
    assert abs(np.mean(same)) < 4 * np.std(same) / 20
    with torch.autocast("cpu", torch.bfloat16):
        lower = energy_distance(*(torch.tensor(v, dtype=torch.float32) for v in (x, y)))
    assert float(lower) == pytest.approx(float(ours), rel=1e-5)


def test_energy_distance_leaves_out_what_is_made_of_one_another():
    """Mixtures as varied as their sources are no farther from the sources than other items are."""
    rng = np.random.default_rng(0)
    shares = np.zeros((16, 16))
    sources = [(i, (i + 5) % 16) for i in range(16)]
    for j, (a, b) in enumerate(sources):
        shares[j, a], shares[j, b] = 0.5**0.5, -(0.5**0.5)
    found, biased = [], []
    for _ in range(200):
        x = rng.normal(size=(16, 4))
        y = shares @ x
        found.append(float(energy_distance(torch.tensor(x), torch.tensor(y), independent_pairs(torch.tensor(shares)))))
        biased.append(float(energy_distance(torch.tensor(x), torch.tensor(y))))
    assert found[-1] == pytest.approx(numpy_energy_distance(x, y, sources), rel=1e-6)
    assert abs(np.mean(found)) < 3 * np.std(found) / 200**0.5
    assert np.mean(biased) < -10 * np.std(biased) / 200**0.5


def test_energy_distance_from_what_was_there_before():
    rng = np.random.default_rng(0)
    x, y, earlier = rng.normal(size=(6, 3)), rng.normal(size=(6, 3)) + 0.3, rng.normal(size=(2, 9, 3))
    sources = [(i, (i + 1) % 6) for i in range(6)]
    made_of = torch.zeros(6, 6)
    for j, of in enumerate(sources):
        made_of[j, list(of)] = 0.5
    known = torch.tensor([1.0] * 5 + [0.0] * 4, dtype=torch.float64)
    pairs = independent_pairs(made_of, known)
    found = float(energy_distance(torch.tensor(x), torch.tensor(y), pairs, torch.tensor(earlier)))
    assert found == pytest.approx(numpy_energy_distance(x, y, sources, earlier[:, :5]), rel=1e-6)
    assert found != pytest.approx(numpy_energy_distance(x, y, sources), rel=1e-2)


def test_gradient_of_the_energy_distance_is_that_of_both_sides():
    """Items of today are on both sides of pairs among made ones, and earlier ones, made by nearly the same generator, count as
    if they moved as well: twice what the one side gives."""
    x, y, a, b = torch.randn(4, 6, 3, dtype=torch.float64)
    y.requires_grad_()
    ours = torch.autograd.grad(energy_distance(x, y, independent_pairs(x.new_zeros(6, 6), x.new_ones(6)), (a, b)), y)[0]
    pairs = [(y[i], y[j].detach()) for i in range(6) for j in range(6) if i != j] + [(p, q) for p in y for q in b]
    within = torch.stack([(p - q).norm() for p, q in pairs]).mean()
    between = torch.stack([(p - q).norm() for p in y for q in [*x, *a]]).mean()
    of_x = torch.stack(
        [(x[i] - x[j]).norm() for i in range(6) for j in range(6) if i != j] + [(p - q).norm() for p in x for q in a]
    )
    expected = torch.autograd.grad((2 * between - 2 * within) / of_x.mean(), y)[0]
    torch.testing.assert_close(ours, expected)
    # Without earlier ones, that is the gradient of the whole.
    alone = torch.autograd.grad(energy_distance(x, y), y)[0]
    d = torch.cdist(torch.cat([x, y]), torch.cat([x, y]))
    whole = 2 * d[:6, 6:].mean() - d[6:, 6:].sum() / 30
    torch.testing.assert_close(alone, torch.autograd.grad(whole / (d[:6, :6].sum() / 30).detach(), y)[0])


def test_earlier_items_make_the_distance_less_noisy():
    """Sets of one distribution, where the mean is 0, and sets of two distributions, where it is not."""
    torch.manual_seed(0)

    def found(memory, shift):
        """Distances (300,), and their gradients with respect to a shift of the made items (300, 4)."""
        pairs = independent_pairs(torch.zeros(16, 16), torch.ones(memory))
        values, gradients = [], []
        for _ in range(300):
            moved = torch.full((4,), shift, requires_grad=True)
            earlier = torch.randn(memory, 4), torch.randn(memory, 4) + shift
            distance = energy_distance(torch.randn(16, 4), torch.randn(16, 4) + moved, pairs, earlier)
            distance.backward()
            values.append(float(distance.detach()))
            gradients.append(moved.grad.numpy())
        return np.array(values), np.array(gradients)

    for shift in (0.0, 0.5):
        (alone, alone_gradient), (together, gradient) = found(0, shift), found(128, shift)
        assert together.std() < 0.6 * alone.std()
        assert abs(together.mean() - alone.mean()) < 4 * alone.std() / 300**0.5
        assert gradient.std(0).mean() < 0.5 * alone_gradient.std(0).mean()
        assert (abs(gradient.mean(0) - alone_gradient.mean(0)) < 4 * alone_gradient.std(0) / 300**0.5).all()


def test_what_is_remembered():
    sets = SetDistance((5,), torch.nn.functional.l1_loss, memory=40)
    steps = torch.rand(4, 2, REMEMBERED, 5)
    more = torch.rand(4, 2, 4, 5)
    for number, (x, y) in enumerate(steps):
        expected = steps[:number].flip(0).transpose(0, 1).flatten(1, 2)[:, :40]
        torch.testing.assert_close(sets.earlier[:, : expected.shape[1]], expected)
        distance = sets.eval().energy(x, y, torch.eye(REMEMBERED))
        sources = [(i,) for i in range(REMEMBERED)]
        assert float(distance) == pytest.approx(
            numpy_energy_distance(x.numpy(), y.numpy(), sources, expected.numpy()), rel=1e-3, abs=1e-5
        )
        larger = [torch.cat([some, others]) for some, others in zip((x, y), more[number], strict=True)]
        sets.train().energy(*larger, torch.eye(REMEMBERED + 4))  # of more, the first
    assert sets.known.all()
    assert sets.earlier.shape == (2, 40, 5)
    assert {"earlier", "known"} == set(sets.state_dict())  # a run that goes on remembers


def test_some_rows_tell_how_far_the_given_set_is():
    torch.manual_seed(0)
    drawn = [(torch.randn(64, 3), torch.randn(64, 3) + 0.3, torch.randn(2, 64, 3)) for _ in range(200)]
    found = {}
    for some in (16, 64):
        pairs = independent_pairs(torch.zeros(64, 64), torch.ones(64), some)
        assert len(pairs) == some + 64
        found[some] = np.array([float(energy_distance(x, y, pairs, earlier)) for x, y, earlier in drawn])
    difference = found[16] - found[64]
    assert abs(difference.mean()) < 4 * difference.std() / 200**0.5
    assert found[16].std() < 2 * found[64].std()


def test_without_a_memory():
    sets = SetDistance((5,), torch.nn.functional.l1_loss, memory=0)
    x, y = torch.rand(2, 8, 5)
    for _ in range(2):
        assert float(sets.energy(x, y, torch.zeros(8, 8))) == pytest.approx(float(energy_distance(x, y)), rel=1e-5)


def test_pictures_are_compared_coarse():
    x = torch.rand(3, 2, 64, 96)
    torch.testing.assert_close(coarse(x), x.view(3, 2, 16, 4, 16, 6).mean((3, 5)).flatten(1))
    v = torch.rand(3, 5)
    assert torch.equal(coarse(v), v)


@pytest.mark.parametrize(("height", "width"), [(40, 64), (50, 37), (33, 20), (16, 16), (9, 48)])
def test_sizes_that_do_not_divide(height, width):
    x = torch.rand(2, 1, height, width).to(memory_format=torch.channels_last)
    expected = torch.nn.functional.adaptive_avg_pool2d(x, (min(16, height), min(16, width)))
    torch.testing.assert_close(coarse(x), expected.flatten(1))


def test_energy_distance_where_all_are_made_of_one_another():
    x = torch.randn(2, 3, requires_grad=True)
    distance = energy_distance(x.detach(), x.mean(0).expand(2, 3), independent_pairs(torch.full((2, 2), 0.5)))
    distance.backward()
    assert float(distance.detach()) == 0
    assert not x.grad.any()


def test_energy_distance_of_items_that_are_all_alike():
    x, y = torch.ones(6, 3), torch.ones(6, 3, requires_grad=True)
    energy_distance(x, y).backward()
    assert torch.isfinite(y.grad).all()
