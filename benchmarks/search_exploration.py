"""What does it cost, and what does it save, that a search looks where neither its past nor its model points?

Regret of the best so far on tables of tuning (see ``tuning_tables.py``), by trials: of the search as it is, without
each of its rules, and from scratch; after pasts that are related, permuted and flipped. "lost" is by how many trials the mean
regret is behind that from scratch, at worst, at any number of trials.

Then real fits where another branch wins today: past tasks are curved, and forests win; today few rows are linear in many
columns. Accuracy of the best so far, mean ± standard error over tasks of today; and the trial at which the branch that wins
was first tried.
"""

import warnings
from contextlib import ExitStack
from functools import partial
from unittest.mock import patch

import numpy as np
from _common import Table, read_arguments
from _tuning import regrets
from _tuning_skmeta import METHODS
from scipy.stats import loguniform, randint, uniform
from sklearn.datasets import make_gaussian_quantiles
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from tuning_tables import CHECKPOINTS, stored_tables, summary

from skmeta import HyperparameterPrior, TrialHistory, WarmStartSearchCV
from skmeta.tuning import _suggester

MODEL = Pipeline([("scale", StandardScaler()), ("model", LogisticRegression())])
SPACE = [
    {"model": [LogisticRegression(max_iter=500)], "model__C": loguniform(1e-4, 1e3)},
    {
        "model": [ExtraTreesClassifier(n_estimators=20, random_state=0)],
        "model__max_features": uniform(0.1, 0.9),
        "model__min_samples_leaf": randint(1, 20),
    },
]


def without(*rules):
    """The search without some of its rules."""

    def run(*args):
        with ExitStack() as stack:
            for name in rules:
                stack.enter_context(patch.object(_suggester.Suggester, name, RULES[name]))
            return METHODS["skmeta_auto"](*args)

    return run


RULES = {
    "_goes_elsewhere": lambda self, n_trials: False,
    "_new_levels_first": lambda self, worth: worth,
}
RIVALS = {
    "as it is": METHODS["skmeta_auto"],
    "without the trial elsewhere": without("_goes_elsewhere"),
    "without levels first": without("_new_levels_first"),
    "without both": without(*RULES),
}


def trials_lost(curve, cold):
    """By how many trials a curve of mean regret is behind another, at worst."""
    as_good = [np.flatnonzero(cold >= regret).max(initial=-1) for regret in curve]
    return int((np.arange(len(curve)) - as_good).max())


def on_tables(tables, n_seeds, n_trials, notes):
    shown = [n for n in CHECKPOINTS if n <= n_trials]
    result = Table("Regret by trials", ["table", "past", "search", *shown, "lost"], 3)
    for table in tables:
        run = partial(regrets, table, n_seeds=n_seeds, n_trials=n_trials)
        cold = run(METHODS["skmeta_gp"])[0]
        result.add(table.name, "-", "from scratch", *summary(cold))
        for past in (None, "permuted", "flipped"):
            for name, search in RIVALS.items():
                found = run(search, misled=past)[0]
                lost = trials_lost(found.mean(axis=(0, 1)), cold.mean(axis=(0, 1)))
                result.add(table.name, past or "related", name, *summary(found), lost)
    result.show(*notes)


def curved(seed):
    return make_gaussian_quantiles(n_samples=200, n_features=6, n_classes=2, random_state=seed)


def linear(seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(80, 30))
    return X, (X @ rng.normal(size=30) + rng.normal(size=80) > 0).astype(int)


def another_winner(n_past, n_today, n_trials):
    """Best accuracies so far ``(n_today, n_trials)`` by search, and when the branch that wins was first tried."""
    history = TrialHistory()
    for seed in range(n_past):
        past = RandomizedSearchCV(MODEL, SPACE, n_iter=25, cv=4, random_state=seed, refit=False).fit(*curved(seed))
        history.add(past, task=f"curved {seed}")
    prior = HyperparameterPrior.from_history(history)
    found = {}
    for seed in range(n_today):
        for name, known in (("warm", prior), ("from scratch", None)):
            search = WarmStartSearchCV(MODEL, SPACE, n_iter=n_trials, cv=4, prior=known, random_state=seed, refit=False)
            results = search.fit(*linear(1000 + seed)).cv_results_
            wins = [isinstance(model, LogisticRegression) for model in results["param_model"]]
            best = np.maximum.accumulate(results["mean_test_score"])
            found.setdefault(name, []).append((best, 1 + wins.index(True) if any(wins) else np.inf))
    return {name: tuple(map(np.array, zip(*runs, strict=True))) for name, runs in found.items()}


def main():
    args = read_arguments(__doc__, data="", seeds=0)
    warnings.simplefilter("ignore")
    tables, notes = stored_tables(args.data, args.quick)
    n_seeds, n_trials = args.seeds or (1 if args.quick else 3), 10 if args.quick else 30
    on_tables(tables, n_seeds, n_trials, notes)
    n_past, n_today, n_trials = (3, 2, 6) if args.quick else (15, 20, 16)
    shown = [n for n in CHECKPOINTS if n <= n_trials]
    result = Table("Another branch wins today: accuracy by trials", ["search", *shown, "tried at"])
    for name, (best, first) in another_winner(n_past, n_today, n_trials).items():
        errors = best.std(axis=0, ddof=1) / np.sqrt(len(best))
        cells = [f"{best[:, n - 1].mean():.3f} ± {errors[n - 1]:.3f}" for n in shown]
        result.add(name, *cells, f"{np.median(first):.0f}, at latest {first.max():.0f}")
    result.show()


if __name__ == "__main__":
    main()
