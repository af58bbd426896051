"""What is it worth to know what describes a task, such as a store's size and city, before its first row?

120 past tasks of 15 rows, 150 new ones after 0, 2, 5 and 10 rows: root mean square error of predictions as a ratio over Bayes
with the true law, and its standard error over seeds. "warm" is the prior without descriptors; "pooled" one ridge of all
rows, "with descriptors" as columns, "with interactions" of them with all columns. Noise: descriptors that say nothing.

Regions: descriptors that are the same for all tasks of a region, whose tasks have a deviation in common. "z" is the mean square
of a new region's deviation from what is expected, in units of what is said not to be known of the map and of how regions truly
differ: one where what is said is true.
"""

import warnings
from functools import partial
from unittest.mock import patch

import numpy as np
import pandas as pd
from _common import Table, clocked, percent, read_arguments
from _structured_described import DESCRIPTORS, LEVELS, SPREAD, Described, P, as_table, error, posterior_means, rows_of
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.neural_network import MLPRegressor

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.linear_model._structured import _described_maps

SHOTS, N_PAST, N_NEW, N_ROWS = (0, 2, 5, 10), 120, 150, 15
MAPS = {
    "linear": None,
    "forest": RandomForestRegressor(random_state=0),
    "net": MLPRegressor(hidden_layer_sizes=(20,), solver="lbfgs", alpha=1.0, random_state=0),
}
CASES = {"linear": ("linear", "forest"), "step/sine": ("linear", "forest", "net"), "noise": ("linear", "forest")}


def learned(table, y, context, model):
    """A fitted model of all past tasks."""
    columns = [name for name in table if context or name not in DESCRIPTORS]
    learner = EmpiricalBayes(context_model=model)
    return WarmStartRegressor(Ridge(), task="task", context=context, learner=learner).fit(table[columns], y)


def coefficients(model, table, y, new):
    """Coefficients ``(n_tasks, P)`` of new tasks, by the rows there are."""
    context = model.context or []
    if not len(table):
        given = [model.prior_.given(**{name: row[name] for name in context}) for _, row in new.iterrows()]
        found = [prior.split()[1].zero_shot(Ridge()) for prior in given]
    else:
        found = list(model.adapt(table[[*model.feature_names_in_]], y).values())
    return np.array([np.r_[each.coef_, each.intercept_] for each in found])


def encoded(descriptors):
    """Descriptors as numbers: what a user does by hand."""
    dummies = [(descriptors[name].to_numpy()[:, None] == list(LEVELS[name])).astype(float) for name in LEVELS]
    return np.column_stack([descriptors[DESCRIPTORS[:3]].to_numpy(), *dummies])


def interactions(X, z):
    """Columns, descriptors and all products of the two."""
    products = (X[..., :, None] * z[:, None, None, :]).reshape(*X.shape[:2], -1)
    return np.concatenate([X, np.broadcast_to(z[:, None], (*X.shape[:2], z.shape[1])), products], axis=2)


def pooled(X, y, past, new, how):
    """Coefficients of new tasks by one ridge of all past rows."""
    z, at, d = encoded(past), encoded(new), X.shape[2]
    if how == "pooled":
        model = RidgeCV(np.logspace(-2, 4, 13)).fit(X.reshape(-1, d), y.ravel())
        return np.tile(np.r_[model.coef_, model.intercept_], (len(new), 1))
    design = interactions(X, z) if how == "with interactions" else interactions(X, z)[..., : d + z.shape[1]]
    model = RidgeCV(np.logspace(-2, 4, 13)).fit(design.reshape(-1, design.shape[2]), y.ravel())
    own, level, both = np.split(model.coef_, [d, d + z.shape[1]])
    slopes = own + at @ both.reshape(d, -1).T if len(both) else np.tile(own, (len(new), 1))
    return np.column_stack([slopes, model.intercept_ + at @ level])


def own(X, y):
    """Coefficients of new tasks, each by its own rows."""
    if not X.shape[1]:
        return np.zeros((len(X), P))
    found = [Ridge().fit(rows, target) for rows, target in zip(X, y, strict=True)]
    return np.array([np.r_[each.coef_, each.intercept_] for each in found])


def measured(kind, seed):
    """Mean square errors by model, one a number of shots, the oracle's first; seconds of learning by map; who was taken."""
    rng = np.random.default_rng(seed)
    law = Described(kind, rng)
    past, W, _ = law.tasks(N_PAST)
    X, y = rows_of(W, N_ROWS, rng)
    new, V, said = law.tasks(N_NEW)
    rows, targets = rows_of(V, max(SHOTS), rng)
    table, target = as_table(past, X), y.ravel()
    models, seconds = {"warm": learned(table, target, None, None)}, {}
    for name in CASES[kind]:
        models[name], seconds[name] = clocked(partial(learned, table, target, DESCRIPTORS, MAPS[name]))
    of_rows = {how: pooled(X, y, past, new, how) for how in ("pooled", "with descriptors", "with interactions")}
    found = {name: [] for name in ("oracle", *models, "own", *of_rows)}
    for n in SHOTS:
        some, own_targets = rows[:, :n], targets[:, :n]
        at = {
            "oracle": posterior_means(said, SPREAD**2 * np.eye(P), some, own_targets),
            "own": own(some, own_targets),
        } | of_rows
        few = as_table(new, some, "new ")
        at |= {name: coefficients(model, few, own_targets.ravel(), new) for name, model in models.items()}
        for name, each in at.items():
            found[name].append(error(each, V))
    taken = {name: models[name].prior_.split()[1].learned.taken for name in CASES[kind]}
    return {name: np.array(each) for name, each in found.items()}, seconds, taken


def ratio(found, base):
    """Ratio of root mean squares over seeds, and its standard error, by the jackknife."""

    def of(kept):
        return np.sqrt(found[kept].mean(axis=0) / base[kept].mean(axis=0))

    n = len(found)
    left_out = np.array([of(np.arange(n) != k) for k in range(n)])
    return of(np.arange(n)), np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))


def of_described(kind, n_seeds, first):
    each = [measured(kind, first + seed) for seed in range(n_seeds)]
    errors = {name: np.array([found[name] for found, _, _ in each]) for name in each[0][0]}
    table = Table(f"{kind}: error over the oracle's", ["model", *(f"{n} rows" for n in SHOTS), "seconds", "taken"])
    absolute = np.sqrt(errors["oracle"].mean(axis=0))
    table.add("oracle (error itself)", *(f"{value:.3f}" for value in absolute), "", "")
    for name, own_errors in errors.items():
        if name != "oracle":
            middle, spread = ratio(own_errors, errors["oracle"])
            cells = [f"{m:.3f} ± {s:.3f}" for m, s in zip(middle, spread, strict=True)]
            seconds = f"{np.mean([of[name] for _, of, _ in each]):.1f}" if name in CASES[kind] else ""
            taken = f"{sum(of[name] for _, _, of in each)} of {n_seeds}" if name in CASES[kind] else ""
            table.add(f"map: {name}" if name in CASES[kind] else name, *cells, seconds, taken)
    if kind == "noise":
        for name in CASES[kind]:
            middle, spread = ratio(errors[name], errors["warm"])
            loss = [f"{percent(m)} ± {100 * s:.1f} %" for m, s in zip(middle, spread, strict=True)]
            table.add(f"loss over warm, map: {name}", *loss, "", "")
    table.show()


# What a regressor needs --------------------------------------------------------------------------------


def of_settings(n_seeds, first):
    """A forest on steps and waves, by folds of tasks that it is asked about and has not seen."""
    table = Table("step/sine, map: forest: error over the oracle's", ["folds", "0 rows", "5 rows"])
    for folds in (3, 5, 10):
        with patch.object(_described_maps, "_FOLDS", folds):
            found = np.array([of_forest(first + seed) for seed in range(n_seeds)])
        middle, spread = ratio(found[:, 1], found[:, 0])
        table.add(str(folds), *(f"{m:.3f} ± {s:.3f}" for m, s in zip(middle, spread, strict=True)))
    table.show()


def of_forest(seed, shots=(0, 5)):
    """Mean square errors ``(2, n_shots)`` of Bayes with the true law, and of a forest as the map."""
    rng = np.random.default_rng(seed)
    law = Described("step/sine", rng)
    past, W, _ = law.tasks(N_PAST)
    X, y = rows_of(W, N_ROWS, rng)
    new, V, said = law.tasks(N_NEW)
    rows, targets = rows_of(V, max(shots), rng)
    model = learned(as_table(past, X), y.ravel(), DESCRIPTORS, MAPS["forest"])
    found = []
    for n in shots:
        oracle = posterior_means(said, SPREAD**2 * np.eye(P), rows[:, :n], targets[:, :n])
        few = as_table(new, rows[:, :n], "new ")
        found.append([error(oracle, V), error(coefficients(model, few, targets[:, :n].ravel(), new), V)])
    return np.transpose(found)


# Descriptors of regions ---------------------------------------------------------------------------------


def regions(seed, size, n_regions=20, n_stores=6):
    """Stores in regions, described by two numbers of their region, whose effects have that ``size``."""
    rng = np.random.default_rng(seed)
    mean, effects = rng.normal(size=P), size * rng.normal(size=(2, P))

    def draw(prefix):
        z, common = rng.normal(size=(n_regions, 2)), SPREAD * rng.normal(size=(n_regions, P))
        region = np.repeat(np.arange(n_regions), n_stores)
        W = mean + (z @ effects + common)[region] + SPREAD * rng.normal(size=(len(region), P))
        X, y = rows_of(W, N_ROWS, rng)
        table = as_table(pd.DataFrame(z[region], columns=["z1", "z2"]), X)
        table["region"] = [f"{prefix}{r:02d}" for r in np.repeat(region, N_ROWS)]
        return table, y.ravel(), z, mean + z @ effects + common

    return draw("region "), draw("new ")


def of_new_regions(size, seed):
    """By task column and descriptors: error of new regions' means, ``z``, and whether descriptors were taken."""
    (table, y, _, _), (_, _, z, means) = regions(seed, size)
    found = {}
    for name, task, context in (
        ("nested, described", ["region", "task"], ["z1", "z2"]),
        ("nested", ["region", "task"], None),
        ("described", "task", ["z1", "z2"]),
    ):
        columns = [c for c in table if (context or c not in ("z1", "z2")) and (len(task) == 2 or c != "region")]
        model = WarmStartRegressor(Ridge(), task=task, context=context).fit(table[columns], y)
        prior = model.prior_.split()[1].learned
        given = [prior.given(**(dict(zip(context, row, strict=True)) if context else {})) for row in z]
        wrong = np.array([each.mean for each in given]) - means
        doubt = [each.mean_covariance + SPREAD**2 * np.eye(P) for each in given]
        square = [e @ np.linalg.solve(v, e) / P for e, v in zip(wrong, doubt, strict=True)]
        found[name] = (wrong**2).sum(axis=1).mean(), np.mean(square), getattr(prior, "taken", False)
    return found


def of_regions(n_seeds, first):
    header = ["effects", "model", "square error of a new region's mean", "z", "taken"]
    table = Table("Descriptors of regions alone", header, n_names=2)
    for size in (0.0, 0.2, 0.5):
        each = [of_new_regions(size, first + seed) for seed in range(n_seeds)]
        for name in each[0]:
            square, z, taken = np.array([found[name] for found in each], dtype=float).T
            shown = [f"{v.mean():.2f} ± {v.std(ddof=1) / np.sqrt(n_seeds):.2f}" for v in (square, z)]
            table.add(size, name, *shown, f"{taken.sum():.0f} of {n_seeds}" if "described" in name else "")
    table.show()


def main():
    args = read_arguments(__doc__, seeds=10, first=5000)
    warnings.simplefilter("ignore")
    n_seeds = 2 if args.quick else args.seeds
    for kind in CASES:
        of_described(kind, n_seeds, args.first)
    of_settings(n_seeds, args.first)
    of_regions(n_seeds, args.first)


if __name__ == "__main__":
    main()
