"""Psychometric functions: where on a continuum participants begin to answer B, and how sharply.

The probability of the answer B at weight x is lapse + (1 - 2 lapse) / (1 + exp(-slope (x - pse))): a logistic function of a
participant who answers at random in a share of 2 lapse of the trials (Wichmann & Hill 2001, equation 1, with equal lapses). It is
fitted by maximum posterior density. Weak priors keep slopes finite where the steps of a continuum are too coarse to tell them (as
psignifit does: Schütt et al. 2016). Intervals are those of a parametric bootstrap, corrected for bias (Efron 1987).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit, logit, ndtr, ndtri

MOST_LAPSE = 0.1
"""A participant who answers more at random than in a fifth of the trials has no psychometric function."""
FLATTEST, STEEPEST = 0.5, 500.0
"""Slopes that are looked for, on a continuum of length 1."""
PRIOR_SLOPE, PRIOR_RAW = (np.log(10.0), 1.5), (-1.5, 1.5)
"""Mean and standard deviation: of the log of the slope on a continuum of length 1, and of the logit of lapse / MOST_LAPSE. In 95 %,
slopes then lie between 0.5 and 190, and lapses between 0.001 and 0.08."""
COARSE = 6.0
"""A logistic of this slope rises from 0.05 to 0.95 over a step of length 1."""
BOOTSTRAPS, INTERVAL = 1000, 0.95
UPDATES = 60
TINY = 1e-9


@dataclass(frozen=True)
class Fit:
    """One psychometric function.

    pse: point of subjective equality, the weight at which A and B are answered equally often. slope: of the logistic, per unit of
    weight; without lapses, the curve rises from a quarter to three quarters over 2.2 / slope. lapse: share of answers A at a clear
    B, and the reverse.
    Intervals (low, high) cover 95 %. Where the steps are too coarse to tell the slope, its interval is NaN, and that of the pse is
    the step that holds it.
    """

    pse: float
    slope: float
    lapse: float
    pse_interval: tuple[float, float] = (np.nan, np.nan)
    slope_interval: tuple[float, float] = (np.nan, np.nan)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The probability of the answer B at weights x."""
        return _probability(np.array([[self.pse, np.log(self.slope), _raw(self.lapse)]]), np.asarray(x, float))[0]


def fit(x: np.ndarray, b: np.ndarray, n: np.ndarray, *, bootstraps: int = BOOTSTRAPS, seed: int = 0) -> Fit:
    """The function of one participant. x (L,): weights; b, n (L,): answers B, and trials, at each.

    Raises ValueError if fewer than three weights have trials, or if all answers are the same.
    """
    shown = np.flatnonzero(np.asarray(n) > 0)
    order = shown[np.argsort(np.asarray(x)[shown])]
    x, b, n = (np.asarray(values, float)[order] for values in (x, b, n))
    if len(np.unique(x)) < 3:
        raise ValueError("fewer than three weights were judged")
    if b.sum() in (0, n.sum()):
        raise ValueError("all answers are the same")
    length = x.max() - x.min()
    starts = [(pse, slope / length) for pse in np.quantile(x, np.linspace(0.1, 0.9, 7)) for slope in (4.0, 20.0)]
    best = _fitted(x, b[None], n, starts)[0]
    pse, slope, lapse = float(best[0]), float(np.exp(best[1])), float(_lapse(best[2]))
    after = int(np.searchsorted(x, pse))
    if 0 < after < len(x) and slope * (x[after] - x[after - 1]) > COARSE:
        # Answers are certain at all weights, so that drawing them again would say that nothing is unknown.
        return Fit(pse, slope, lapse, (float(x[after - 1]), float(x[after])))
    rng = np.random.default_rng(seed)
    again = rng.binomial(n.astype(int), _probability(best[None], x)[0], (bootstraps, len(x))).astype(float)
    drawn = _fitted(x, again, n, [(pse, slope), (pse, slope / 3)])
    return Fit(pse, slope, lapse, _interval(drawn[:, 0], pse), _interval(np.exp(drawn[:, 1]), slope))


def evenly_perceived(fits: Sequence[Fit], count: int, ends: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    """Weights (count,) between which the answers of participants change by equal amounts, on average, with both ends.

    The share of B, a mean over participants without their lapses, rises by as much from each weight to the next.
    """
    x = np.linspace(*ends, 2001)
    share = np.mean([expit(one.slope * (x - one.pse)) for one in fits], axis=0)
    return np.interp(np.linspace(share[0], share[-1], count), share, x)


def _lapse(raw: np.ndarray) -> np.ndarray:
    return MOST_LAPSE * expit(raw)


def _raw(lapse: float) -> float:
    return float(logit(np.clip(lapse / MOST_LAPSE, TINY, 1 - TINY)))


def _probability(parameters: np.ndarray, x: np.ndarray) -> np.ndarray:
    """parameters (N, 3): pse, log of the slope, and what gives the lapse -> (N, L)."""
    pse, log_slope, raw = parameters.T[..., None]
    lapse = _lapse(raw)
    return lapse + (1 - 2 * lapse) * expit(np.exp(log_slope) * (x - pse))


def _prior(length: float) -> tuple[np.ndarray, np.ndarray]:
    """Means and precisions (3,) of normal priors of the parameters. That of the pse is flat."""
    means = np.array([0, PRIOR_SLOPE[0] - np.log(length), PRIOR_RAW[0]])
    return means, np.array([0, PRIOR_SLOPE[1] ** -2, PRIOR_RAW[1] ** -2])


def _loss(parameters: np.ndarray, x: np.ndarray, b: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Negative log-posteriors (N,), without constants."""
    p = np.clip(_probability(parameters, x), TINY, 1 - TINY)
    means, precisions = _prior(float(np.ptp(x)))
    prior = 0.5 * (precisions * np.square(parameters - means)).sum(1)
    return prior - (b * np.log(p) + (n - b) * np.log1p(-p)).sum(1)


def _fitted(x: np.ndarray, b: np.ndarray, n: np.ndarray, starts: Sequence[tuple[float, float]]) -> np.ndarray:
    """Parameters (N, 3) of many sets of answers b (N, L) at once, the best of several starts (pse, slope)."""
    length = x.max() - x.min()
    low = np.array([x.min() - length, np.log(FLATTEST / length), -8.0])
    high = np.array([x.max() + length, np.log(STEEPEST / length), 8.0])
    best, lowest = np.zeros((len(b), 3)), np.full(len(b), np.inf)
    for pse, slope in starts:
        start = np.clip([pse, np.log(slope), -1.0], low, high)
        found, loss = _scored(np.tile(start, (len(b), 1)), low, high, x, b, n)
        better = loss < lowest
        best[better], lowest[better] = found[better], loss[better]
    return best


def _scored(
    parameters: np.ndarray, low: np.ndarray, high: np.ndarray, x: np.ndarray, b: np.ndarray, n: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (N, 3) after Fisher scoring with damping, and their losses (N,). A step that does not help is taken back."""
    damping, loss = np.full(len(b), 1e-2), _loss(parameters, x, b, n)
    means, precisions = _prior(float(np.ptp(x)))
    for _ in range(UPDATES):
        slope, lapse = np.exp(parameters[:, 1:2]), _lapse(parameters[:, 2:3])
        s = expit(slope * (x - parameters[:, :1]))
        p = np.clip(lapse + (1 - 2 * lapse) * s, TINY, 1 - TINY)
        steep = (1 - 2 * lapse) * s * (1 - s) * slope
        # Derivatives of p by pse, log slope and the raw lapse: (N, L, 3).
        d = np.stack([-steep, steep * (x - parameters[:, :1]), (1 - 2 * s) * lapse * (1 - lapse / MOST_LAPSE)], axis=2)
        weight = n / (p * (1 - p))
        gradient = np.einsum("nl,nlk->nk", (b / n - p) * weight, d) - precisions * (parameters - means)
        information = np.einsum("nl,nlj,nlk->njk", weight, d, d) + np.diag(precisions)
        diagonal = np.einsum("nkk->nk", information)
        damped = information + np.eye(3) * (damping[:, None] * (diagonal + 1e-6))[:, :, None] + 1e-9 * np.eye(3)
        tried = np.clip(parameters + np.linalg.solve(damped, gradient[..., None])[..., 0], low, high)
        after = _loss(tried, x, b, n)
        better = after < loss
        parameters = np.where(better[:, None], tried, parameters)
        loss = np.where(better, after, loss)
        damping = np.where(better, damping / 4, damping * 6).clip(1e-7, 1e7)
    return parameters, loss


def _interval(drawn: np.ndarray, value: float) -> tuple[float, float]:
    """The bias-corrected percentile interval."""
    below = np.clip((drawn < value).mean() + 0.5 * (drawn == value).mean(), TINY, 1 - TINY)
    tails = ndtr(2 * ndtri(below) + ndtri(np.array([0.5 - INTERVAL / 2, 0.5 + INTERVAL / 2])))
    low, high = np.quantile(drawn, tails)
    return float(low), float(high)
