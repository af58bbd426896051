"""What do a bad cell, outlying rows, tasks of fewer rows than columns, and few new tasks beside many do to a prior?

Every line is one number a seed, its mean, standard error and worst over seeds. Errors of coefficients ``w`` are the root
of ``1 + |found - w|^2``, that of predictions of rows of standard normal columns and noise one.
"""

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import GammaRegressor, HuberRegressor, PoissonRegressor, QuantileRegressor, Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.model_selection import OwnModel

FIRST_SEED, N_NEW = 1000, 40
SHAPES = ("diagonal", "factor", "full", "auto")


def learn(estimator, X, y, **options):
    """The model learned from ``X (T, n, d)`` and ``y (T, n)``."""
    table = np.c_[X.reshape(-1, X.shape[2]), np.repeat(np.arange(len(X)), X.shape[1])]
    return WarmStartRegressor(estimator, task=-1, learner=EmpiricalBayes(**options)).fit(table, y.ravel())


def error(models, W):
    return np.sqrt(1.0 + np.mean([((model.coef_ - w) ** 2).sum() for model, w in zip(models, W, strict=True)]))


# One bad cell ------------------------------------------------------------------------------------------------


def tasks_of_slopes(rng, estimator, n_tasks, n):
    X, W = rng.normal(size=(n_tasks, n, 4)), np.array([1.5, -1.0, 2.0, 0.5]) + 0.4 * rng.normal(size=(n_tasks, 4))
    if isinstance(estimator, Ridge):
        return X, W, np.einsum("tnd,td->tn", X, W) + rng.normal(size=(n_tasks, n))
    W = W / 4.0
    mean = np.exp(1.0 + np.einsum("tnd,td->tn", X, W))
    y = rng.poisson(mean) if isinstance(estimator, PoissonRegressor) else mean * rng.gamma(2.0, 0.5, mean.shape)
    return X, W, np.maximum(y.astype(float), 0.0 if isinstance(estimator, PoissonRegressor) else 1e-3)


def bad_cell(estimator, cell, n, seed):
    """Excess error on clean new tasks of ``n`` rows after one cell of 600 was spoilt, over that after a clean past."""
    found = []
    for bad in (cell, None):
        rng = np.random.default_rng(seed)
        X, _, y = tasks_of_slopes(rng, estimator, 30, 20)
        new, W, target = tasks_of_slopes(rng, estimator, N_NEW, n)
        if bad is not None:
            X[0, 0, 0] = bad
        prior = learn(estimator, X, y).prior_
        off = [np.sum((prior.adapt(estimator, a, b).coef_ - w) ** 2) for a, b, w in zip(new, target, W, strict=True)]
        found.append(np.mean(off) if not isinstance(estimator, Ridge) else 1.0 + np.mean(off))
    return 100.0 * (np.sqrt(found[0] / found[1]) - 1.0)


# Outlying rows -----------------------------------------------------------------------------------------------


def outlying_rows(estimator, shift, seed):
    """Excess error of warm fits over own ones, on the rows' true means; every eleventh target is shifted."""
    rng = np.random.default_rng(seed)
    task, X = np.repeat(np.arange(20), 20), rng.normal(size=(400, 3))
    w = rng.normal([1.0, -1.0, 0.5, 5.0], 0.5, size=(20, 4))
    truth = (X * w[task, :3]).sum(axis=1) + w[task, 3]
    y = truth + rng.normal(0.0, 0.3, 400)
    y[::11] += shift
    table, off = np.c_[X, task], []
    for model in (WarmStartRegressor(estimator, task=-1), OwnModel(estimator, task=-1)):
        off.append(np.sqrt(np.mean((model.fit(table, y).predict(table) - truth) ** 2)))
    return 100.0 * (off[0] / off[1] - 1.0)


# Fewer rows than columns -------------------------------------------------------------------------------------


def noise_of(shape, max_iter, seed):
    """The noise that is learned, of 40 tasks of 30 rows and 60 columns; the truth is 1."""
    rng = np.random.default_rng(seed)
    sd = np.repeat([1.0, 0.4, 0.1, 0.02], 15)
    W, X = rng.normal(size=60) * sd + rng.normal(size=(40, 60)) * sd, rng.normal(size=(40, 30, 60))
    y = np.einsum("tnd,td->tn", X, W) + rng.normal(size=(40, 30))
    return float(learn(Ridge(), X, y, covariance=shape, max_iter=max_iter).prior_.noise)


def correlated_blocks(rng, n_tasks, d=60):
    cov = np.zeros((d, d))
    for k, size in enumerate((0.5, 0.2, 0.05, 0.01)):
        own = slice(k * d // 4, (k + 1) * d // 4)
        F = rng.normal(size=(d // 4, 2))
        C = 0.5 * F @ F.T + 0.2 * np.eye(d // 4)
        cov[own, own] = 4.0 * size**2 * C / np.diag(C).mean()
    return 0.3 * rng.normal(size=d) + rng.multivariate_normal(np.zeros(d), cov, n_tasks)


def auto_over_full(n, seed):
    """Excess error of "auto" over "full" on new tasks of ``n`` rows, columns correlated in blocks."""
    rng = np.random.default_rng(seed)
    W, X = correlated_blocks(rng, 40 + N_NEW), rng.normal(size=(40 + N_NEW, 30, 60))
    y = np.einsum("tnd,td->tn", X, W) + rng.normal(size=(40 + N_NEW, 30))
    off = []
    for shape in ("auto", "full"):
        prior = learn(Ridge(), X[:40], y[:40], covariance=shape).prior_
        off.append(error([prior.adapt(Ridge(), a[:n], b[:n]) for a, b in zip(X[40:], y[40:], strict=True)], W[40:]))
    return 100.0 * (off[0] / off[1] - 1.0)


# Few new tasks beside many -----------------------------------------------------------------------------------


def few_new(n_old, n_new, seed):
    """Excess distance from the truth of new coefficients that are learned on together, over each adapted alone."""
    rng = np.random.default_rng(seed)

    def draw(n_tasks, n):
        task = np.repeat(np.arange(n_tasks), n)
        X, W = (
            rng.normal(size=(n_tasks * n, 8)),
            5.0 + rng.normal(size=(n_tasks, 8)) * np.r_[np.full(6, 0.05), 3.0, 5.0],
        )
        return np.c_[X, 1000 + task], (X * W[task]).sum(axis=1) + 0.5 * rng.normal(size=n_tasks * n), W

    past = WarmStartRegressor(Ridge(), task=-1).fit(*draw(n_old, 40)[:2])
    X, y, W = draw(n_new, 5)
    both = WarmStartRegressor(Ridge(), task=-1, prior=past.prior_).fit(X, y).estimators_
    off = []
    for models in (both, past.adapt(X, y)):
        each = [models[float(1000 + k)] for k in range(n_new)]
        off.append(sum(np.sum((m.coef_ - w) ** 2) + m.intercept_**2 for m, w in zip(each, W, strict=True)))
    return 100.0 * (np.sqrt(off[0] / off[1]) - 1.0)


# The table ---------------------------------------------------------------------------------------------------


def lines():
    """``(case, setting, measure, the worst of several, (function, its options))``; a seed comes last."""
    for estimator in (Ridge(), PoissonRegressor(), GammaRegressor()):
        for cell in (1e2, 1e4, 1e6):
            for n in (5, 10, 20):
                setting = f"{type(estimator).__name__}, {cell:g}, {n} rows"
                yield "one bad cell", setting, "excess over a clean past %", np.max, (bad_cell, estimator, cell, n)
    for estimator in (HuberRegressor(), QuantileRegressor(alpha=1e-4)):
        for shift in (0, 2, 5, 20, 200):
            setting = f"{type(estimator).__name__}, {shift}"
            yield "outlying rows", setting, "excess over own %", np.max, (outlying_rows, estimator, shift)
    for shape in SHAPES:
        for max_iter in (10, 20, 40, 80):
            setting = f"{shape}, {max_iter} sweeps"
            yield "rows < columns", setting, "noise, truth 1", np.min, (noise_of, shape, max_iter)
    for n in (5, 15, 30):
        yield "rows < columns", f"auto, {n} rows", 'excess over "full" %', np.max, (auto_over_full, n)
    for n_old, n_new in ((300, 5), (30, 10), (30, 5), (10, 5)):
        setting = f"{n_old} old, {n_new} new"
        yield "few new tasks", setting, "excess over alone %", np.max, (few_new, n_old, n_new)


def main():
    args = read_arguments(__doc__, seeds=0, only="")
    seeds = args.seeds or (2 if args.quick else 6)
    table = Table(
        f"Collections that are not clean, {seeds} seeds", ["case", "setting", "of", "mean", "s.e.", "worst"], 3
    )
    for case, setting, measure, worst, (measured, *options) in lines():
        if args.only in case:
            found = np.array([measured(*options, FIRST_SEED + seed) for seed in range(seeds)])
            cells = found.mean(), found.std(ddof=1) / np.sqrt(seeds), worst(found)
            table.add(case, setting, measure, *(f"{v:.2f}" if "noise" in measure else f"{v:+.1f}" for v in cells))
    table.show("the worst noise is the lowest; the past of 'one bad cell' has 30 tasks of 20 rows")


if __name__ == "__main__":
    main()
