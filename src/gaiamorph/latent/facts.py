"""What codes say of the numbers beside items, such as the duration of a sound."""

import numpy as np
from sklearn.linear_model import RidgeCV

STRENGTHS = np.logspace(-3, 5, 17)


def fit_facts(z: np.ndarray, facts: np.ndarray) -> np.ndarray | None:
    """Weights and, last, constants (latent_dim + 1, F) that give facts (N, F) from codes z (N, latent_dim). None without facts.

    By ridge regression (Hoerl & Kennard 1970), of the strength that predicts items best that are left out.
    """
    if not facts.shape[1]:
        return None
    fitted = RidgeCV(STRENGTHS).fit(z, facts)
    return np.vstack([np.asarray(fitted.coef_).T, np.asarray(fitted.intercept_)]).astype(np.float32)
