"""How do the configs of an estimator score on many small data sets: how good is the best, how rare are those near it?

The scores of real fits are stored as tables for ``tuning_tables.py``, as twins of published tables that are not at hand.
``svm`` has the grid of Wistuba's 288 configs of a support vector machine; ``boosting`` is AdaBoost on 108 configs as his
other table is, rounds and the size of the weak learner, here a tree's leaves (M. Wistuba, N. Schilling, L. Schmidt-Thieme
(2018), Scalable Gaussian process-based transfer surrogates for hyperparameter optimization, Machine Learning 107);
``xgboost`` has 300 random configs with parameters of trees alone, as rbv2_xgboost of YAHPO Gym. A score is the accuracy
on held-out rows. ``--data`` names the folder of stored collections, ``--out`` that of the tables.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import product
from pathlib import Path

import numpy as np
from _common import Table, read_arguments
from _tuning import Parameter, write_table
from _tuning_tasks import all_tasks
from sklearn.ensemble import AdaBoostClassifier
from sklearn.model_selection import ParameterSampler, train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier


def number(low, high, log=False, integer=False):
    return Parameter(low, high, log, integer, None)


def choice(*choices):
    return Parameter(None, None, False, False, choices)


# Support vector machines. -----------------------------------------------------------------------------

SVM = {
    "kernel": choice("linear", "rbf", "poly"),
    "C": number(2.0**-5, 2.0**6, log=True),
    "gamma": number(1e-4, 1e3, log=True),
    "degree": number(2, 10, integer=True),
}
GAMMAS = (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)


def svm_configs(rng):
    Cs = [2.0**power for power in range(-5, 7)]
    linear = [{"kernel": "linear", "C": C} for C in Cs]
    rbf = [{"kernel": "rbf", "C": C, "gamma": gamma} for C, gamma in product(Cs, GAMMAS)]
    return linear + rbf + [{"kernel": "poly", "C": C, "degree": d} for C, d in product(Cs, range(2, 11))]


def svm_scores(configs, X, y, X_test, y_test):
    fixed = {"coef0": 1.0, "max_iter": 20_000}  # high degrees do not converge on some tasks
    return [SVC(**({"gamma": 1.0 / X.shape[1]} | fixed | config)).fit(X, y).score(X_test, y_test) for config in configs]


# AdaBoost. --------------------------------------------------------------------------------------------

ROUNDS, LEAVES = (2, 3, 5, 7, 10, 15, 20, 30, 50, 80, 120, 200), (2, 3, 4, 5, 7, 10, 15, 20, 30)
BOOSTING = {
    "n_estimators": number(2, 200, log=True, integer=True),
    "max_leaf_nodes": number(2, 30, log=True, integer=True),
}


def boosting_configs(rng):
    return [{"n_estimators": n, "max_leaf_nodes": leaves} for leaves, n in product(LEAVES, ROUNDS)]


def boosting_scores(configs, X, y, X_test, y_test):
    """One fit for all numbers of rounds; one that ended early stays as it is."""
    scores, rounds = {}, max(config["n_estimators"] for config in configs)
    for leaves in sorted({config["max_leaf_nodes"] for config in configs}):
        learner = DecisionTreeClassifier(max_leaf_nodes=leaves, random_state=0)
        model = AdaBoostClassifier(learner, n_estimators=rounds, random_state=0).fit(X, y)
        scores[leaves] = list(model.staged_score(X_test, y_test))
    return [scores[c["max_leaf_nodes"]][: c["n_estimators"]][-1] for c in configs]


# XGBoost. ---------------------------------------------------------------------------------------------

XGBOOST = {
    "booster": choice("gbtree", "gblinear"),
    "n_estimators": number(3, 300, log=True, integer=True),
    "learning_rate": number(1e-3, 1.0, log=True),
    "reg_lambda": number(1e-3, 30.0, log=True),
    "reg_alpha": number(1e-3, 30.0, log=True),
    "max_depth": number(1, 12, integer=True),
    "min_child_weight": number(0.1, 30.0, log=True),
    "subsample": number(0.1, 1.0),
    "colsample_bytree": number(0.1, 1.0),
}
OF_TREES = ("max_depth", "min_child_weight", "subsample", "colsample_bytree")


def xgboost_configs(rng):
    spaces = {name: found.distribution for name, found in XGBOOST.items()}
    drawn = ParameterSampler(spaces, 300, random_state=int(rng.integers(2**31)))
    return [
        {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in config.items()
            if config["booster"] == "gbtree" or name not in OF_TREES
        }
        for config in drawn
    ]


def xgboost_scores(configs, X, y, X_test, y_test):
    from xgboost import XGBClassifier

    fixed = {"n_jobs": 1, "random_state": 0, "verbosity": 0}
    return [XGBClassifier(**fixed, **config).fit(X, y).score(X_test, y_test) for config in configs]


# Tables. ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Maker:
    """``configs(rng)`` in ``space`` and their ``scores(configs, X, y, X_test, y_test)`` on each of ``n_tasks`` tasks."""

    space: dict
    configs: Callable
    scores: Callable
    n_tasks: int


MAKERS = {
    "svm": Maker(SVM, svm_configs, svm_scores, 50),
    "boosting": Maker(BOOSTING, boosting_configs, boosting_scores, 24),
    "xgboost": Maker(XGBOOST, xgboost_configs, xgboost_scores, 30),
}


def split(X, y, rng):
    """Standardized rows to learn from, 100 to 400 and at most half, and at most 500 others to test on."""
    n_train = min(int(rng.integers(100, 401)), len(y) // 2)
    n_test, seed = min(500, len(y) - n_train), int(rng.integers(2**31))
    X, X_test, y, y_test = train_test_split(X, y, train_size=n_train, test_size=n_test, stratify=y, random_state=seed)
    scaler = StandardScaler().fit(X)
    return scaler.transform(X), y, scaler.transform(X_test), y_test


def make(name, tasks, folder, quick):
    """``(scores, seconds)`` of a table, which is stored."""
    maker, rng, start = MAKERS[name], np.random.default_rng([0, *name.encode()]), time.perf_counter()
    configs = maker.configs(rng)[:: 6 if quick else 1]
    chosen = [tasks[i] for i in rng.permutation(len(tasks))[: 2 if quick else maker.n_tasks]]
    scores = [maker.scores(configs, *split(X, y, rng)) for _, X, y in chosen]
    write_table(folder, name, maker.space, configs, [title for title, _, _ in chosen], scores)
    return np.array(scores), time.perf_counter() - start


def main():
    args = read_arguments(__doc__, data="", out=".", tables=",".join(MAKERS))
    wanted = args.tables.split(",")
    if set(wanted) - set(MAKERS):
        raise SystemExit(f"--tables: wanted some of {', '.join(MAKERS)}, found {args.tables}")
    folder, tasks = Path(args.out), all_tasks(args.data)
    folder.mkdir(parents=True, exist_ok=True)
    shown = Table(
        "Tables of tuning", ["table", "tasks", "configs", "best", "median", "worst", "near the best %", "seconds"]
    )
    notes = [] if args.data else ["without --data: no tasks of stored collections"]
    for name in wanted:
        if name == "xgboost" and not find_spec("xgboost"):
            notes.append("not installed, so not made: xgboost (pip install xgboost)")
            continue
        Y, seconds = make(name, tasks, folder, args.quick)
        near = 100.0 * np.mean(Y.max(axis=1, keepdims=True) - Y <= 0.02 * np.ptp(Y, axis=1, keepdims=True))
        levels = [float(level.mean()) for level in (Y.max(axis=1), np.median(Y, axis=1), Y.min(axis=1))]
        shown.add(name, *Y.shape, *levels, float(near), float(seconds))
    shown.show(*notes)


if __name__ == "__main__":
    main()
