"""`GAIA`: a model of rows of numbers as scikit-learn has it, for pipelines and searches over parameters."""

import copy
import tempfile
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_scalar
from sklearn.utils.validation import check_array, check_is_fitted, check_random_state, validate_data

from gaiamorph.data.splits import SMALLEST
from gaiamorph.data.vectors import rows_in_memory
from gaiamorph.errors import UserError
from gaiamorph.models import MODELS
from gaiamorph.networks import Autoencoder
from gaiamorph.training.log import Display
from gaiamorph.training.loop import train
from gaiamorph.training.machine import Processes, launch
from gaiamorph.training.settings import from_dict, settled


class GAIA(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Codes of rows, and rows of codes, by any model with an encoder.

    n_components: length of a code. By default one more than X has columns, at most 16.
    model: ``gaia``, ``ae``, ``vae``, ``vae_gan``, ``aae`` or ``acai``.
    steps: of the training.
    options: other fields of `TrainSettings` by name, such as ``{"batch_size": 64}``.
    random_state: an int, a `numpy.random.RandomState` or None, as in scikit-learn.
    verbose: whether to show the progress of the training.

    After `fit`, ``space_`` is the `LatentSpace`, which also samples and morphs, and ``n_features_in_`` the number of columns.
    Columns need not be scaled: the range of each in X is.
    """

    def __init__(
        self,
        n_components: int | None = None,
        *,
        model: str = "gaia",
        steps: int = 3000,
        options: dict[str, Any] | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.n_components = n_components
        self.model = model
        self.steps = steps
        self.options = options
        self.random_state = random_state
        self.verbose = verbose

    def fit(self, X: Any, y: Any = None) -> Self:
        """Train on X (N, D). A tenth of the rows is held out, to choose between weights. y: ignored.

        Raises ValueError for input or options that cannot be used.
        """
        items = _single(validate_data(self, X, dtype=np.float64, ensure_min_samples=SMALLEST))
        if self.model not in MODELS or not MODELS[self.model].can_encode:
            known = ", ".join(name for name, model in MODELS.items() if model.can_encode)
            raise UserError(f"model must be one of {known}, not {self.model!r}")
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        steps = check_scalar(self.steps, "steps", Integral, min_val=1)
        options = {name: x.item() if isinstance(x, np.generic) else x for name, x in (self.options or {}).items()}
        own = {"model": "model", "steps": "steps", "seed": "random_state", "latent_dim": "n_components"}
        for name in own.keys() & options.keys():
            raise UserError(f"options hold {name}: give {own[name]} instead")
        given = {"device": "cpu", **options, "model": self.model, "steps": int(steps), "seed": seed}
        if self.n_components is not None:
            given["latent_dim"] = int(check_scalar(self.n_components, "n_components", Integral, min_val=1))
        columns = [str(name) for name in getattr(self, "feature_names_in_", [f"x{i}" for i in range(items.shape[1])])]
        data = rows_in_memory(items, columns, seed)
        settings, threads = settled(from_dict(given), data), torch.get_num_threads()
        try:
            with tempfile.TemporaryDirectory() as folder:
                fabric = launch(Processes(1, 1), settings.device)
                self.space_ = train(data, settings, Path(folder), fabric, Display(self.verbose), figures=False)
        finally:
            torch.set_num_threads(threads)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Rows X (N, D) -> codes (N, n_components), float64."""
        check_is_fitted(self)
        return self._encoded(_single(validate_data(self, X, dtype=np.float64, reset=False)))

    def inverse_transform(self, X: Any) -> np.ndarray:
        """Codes X (N, n_components) -> rows (N, D), float64, in the units of the training rows."""
        check_is_fitted(self)
        z = check_array(X, dtype="float64", input_name="X", copy=True)  # torch takes no array that is not writable
        if z.shape[1] != self.space_.latent_dim:
            raise UserError(f"codes must have {self.space_.latent_dim} columns, not {z.shape[1]}")
        with torch.inference_mode():
            x = _double(self.space_.generator).decode(torch.from_numpy(z))
        return self.space_.kind.to_items(x).astype(np.float64)

    def score(self, X: Any, y: Any = None) -> float:
        """Minus the mean absolute error of reconstructions, as a share of each column's range in training. y: ignored."""
        check_is_fitted(self)
        items = _single(validate_data(self, X, dtype=np.float64, reset=False))
        again = _single(self.inverse_transform(self._encoded(items)))
        whole = 2 * np.asarray(self.space_.kind.half_range)  # type: ignore[attr-defined]
        return -float((np.abs(again.astype(np.float64) - items) / whole).mean())

    def _encoded(self, items: np.ndarray) -> np.ndarray:
        with torch.inference_mode():
            return _double(self.space_.generator).encode(self.space_.kind.to_tensor(items).double()).numpy()

    @property
    def _n_features_out(self) -> int:
        return self.space_.latent_dim


def _double(generator: Autoencoder) -> Autoencoder:
    """A copy that computes in float64: there a row has the same code whatever rows are beside it, as scikit-learn asks."""
    return copy.deepcopy(generator).double()


def _single(X: Any) -> np.ndarray:
    """float64 -> float32. Raises UserError for numbers that are too large."""
    if len(X) and np.abs(X).max() > np.finfo(np.float32).max:
        raise UserError("X has values that are too large for float32")
    return np.asarray(X, dtype=np.float32)
