"""Made-up tasks that drift, one model a day, and the best forecasts of one who knows their law.

Columns are N(0, 1) and an intercept stands last; the noise has variance one, so that the error of coefficients is exact:
``RMSE^2 = 1 + |w_hat - w|^2``. The mean of the coefficients is N(0, I).
"""

from dataclasses import dataclass

import numpy as np

N_DAYS, N_PAST, N_ROWS, P = 200, 160, 10, 7


@dataclass(frozen=True)
class Truth:
    """Standard deviations of what drifts and of a day's own, the correlation after a day, and whether days are missing."""

    state: float
    correlation: float | None
    own: float = 0.0
    gaps: bool = False

    def after(self, gap):
        """What is left of a state after a gap, and the variance that comes; without a correlation it walks."""
        if self.correlation is None:
            return 1.0, gap * self.state**2
        left = self.correlation**gap
        return left, self.state**2 * (1.0 - left**2)


TRUTHS = {
    "random walk": Truth(0.15, None),
    "AR(1) .9": Truth(0.6, 0.9),
    "AR(1) .9, gaps": Truth(0.6, 0.9, gaps=True),
    "AR(1) .95, a day's own": Truth(0.6, 0.95, own=0.3),
    "constant": Truth(0.0, None),
    "exchangeable": Truth(0.0, None, own=0.5),
}


@dataclass(frozen=True)
class Days:
    """``time (n_days,)``, coefficients ``W (n_days, P)`` around ``mean (P,)``, rows ``X (n_days, N_ROWS, P)`` and ``y``."""

    time: np.ndarray
    mean: np.ndarray
    W: np.ndarray
    X: np.ndarray
    y: np.ndarray


def draw(truth, seed, p=P):
    """The days of one truth, of ``p`` coefficients."""
    rng = np.random.default_rng(seed)
    gap = np.where(rng.random(N_DAYS) < 0.6, 1, rng.geometric(0.12, N_DAYS) + 1) if truth.gaps else np.ones(N_DAYS, int)
    mean, steps = rng.normal(size=p), rng.normal(size=(N_DAYS, p))
    state = truth.state * steps[0]
    W = np.empty((N_DAYS, p))
    for t in range(N_DAYS):
        if t:
            left, new = truth.after(gap[t])
            state = left * state + np.sqrt(new) * steps[t]
        W[t] = mean + state + truth.own * rng.normal(size=p)
    X = rng.normal(size=(N_DAYS, N_ROWS, p))
    X[:, :, -1] = 1.0
    y = np.einsum("tnp,tp->tn", X, W) + rng.normal(size=(N_DAYS, N_ROWS))
    return Days(np.cumsum(gap).astype(float), mean, W, X, y)


def updated(mean, variance, X, y):
    """Posterior mean and covariance of coefficients that were N(mean, variance), after rows of noise one."""
    if not len(y):
        return mean, variance
    gain = np.linalg.solve(X @ variance @ X.T + np.eye(len(y)), X @ variance).T
    return mean + gain @ (y - X @ mean), variance - gain @ X @ variance


def oracle(truth, days, shots):
    """Forecasts of the days after the past with some of their rows known, ``{n: (n_days, P)}``, by Kalman's filter.

    It knows the law and the mean, of a walk where it began, and nothing of the states but by the rows of earlier days.
    """
    state, variance, own = days.mean.copy(), truth.state**2 * np.eye(P), truth.own**2 * np.eye(P)
    found = {n: [] for n in shots}
    for t in range(N_DAYS):
        if t:
            left, new = truth.after(days.time[t] - days.time[t - 1])
            state, variance = days.mean + left * (state - days.mean), left**2 * variance + new * np.eye(P)
        if t >= N_PAST:
            for n in shots:
                found[n].append(updated(state, variance + own, days.X[t, :n], days.y[t, :n])[0])
        # A day's own deviation is noise about its state: it is shared by the day's rows.
        X, y = days.X[t], days.y[t]
        noise = X @ own @ X.T + np.eye(N_ROWS)
        gain = np.linalg.solve(X @ variance @ X.T + noise, X @ variance).T
        state, variance = state + gain @ (y - X @ state), variance - gain @ X @ variance
    return {n: np.array(each) for n, each in found.items()}
