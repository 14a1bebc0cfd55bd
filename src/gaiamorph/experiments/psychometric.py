"""Psychometric functions: where on a continuum participants begin to answer B, and how sharply.

The probability of the answer B at weight x is lapse + (1 - 2 lapse) / (1 + exp(-slope (x - pse))): a logistic function of a
participant who answers at random in a share of 2 lapse of the trials (Wichmann & Hill 2001, equation 1, with equal lapses). It is
fitted by maximum posterior density. Weak priors keep slopes finite where the steps of a continuum are too coarse to tell them.
Intervals are those of the posterior, which is summed over a grid. Both are as in psignifit (Schütt et al. 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit

MOST_LAPSE = 0.1
"""A participant who answers more at random than in a fifth of the trials has no psychometric function."""
FLATTEST, STEEPEST = 0.5, 500.0
"""Slopes that are looked for, on a continuum of length 1."""
PRIOR_SLOPE, PRIOR_RAW = (np.log(10.0), 1.5), (-1.5, 1.5)
"""Mean and standard deviation: of the log of the slope on a continuum of length 1, and of the logit of lapse / MOST_LAPSE. In 95 %,
slopes then lie between 0.5 and 190, and lapses between 0.001 and 0.08."""
COARSE = 6.0
"""A logistic of this slope rises from 0.05 to 0.95 over a step of length 1."""
FALLING, RISING = -3.0, 2.0
"""Trends of answers from A to B, in standard errors. Below the first one A and B are swapped; up to the second one it is chance."""
INTERVAL = 0.95
GRID, WIDTH = (41, 41, 15), 5.0
"""Points of the grid by parameter, and how many standard deviations it reaches to each side."""
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
    is_flat: bool = False
    """Whether answers do not rise from A to B by more than chance gives: they say nothing of a pse."""

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The probability of the answer B at weights x."""
        return _probability(np.array([[self.pse, np.log(self.slope), _raw(self.lapse)]]), np.asarray(x, float))[0]


def fit(x: np.ndarray, b: np.ndarray, n: np.ndarray) -> Fit:
    """The function of one participant. x (L,): weights; b, n (L,): answers B, and trials, at each.

    Raises ValueError if fewer than three weights have trials, if all answers are the same, or if they fall from A to B.
    """
    shown = np.flatnonzero(np.asarray(n) > 0)
    order = shown[np.argsort(np.asarray(x)[shown])]
    x, b, n = (np.asarray(values, float)[order] for values in (x, b, n))
    if len(np.unique(x)) < 3:
        raise ValueError("fewer than three weights were judged")
    if b.sum() in (0, n.sum()):
        raise ValueError("all answers are the same")
    trend = _trend(x, b, n)
    if trend < FALLING:
        raise ValueError("answers B become fewer towards B, so A and B are probably swapped")
    best = _fitted(x, b, n)
    pse, slope, lapse = float(best[0]), float(np.exp(best[1])), float(_lapse(best[2]))
    after = int(np.searchsorted(x, pse))
    if 0 < after < len(x) and slope * (x[after] - x[after - 1]) > COARSE:
        # Any point of the step would do as well, and any steep slope.
        return Fit(pse, slope, lapse, (float(x[after - 1]), float(x[after])))
    of_pse, of_slope = _intervals(best, x, b, n)
    return Fit(pse, slope, lapse, of_pse, (float(np.exp(of_slope[0])), float(np.exp(of_slope[1]))), trend < RISING)


def evenly_perceived(fits: Sequence[Fit], count: int, ends: tuple[float, float] = (0.0, 1.0)) -> np.ndarray:
    """Weights (count,) between which the answers of participants change by equal amounts, on average, with both ends.

    The share of B, a mean over participants without their lapses, rises by as much from each weight to the next.
    """
    x = np.linspace(*ends, 2001)
    share = np.mean([expit(one.slope * (x - one.pse)) for one in fits], axis=0)
    return np.interp(np.linspace(share[0], share[-1], count), share, x)


def _trend(x: np.ndarray, b: np.ndarray, n: np.ndarray) -> float:
    """How much answers B rise with x, in standard errors of answers that do not (Cochran 1954, Armitage 1955)."""
    share, away = b.sum() / n.sum(), x - (n * x).sum() / n.sum()
    return float((away * b).sum() / np.sqrt(share * (1 - share) * (n * away**2).sum()))


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


def _fitted(x: np.ndarray, b: np.ndarray, n: np.ndarray) -> np.ndarray:
    """The parameters (3,) of the largest posterior density."""
    length = float(np.ptp(x))
    slopes = np.log(np.geomspace(FLATTEST, STEEPEST, 20) / length)
    starts = np.stack(np.meshgrid(np.linspace(x.min(), x.max(), 41), slopes, [-1.0]), -1).reshape(-1, 3)
    start = starts[_loss(starts, x, b, n).argmin()]
    bounds = [(x.min() - length, x.max() + length), (slopes[0], slopes[-1]), (-8.0, 8.0)]
    return minimize(lambda one: float(_loss(one[None], x, b, n)[0]), start, method="L-BFGS-B", bounds=bounds).x


def _intervals(best: np.ndarray, x: np.ndarray, b: np.ndarray, n: np.ndarray) -> list[tuple[float, float]]:
    """Intervals (low, high) of the pse and of the log of the slope: from the marginals of the posterior."""
    spread = np.sqrt(np.diag(np.linalg.inv(_information(best, x, n))))
    axes = [
        np.linspace(value - WIDTH * sd, value + WIDTH * sd, k) for value, sd, k in zip(best, spread, GRID, strict=True)
    ]
    loss = _loss(np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3), x, b, n).reshape(GRID)
    density, found = np.exp(loss.min() - loss), []
    for kept, others in ((0, (1, 2)), (1, (0, 2))):
        marginal = density.sum(others)
        below = np.concatenate([[0.0], np.cumsum(marginal[1:] + marginal[:-1])])
        low, high = np.interp(np.array([0.5 - INTERVAL / 2, 0.5 + INTERVAL / 2]) * below[-1], below, axes[kept])
        found.append((float(low), float(high)))
    return found


def _information(parameters: np.ndarray, x: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Expected information (3, 3) of the answers and the priors at parameters (3,)."""
    pse, log_slope, raw = parameters
    slope, lapse = np.exp(log_slope), _lapse(raw)
    s = expit(slope * (x - pse))
    p = np.clip(lapse + (1 - 2 * lapse) * s, TINY, 1 - TINY)
    steep = (1 - 2 * lapse) * s * (1 - s) * slope
    by = np.stack([-steep, steep * (x - pse), (1 - 2 * s) * lapse * (1 - lapse / MOST_LAPSE)])
    _, precisions = _prior(float(np.ptp(x)))
    return (by * (n / (p * (1 - p)))) @ by.T + np.diag(precisions)
