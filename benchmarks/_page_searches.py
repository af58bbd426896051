"""Tuning: searches for hyperparameters that start from past ones, beside those of other packages, on tables of real fits."""

import logging
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import _tuning_peers
import _tuning_skmeta
import make_tuning_tables
from _page_sections import Cell, Section, side_by_side
from _tuning import read_table, run_once
from _tuning_tasks import all_tasks

N_TASKS = {"svm": 12, "boosting": 8}
N_TARGETS = 2
NAMES = {
    "skmeta": _tuning_skmeta.METHODS["skmeta_auto"],
    "skmeta, no past": _tuning_skmeta.METHODS["skmeta_gp"],
    "random": _tuning_skmeta.METHODS["random"],
}
PEERS = {
    "Optuna TPE": "optuna_tpe",
    "Optuna TPE, 5 bests": "optuna_tpe_5_bests",
    "scikit-optimize GP": "skopt_gp",
    "SMAC": "smac",
    "SMAC, 5 bests": "smac_5_bests",
    "syne-tune quantiles": "syne_tune_quantiles",
}


@cache
def table(name, n_tasks):
    """Scores of real fits, the same for every draw and method; the first tasks are searched, all others are their past."""
    maker = make_tuning_tables.MAKERS[name]
    make_tuning_tables.MAKERS[name] = replace(maker, n_tasks=n_tasks)
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # fits that do not converge have scores all the same
        make_tuning_tables.make(name, all_tasks(""), Path(folder), quick=False)
        found = read_table(folder, name)
    make_tuning_tables.MAKERS[name] = maker
    return of_one_kernel(found) if "kernel" in found.space else found


def of_one_kernel(table):
    """The table's configurations with all parameters that this kernel has: not every peer takes parameters that "
    "are not set."""
    keep = [i for i, config in enumerate(table.configs) if config["kernel"] == "rbf"]
    space = {name: found for name, found in table.space.items() if name in ("C", "gamma")}
    configs = [{name: table.configs[i][name] for name in space} for i in keep]
    return replace(table, configs=configs, scores=table.scores[:, keep], space=space)


def searched(name, n_tasks, target, seed, trials):
    found, logger = table(name, n_tasks), logging.getLogger()
    level = logger.level
    methods = NAMES | {peer: _tuning_peers.METHODS[key] for peer, key in PEERS.items() if key in _tuning_peers.METHODS}

    def regret(run):
        curve, _ = run_once(found, run, found.targets[target], seed, max(trials), None, None)
        return {f"trial {n}": float(curve[n - 1]) for n in trials}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers, in their models
        result = side_by_side({name: lambda run=run: regret(run) for name, run in methods.items()})
    logger.setLevel(level)
    return result


def cells(setting):
    n_tasks = {"svm": 4} if setting.quick else N_TASKS
    trials, n_targets = ((1, 3), 1) if setting.quick else ((1, 3, 5, 10, 20), N_TARGETS)
    return [
        Cell(
            f"{name}, {n} tasks",
            f"target {target}, seed {seed}",
            lambda name=name, n=n, target=target, seed=seed: searched(name, n, target, seed, trials),
        )
        for name, n in n_tasks.items()
        for target in range(n_targets)
        for seed in range(setting.seeds)
    ]


SEARCHES = Section(
    "searches",
    "Tuning: searches that start from past ones",
    "Past datasets were tuned. How far from the best is the search of a new one, after few trials?",
    'Real fits on scikit-learn\'s own datasets and simulations, drawn anew by this command: "svm" is a grid of '
    "168 configurations of a support vector "
    'machine (``C``, ``gamma``), "boosting" 108 of AdaBoost (``benchmarks/make_tuning_tables.py``). '
    f"{N_TARGETS} of the tasks are searched; the others are their past, each with 50 random trials, the same for "
    f"every method.",
    "Regret, 100 (best − best so far) / (best − worst)",
    ("optuna", "scikit-optimize", "smac", "syne-tune"),
    cells,
    notes=(
        'skmeta is ``WarmStartSearchCV(method="auto")`` on the table\'s configurations; "no past" is the search '
        "without a prior.",
        'Where a peer proposes any point, the nearest untried configuration is evaluated and told. "5 bests" start '
        "from the five "
        "configurations that were the best in most past tasks. SMAC's forest is fitted anew after every trial.",
        "Means are over searched tasks and seeds. Seconds are those of a search without its fits.",
    ),
)
