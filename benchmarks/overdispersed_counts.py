"""Where counts scatter more than Poisson's, is their scatter found, and do new tasks gain?

Share of the deviance explained, D2, on further rows of new tasks of which five rows are known: warm, one PoissonRegressor for
all rows, the same times the task's level, and the true means. Levels differ by a factor of seven; the variance is the mean,
grows with its square (shape 5 or 1 of a gamma distribution of the means), or is three times the mean. Mean over the seeds
with the standard error of the lead over the pooled model, and the worst lead.

Then after a past that explains nothing, its targets permuted within tasks: what slopes did comes out as scatter. The excess of
the deviance over a task's own model, in per cent, with that scatter dropped, as it is where the law is more probably of no use,
and with it kept.
"""

from unittest import mock

import numpy as np
from _common import Table, clocked, read_arguments
from before_after import mean_and_error
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance

from skmeta import WarmStartRegressor
from skmeta.linear_model._mixture import robust_mixture

N_PAST, N_NEW, N_ROWS, N_FEATURES, SHOTS = 150, 50, 15, 5, 5
SHOTS_AFTER_NOISE = 5, 10, 20
SCATTERS = {
    "Poisson": lambda mean, rng: rng.poisson(mean),
    "grows, 1/5": lambda mean, rng: rng.poisson(mean * rng.gamma(5.0, 0.2, len(mean))),
    "grows, 1": lambda mean, rng: rng.poisson(mean * rng.gamma(1.0, 1.0, len(mean))),
    "three times": lambda mean, rng: rng.negative_binomial(mean / 2.0, 1.0 / 3.0),
}


def draw(seed, scatter):
    """``(X, y, mean, turn)``, the task in the last column of X, the turn of a row within it."""
    rng, n_tasks = np.random.default_rng(seed), N_PAST + N_NEW
    task, turn = np.repeat(np.arange(n_tasks), N_ROWS), np.tile(np.arange(N_ROWS), n_tasks)
    X = rng.standard_normal((len(task), N_FEATURES))
    slopes = 0.2 + 0.1 * rng.standard_normal((n_tasks, N_FEATURES))
    mean = np.exp(rng.normal(2.0, 2.0, n_tasks)[task] + (X * slopes[task]).sum(axis=1))
    return np.column_stack([X, task]), SCATTERS[scatter](mean, rng).astype(float), mean, turn


def explained(seed, scatter):
    """``(D2 (4,), dispersion, overdispersion, seconds)``: warm, pooled, pooled times the level, the true means."""
    X, y, mean, turn = draw(seed, scatter)
    past, query = X[:, -1] < N_PAST, (X[:, -1] >= N_PAST) & (turn >= SHOTS)
    warm, seconds = clocked(lambda: WarmStartRegressor(PoissonRegressor(), task=-1).fit(X[past], y[past]))
    pooled = PoissonRegressor(alpha=1e-4, max_iter=1000).fit(X[past, :-1], y[past]).predict(X[:, :-1])
    answers = np.stack([pooled, pooled, pooled, mean])
    for task in range(N_PAST, N_PAST + N_NEW):
        own = X[:, -1] == task
        known, asked = own & (turn < SHOTS), own & query
        answers[0, asked] = warm.adapt(X[known, :-1], y[known]).predict(X[asked, :-1])
        answers[2, asked] *= (y[known].sum() + 1.0) / (pooled[known].sum() + 1.0)
    law = warm.prior_.components[0]
    found = [d2_tweedie_score(y[query], each[query], power=1) for each in answers]
    return np.array(found), float(law.noise), law.overdispersion, seconds


def kept(learned, weights, explained):
    """The mixture of a law that is of use, whatever was judged."""
    return robust_mixture(learned._with(use=1.0), weights, explained)


def after_noise(seed, scatter, mean=5.0, n_tasks=40, n_rows=20, n_new=10):
    """``(2, 3)``: excess over own models in per cent, scatter dropped and kept, by `SHOTS_AFTER_NOISE`."""
    rng, task = np.random.default_rng(seed), np.repeat(np.arange(n_tasks), n_rows)
    slopes = 0.4 * rng.standard_normal(N_FEATURES)

    def rows(n):
        X = rng.standard_normal((n, N_FEATURES))
        return X, SCATTERS[scatter](mean * np.exp(X @ slopes), rng).astype(float)

    X, y = rows(len(task))
    table, y = np.column_stack([X, task]), rng.permuted(y.reshape(n_tasks, n_rows), axis=1).ravel()
    warm = [WarmStartRegressor(PoissonRegressor(), task=-1).fit(table, y)]
    with mock.patch("skmeta.linear_model._empirical_bayes.robust_mixture", kept):
        warm.append(WarmStartRegressor(PoissonRegressor(), task=-1).fit(table, y))
    found = np.zeros((3, len(SHOTS_AFTER_NOISE)))
    for i, shots in enumerate(SHOTS_AFTER_NOISE):
        for _ in range(n_new):
            (own, seen), (query, target) = rows(shots), rows(200)
            models = [each.adapt(own, seen) for each in warm] + [PoissonRegressor().fit(own, seen)]
            found[:, i] += [mean_poisson_deviance(target, each.predict(query)) for each in models]
    return 100.0 * (found[:2] / found[2] - 1.0)


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds = range(args.seeds or (2 if args.quick else 6))
    header = [
        "scatter",
        "dispersion",
        "excess",
        "warm",
        "pooled",
        "x level",
        "truth",
        "lead",
        "s.e.",
        "worst",
        "seconds",
    ]
    table = Table(f"D2 at {SHOTS} rows of new tasks, {len(seeds)} seeds", header)
    for scatter in SCATTERS:
        parts = zip(*(explained(seed, scatter) for seed in seeds), strict=True)
        found, noise, excess, seconds = (np.array(part) for part in parts)
        lead = found[:, 0] - found[:, 1]
        error = lead.std(ddof=1) / np.sqrt(len(lead))
        cells = *found.mean(axis=0), lead.mean(), error, lead.min(), seconds.mean()
        table.add(scatter, f"{noise.mean():.2f}", f"{excess.mean():.2f}", *(f"{cell:.3f}" for cell in cells))
    table.show()
    columns = [f"{word}, {n} rows" for word in ("dropped", "kept") for n in SHOTS_AFTER_NOISE]
    table = Table(
        f"Deviance above that of own models in % after a past of noise, {len(seeds)} seeds", ["scatter", *columns]
    )
    for scatter in SCATTERS:
        found = np.array([after_noise(seed, scatter).ravel() for seed in seeds])
        table.add(scatter, *(mean_and_error(column) for column in found.T))
    table.show()


if __name__ == "__main__":
    main()
