"""The models as scikit-learn has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import gaiamorph as gm
from gaiamorph.errors import UserError


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([gm.GAIA(steps=2)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(300, 2))
    return (hidden @ rng.normal(size=(2, 5)) + 0.05 * rng.normal(size=(300, 5))) * [1, 10, 0.1, 1000, 1] + 7


def test_codes_and_back(rows):
    model = gm.GAIA(2, model="ae", steps=600, random_state=0).fit(rows)
    z = model.transform(rows)
    assert z.shape == (300, 2)
    again = model.inverse_transform(z)
    # Two numbers say nearly all of these rows; each column in its own units.
    assert (np.abs(again - rows).mean(0) < 0.15 * rows.std(0)).all()
    error = np.abs(again - rows) / (2 * np.asarray(model.space_.kind.half_range))
    assert model.score(rows) == pytest.approx(-error.mean(), rel=1e-3)
    np.testing.assert_array_equal(z, gm.GAIA(2, model="ae", steps=600, random_state=0).fit_transform(rows))


def test_the_space_is_there(rows):
    model = gm.GAIA(3, steps=5, random_state=1).fit(rows)
    z = model.space_.encode(rows.astype(np.float32))
    np.testing.assert_allclose(model.transform(rows), z, atol=1e-4)
    assert list(model.get_feature_names_out()) == ["gaia0", "gaia1", "gaia2"]


def test_grid_search_over_the_length_of_codes():
    X, y = load_digits(return_X_y=True)
    X, y = X[:300], y[:300]
    pipeline = make_pipeline(gm.GAIA(model="ae", steps=200, random_state=0), LogisticRegression(max_iter=1000))
    search = GridSearchCV(pipeline, {"gaia__n_components": [1, 16]}, cv=2).fit(X, y)
    assert search.best_params_ == {"gaia__n_components": 16}
    assert search.best_score_ > 0.7
    assert cross_val_score(gm.GAIA(4, model="vae", steps=20, random_state=0), X, cv=2).max() < 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "gan"}, "must be one of"),
        ({"model": "nothing"}, "must be one of"),
        ({"n_components": 0}, "must be >= 1"),
        ({"options": {"nothing": 1}}, "no option nothing"),
        ({"steps": -1}, "must be >= 1"),
        ({"options": {"model": "gan"}}, "give model instead"),
        ({"options": {"latent_dim": 3}}, "give n_components instead"),
    ],
)
def test_bad_options(rows, options, message):
    with pytest.raises(ValueError, match=message):
        gm.GAIA(**options).fit(rows)


def test_bad_input(rows):
    with pytest.raises(ValueError, match="minimum of 4"):
        gm.GAIA(steps=2).fit(rows[:3])
    with pytest.raises(UserError, match="too large"):
        gm.GAIA(steps=2).fit(rows * 1e40)
    model = gm.GAIA(2, steps=2).fit(rows)
    with pytest.raises(UserError, match="2 columns"):
        model.inverse_transform(np.zeros((1, 3)))


def test_numbers_of_numpy_are_numbers(rows):
    options = {"batch_size": np.int64(8), "threads": 1}
    made = gm.GAIA(np.int64(2), steps=np.int64(2), options=options).fit(rows)
    assert made.transform(rows).shape == (len(rows), 2)
    with pytest.raises(TypeError, match="n_components"):
        gm.GAIA(2.5, steps=2).fit(rows)
