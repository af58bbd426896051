"""What do few rows in the order of time make of a prior, and what do its outlier components cost or bring there?

Made-up panels: prices, incomes and sizes that grow with the years, errors that follow each other, tasks of unequal sizes.
A third of the tasks is new; its first rows, or as many at random, are known, the rows after them are predicted. Cells are
the share of the variance explained: by the mixture, by it without the vague component, by the learned component alone,
and by the task's own Ridge; the mean over the seeds.
"""

import dataclasses

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartRegressor

SHOTS = (5, 10, 20)
PANELS = {
    "related": {},
    "white errors": {"follow": 0.0, "noise": 0.2},
    "few tasks": {"n_tasks": 15},
    "a curve of time": {"curve": 0.5},
    "unequal sizes": {"sizes": 1.0},
    "very unequal": {"sizes": 2.0, "n_tasks": 15, "noise": 0.2, "follow": 0.0},
}


def panel(seed, n_tasks=45, n_years=30, sizes=0.0, follow=0.9, own=0.05, noise=0.06, curve=0.0):
    """``(X, y, year)``, the task in the last column of X."""
    rng, year = np.random.default_rng(seed), np.arange(n_years)
    size = np.exp(sizes * rng.standard_normal((n_tasks, 1)))
    price = np.exp(rng.normal(0.06, 0.01, (n_tasks, 1)) * year) * rng.normal(1.0, 0.1, (n_tasks, 1))
    index = np.tile(np.exp(0.05 * year + 0.0015 * year**2), (n_tasks, 1))
    income = np.exp(rng.normal(0.07, 0.01, (n_tasks, 1)) * year) * rng.lognormal(0.0, 0.2, (n_tasks, 1))
    people = size * np.exp(0.01 * year + 0.02 * rng.standard_normal((n_tasks, n_years)).cumsum(axis=1))
    X = np.stack([price, index, income, people, price * rng.normal(0.9, 0.05, (n_tasks, n_years))], axis=2)
    slopes = np.array([-0.6, 0.3, 0.4, -0.2, 0.3]) + own * rng.standard_normal((n_tasks, 5))
    error = rng.standard_normal((n_tasks, n_years))
    for t in range(1, n_years):
        error[:, t] = follow * error[:, t - 1] + np.sqrt(1.0 - follow**2) * error[:, t]
    Z = (X - X.mean(axis=(0, 1))) / X.std(axis=(0, 1))
    y = (Z * slopes[:, None]).sum(axis=2) + 0.5 * rng.standard_normal((n_tasks, 1)) + noise * error
    y = size * (y + curve * np.sin(3.0 * year / n_years))
    table = StandardScaler().fit_transform(X.reshape(-1, 5))
    return np.column_stack([table, np.repeat(np.arange(n_tasks), n_years)]), y.ravel(), np.tile(year, n_tasks)


def without(prior, *names):
    """The mixture without some components."""
    kept = [i for i, name in enumerate(prior.names) if name not in names]
    weights, unseen = np.asarray(prior.weights)[kept], np.eye(1, len(kept))[0]
    components, left = [prior.components[i] for i in kept], [prior.names[i] for i in kept]
    changes = {"components": components, "weights": weights, "names": left, "weights_without_rows": unseen}
    return dataclasses.replace(prior, **changes)


def explained(seed, ordered, **options):
    """``(n_shots, 4)``: by the mixture, without the vague component, learned alone, own."""
    X, y, year = panel(seed, **options)
    rng, task = np.random.default_rng(seed), X[:, -1]
    new = np.isin(task, rng.permutation(np.unique(task))[: len(np.unique(task)) // 3])
    turn = year if ordered else np.argsort(np.lexsort((rng.random(len(y)), task))) % len(np.unique(year))
    whole = WarmStartRegressor(Ridge(), task=-1).fit(X[~new], y[~new]).prior_
    priors = [whole, without(whole, "vague"), without(whole, *whole.names[1:])]
    query = new & (turn >= max(SHOTS))
    off = np.zeros((len(SHOTS), 4))
    for i, n in enumerate(SHOTS):
        for one in np.unique(task[new]):
            known, asked = (task == one) & (turn < n), query & (task == one)
            models = [prior.adapt(Ridge(), X[known, :-1], y[known]) for prior in priors]
            models.append(Ridge().fit(X[known, :-1], y[known]))
            off[i] += [((model.predict(X[asked, :-1]) - y[asked]) ** 2).sum() for model in models]
    return 1.0 - off / ((y[query] - y[query].mean()) ** 2).sum()


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds = range(args.seeds or (2 if args.quick else 10))
    header = ["panel", "rows", "known", "mixture", "no vague", "learned", "own"]
    table = Table(f"Share of the variance explained, {len(seeds)} seeds", header)
    for name, options in PANELS.items():
        for ordered in (True, False):
            found = np.mean([explained(seed, ordered, **options) for seed in seeds], axis=0)
            for n, row in zip(SHOTS, found, strict=True):
                table.add(name, "first" if ordered else "random", n, *(f"{value:.3f}" for value in row))
    table.show()


if __name__ == "__main__":
    main()
