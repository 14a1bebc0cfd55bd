"""Attribute vectors on constructed codes with known answers."""

from __future__ import annotations

import numpy as np
import pytest

from gaiamorph.latent.attributes import METHODS, cosines, explained, fit


def confounded(count: int = 4000, follow: float = 0.85, seed: int = 0):
    """Two attributes with the correlation 2 follow - 1, and codes that are linear in them, plus noise."""
    rng = np.random.default_rng(seed)
    first = rng.random(count) < 0.5
    second = np.where(rng.random(count) < follow, first, ~first)
    a = np.stack([first, second], 1).astype(float)
    truth = np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    return a @ truth + 3.0 + 0.1 * rng.normal(size=(count, 3)), a, truth


def test_least_squares_finds_the_truth_that_mean_difference_mixes():
    z, a, truth = confounded()
    np.testing.assert_allclose(fit(z, a, "least_squares").vectors, truth, atol=0.02)
    mixed = fit(z, a, "mean_difference").vectors
    # E[second | first] - E[second | not first] = 0.7: so much of the other vector is mixed in.
    np.testing.assert_allclose(mixed, truth + 0.7 * truth[::-1], atol=0.05)


def test_mean_difference_is_what_it_says():
    z, a, _ = confounded(200)
    found = fit(z, a, "mean_difference")
    for k in range(2):
        np.testing.assert_allclose(found.vectors[k], z[a[:, k] == 1].mean(0) - z[a[:, k] == 0].mean(0))


def test_methods_agree_where_attributes_are_independent():
    z, a, _ = confounded(follow=0.5)
    vectors = [fit(z, a, method).vectors for method in METHODS]
    for other in vectors[1:]:
        assert np.diag(cosines(np.concatenate([vectors[0], other]))[:2, 2:]).min() > 0.995


def test_a_numeric_attribute_is_in_its_own_units():
    rng = np.random.default_rng(0)
    age = rng.uniform(20, 80, (500, 1))
    z = age @ np.array([[0.1, -0.2]]) + 0.01 * rng.normal(size=(500, 2))
    for method in METHODS:
        np.testing.assert_allclose(fit(z, age, method).vectors, [[0.1, -0.2]], rtol=0.02)


def test_missing_values_cost_mean_difference_nothing_elsewhere():
    z, a, _ = confounded()
    holed = a.copy()
    holed[::2, 1] = np.nan
    found = fit(z, holed, "mean_difference")
    assert found.items.tolist() == [4000, 2000]
    np.testing.assert_array_equal(found.vectors[0], fit(z, a, "mean_difference").vectors[0])
    assert fit(z, holed, "least_squares").items.tolist() == [2000, 2000]


def test_ridge_is_steadier_than_least_squares_for_near_copies():
    def vectors(method: str, seed: int) -> np.ndarray:
        z, a, _ = confounded(80, 0.97, seed)
        return fit(z + 2 * np.random.default_rng(seed).normal(size=z.shape), a, method).vectors

    spread = {m: np.std([vectors(m, s) for s in range(20)], 0).mean() for m in ("least_squares", "ridge")}
    assert spread["ridge"] < 0.8 * spread["least_squares"]


def test_confidence_shrinks_with_items_and_r2_is_the_share_explained():
    few, many = (fit(*confounded(n)[:2]) for n in (60, 4000))
    assert (many.error < 0.3 * few.error).all()
    z, a, _ = confounded()
    # Each attribute alone explains what the other does not. Without noise they explain everything.
    assert many.r2 == pytest.approx(explained(z, a))
    assert many.r2 > 0.97
    clean = a @ np.array([[1.0, 0.0], [0.0, 1.0]])
    assert explained(clean, a) == pytest.approx(1)
    assert explained(np.random.default_rng(1).normal(size=(4000, 3)), a) < 0.01
    assert (many.unique > 0).all()
    assert many.unique.sum() < many.r2  # what they share belongs to neither


def test_the_bootstrap_error_is_that_of_new_samples():
    z, a, truth = confounded(300)
    drawn = np.stack([fit(*confounded(300, seed=s)[:2]).vectors for s in range(1, 60)])
    real = np.sqrt(((drawn - truth) ** 2).mean(0).sum(1)) / np.linalg.norm(truth, axis=1)
    np.testing.assert_allclose(fit(z, a).error, real, rtol=0.35)
