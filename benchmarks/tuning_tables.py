"""Does a search for hyperparameters that starts from past tuning find good ones sooner than one from scratch?

Regret of the best so far, 100 (best − incumbent) / (best − worst) on the target's own table, after 1 to 30 trials:
mean ± standard error over targets and seeds. Every past task has tried 50 random configs, the same for every method.
A method picks from the table, never a config twice; where a peer proposes any point, the nearest untried config is
evaluated and told. "5 bests" start from the five configs that were the best in most past tasks. ``--panel permuted``
deals the scores of past tasks out anew among their configs, ``--panel flipped`` turns them; ``--panel sources`` has
1, 3, 10 and 50 past tasks.

OpenBox wants an older scikit-learn than skmeta: in an environment of its own this runs the peers alone.
"""

from importlib.util import find_spec
from pathlib import Path

import _tuning_peers
import numpy as np
from _common import Table, read_arguments
from _empirical_gp import empirical_gp
from _tuning import read_table, regrets

if find_spec("skmeta"):
    import _tuning_skmeta

    OURS, OURS_COLD = _tuning_skmeta.METHODS, _tuning_skmeta.COLD
else:
    OURS, OURS_COLD = {}, set()

TABLES = {
    "rbv2_rpart": {"n_targets": 23},
    "lcbench": {"unit": 100.0},
    "svm": {},
    "boosting": {},
    "xgboost": {},  # the last three come from make_tuning_tables.py
}
CHECKPOINTS = (1, 3, 5, 10, 15, 30)
PANELS = {
    "related": [{}],
    "permuted": [{"misled": "permuted"}],
    "flipped": [{"misled": "flipped"}],
    "sources": [{"n_sources": n} for n in (1, 3, 10, 50)],
}
COLD = OURS_COLD | _tuning_peers.COLD


def dispatch(names=""):
    """Name to method, by default all that are installed; names are separated by commas."""
    methods = OURS | {"empirical_gp": empirical_gp} | _tuning_peers.METHODS
    wanted = [name for name in names.split(",") if name] or list(methods)
    unknown = [name for name in wanted if name not in methods]
    if unknown:
        raise SystemExit(f"--methods: no {', '.join(unknown)} here; there are {', '.join(methods)}")
    return {name: methods[name] for name in wanted}


def summary(curves):
    """Cells ``mean ± standard error`` at the checkpoints, of regrets ``(n_targets, n_seeds, n_trials)``."""
    rows = curves.reshape(-1, curves.shape[-1])
    spread = rows.std(axis=0, ddof=min(1, len(rows) - 1)) / np.sqrt(len(rows))
    return [f"{rows[:, n - 1].mean():.2f} ± {spread[n - 1]:.2f}" for n in CHECKPOINTS if n <= rows.shape[1]]


def stored_tables(folder, quick):
    """``(tables, notes on those that are not there)``; a quick one has two targets."""
    there = [name for name in TABLES if folder and (Path(folder) / f"{name}.npz").exists()]
    options = {name: TABLES[name] | ({"n_targets": 2} if quick else {}) for name in there}
    absent = [f"not run: {name} (no {name}.npz; give its folder by --data)" for name in TABLES if name not in there]
    return [read_table(folder, name, **options[name]) for name in there], absent


def cases(panel, methods):
    """Triples of name, method and options: what past tasks cannot change is run once."""
    return [
        (name, run, {} if name in COLD else options)
        for i, options in enumerate(PANELS[panel])
        for name, run in methods.items()
        if i == 0 or name not in COLD
    ]


def main():
    args = read_arguments(__doc__, data="", panel="related", methods="", seeds=0, jobs=1)
    if args.panel not in PANELS:
        raise SystemExit(f"--panel: wanted one of {', '.join(PANELS)}, found {args.panel}")
    n_seeds, n_trials = args.seeds or (1 if args.quick else 10), 10 if args.quick else 30
    found, notes = stored_tables(args.data, args.quick)
    shown = [n for n in CHECKPOINTS if n <= n_trials]
    result = Table(
        f"Regret by trials, {args.panel} past tasks" if args.panel != "sources" else "Regret by trials and past tasks",
        ["table", "method", "past tasks", *shown, "s a search"],
        2,
    )
    for table in found:
        n_past = len(table.past_tasks(table.targets[0]))
        for name, run, options in cases(args.panel, dispatch(args.methods)):
            n_given = "-" if name in COLD else min(n_past, options.get("n_sources", n_past))
            try:
                curves, seconds = regrets(table, run, n_seeds=n_seeds, n_trials=n_trials, n_jobs=args.jobs, **options)
            except Exception as error:
                if name not in _tuning_peers.METHODS:
                    raise
                result.add(table.name, name, n_given, f"failed: {type(error).__name__}: {str(error)[:60]}")
                continue
            result.add(table.name, name, n_given, *summary(curves), f"{seconds:.2f}")
    absent = [f"not installed, so not shown: {name} (pip install 'skmeta[bench]')" for name in _tuning_peers.ABSENT]
    result.show(*absent, *notes)


if __name__ == "__main__":
    main()
