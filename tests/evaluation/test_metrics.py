"""Measures on constructed cases with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from gaiamorph.data import synthetic
from gaiamorph.evaluation.case import standard_error
from gaiamorph.evaluation.inside import inside_data
from gaiamorph.evaluation.realism import BLOCKS, kept, kernel_distance, kernel_distances
from gaiamorph.evaluation.sharpness import octave_energies


def fresh(name="circles"):
    return [synthetic.draw(name, 3000, 0, f"part {i}") for i in range(4)]


def test_real_points_are_inside_and_cover():
    a, b, c, d = fresh()
    share, coverage = inside_data(d, a, b, c)
    assert share == pytest.approx(0.99, abs=0.01)
    assert coverage > 0.99


def test_points_in_the_gap_are_outside():
    a, b, c, d = fresh()
    assert inside_data(0.75 * d / np.linalg.norm(d, axis=1, keepdims=True), a, b, c)[0] == 0


def test_giving_up_a_part_costs_coverage_alone():
    a, b, c, d = fresh()
    outer = d[np.linalg.norm(d, axis=1) > 0.75]
    share, coverage = inside_data(outer, a, b, c)
    assert share > 0.97
    assert coverage == pytest.approx(0.5, abs=0.03)


def test_units_do_not_matter():
    parts = fresh("moons")
    scaled = [p * [1000, 0.01] + [5, -3] for p in parts]
    one, other = inside_data(parts[3], *parts[:3]), inside_data(scaled[3], *scaled[:3])
    assert one == pytest.approx(other, abs=1e-3)


def test_kernel_distance_against_loops():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(6, 4)), rng.normal(size=(5, 4)) + 1

    def k(x, y):
        return (x @ y / 4 + 1) ** 3

    aa = np.mean([k(a[i], a[j]) for i in range(6) for j in range(6) if i != j])
    bb = np.mean([k(b[i], b[j]) for i in range(5) for j in range(5) if i != j])
    ab = np.mean([k(x, y) for x in a for y in b])
    assert kernel_distance(a, b) == pytest.approx(aa + bb - 2 * ab)


def test_kernel_distance_is_unbiased_at_zero_and_grows_with_a_shift():
    rng = np.random.default_rng(0)
    same = [kernel_distance(rng.normal(size=(40, 8)), rng.normal(size=(60, 8))) for _ in range(300)]
    assert abs(np.mean(same)) < 4 * np.std(same) / np.sqrt(300)
    shifts = [kernel_distance(rng.normal(size=(500, 8)), rng.normal(size=(500, 8)) + s) for s in (0.2, 0.5, 1.0)]
    assert 0 < shifts[0] < shifts[1] < shifts[2]


def test_kernel_distance_leaves_out_pairs_that_share_a_group():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(6, 4)), rng.normal(size=(5, 4)) + 1
    groups_a, groups_b = np.array([[0, 1], [1, 2], [3, 4], [0, 2], [5, 6], [6, 0]]), np.array([[0], [0], [1], [2], [7]])

    def mean(x, y, gx, gy, same):
        pairs = [
            (i, j)
            for i in range(len(x))
            for j in range(len(y))
            if not (same and i == j) and not set(gx[i]) & set(gy[j])
        ]
        return np.mean([(x[i] @ y[j] / 4 + 1) ** 3 for i, j in pairs])

    expected = mean(a, a, groups_a, groups_a, True) + mean(b, b, groups_b, groups_b, True)
    expected -= 2 * mean(a, b, groups_a, groups_b, False)
    assert kernel_distance(a, b, groups_a, groups_b) == pytest.approx(expected)
    with pytest.raises(ValueError, match="unrelated"):
        kernel_distance(a, b, groups_a, np.zeros((5, 1)))


def test_kernel_distance_is_unbiased_for_people_seen_several_times_and_their_reconstructions():
    """Ten people with three pictures each, and some of the very same pictures as what was made of them."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(10), 3)[:, None]
    with_groups, without = [], []
    for _ in range(300):
        real = rng.normal(size=(10, 8))[people[:, 0]] + 0.3 * rng.normal(size=(30, 8))
        some = rng.integers(0, 30, 40)
        with_groups.append(kernel_distance(real[some], real, people[some], people))
        without.append(kernel_distance(real[some], real))
    assert abs(np.mean(with_groups)) < 4 * np.std(with_groups) / np.sqrt(300)
    assert np.mean(without) < -0.2


def test_fine_detail_by_frequency():
    x = np.arange(32)
    wave = lambda cycles: np.tile(np.round(127.5 + 100 * np.sin(2 * np.pi * cycles * x / 32)), (32, 1)).astype(np.uint8)  # noqa: E731
    coarse, fine = (octave_energies(wave(c)[None, :, :, None])[-1] for c in (4, 12))
    assert coarse < 1e-6
    assert fine == pytest.approx((100 / 255) ** 2 / 2, rel=0.02), "the variance of a sine, all of it fine"


def test_without_each_group_is_what_the_rest_alone_gives():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(12, 4)), rng.normal(size=(9, 4))
    groups_a, groups_b = rng.integers(0, 5, (12, 2)), np.array([0, 0, 1, 2, 2, 3, 4, 4, 7])[:, None]
    distance, without = kernel_distances(a, b, groups_a, groups_b)
    assert distance == pytest.approx(kernel_distance(a, b, groups_a, groups_b))
    for found, group in zip(without, (0, 1, 2, 3, 4, 7), strict=True):
        of_a, of_b = (groups_a != group).all(1), groups_b[:, 0] != group
        assert found == pytest.approx(kernel_distance(a[of_a], b[of_b], groups_a[of_a], groups_b[of_b]))
    assert without[-1] != pytest.approx(distance), "the last group has items of b alone"


def test_many_groups_are_left_out_in_blocks():
    of = np.arange(0, 400, 2)
    stays = kept(np.array([[0, 2], [1, 3], [0, 100], [398, 399]]), of)
    assert stays.shape == (BLOCKS, 4)
    assert [np.flatnonzero(~column).tolist() for column in stays.T] == [[0, 1], [], [0], [BLOCKS - 1]]


def test_the_standard_error_is_the_spread_over_other_people():
    """For means, where the formula is exact, and for kernel distances between sets of different people."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=30)
    without = (x.sum() - x) / 29
    assert standard_error(without) == pytest.approx(x.std(ddof=1) / np.sqrt(30))
    people = np.repeat(np.arange(30), 2)[:, None]
    distances, errors = [], []
    for _ in range(200):
        real = rng.normal(size=(30, 6))[people[:, 0]] + 0.3 * rng.normal(size=(60, 6))
        distance, without = kernel_distances(1.5 * real, real, people, people)
        distances.append(distance)
        errors.append(standard_error(without))
    assert np.mean(errors) == pytest.approx(np.std(distances), rel=0.2)


def test_no_standard_error_where_nothing_is_left():
    rng = np.random.default_rng(0)
    groups = np.array([[0], [0], [1], [1]])
    _, without = kernel_distances(rng.normal(size=(4, 3)), rng.normal(size=(4, 3)), groups, groups)
    assert standard_error(without) is None
    assert standard_error(np.zeros(1)) is None


def test_inside_takes_a_constant_column():
    parts = [np.concatenate([p, np.full((len(p), 1), 7.0)], 1) for p in fresh("moons")]
    assert inside_data(parts[3], *parts[:3]) == inside_data(*[p[:, :2] for p in (parts[3], *parts[:3])])
