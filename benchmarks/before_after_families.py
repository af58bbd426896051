"""Is a checkout better or worse than another one, in each family of estimators, where the past helps and where it misleads?

Errors of new tasks of which 5 to 20 rows are known, on the collections of ``family_safety.py``: the same rows in both
checkouts. "change" is after over before in per cent, the mean over seeds and its standard error. CPU seconds are of
learning, and of adapting to all new tasks. Both run in turn, each in a process of one thread.
"""

import sys
import time
import warnings

import numpy as np
from _checkouts import Checkout, failed, read_folders, serve
from _common import Table, read_arguments
from _misled_families import FAMILIES, PASTS, kind_of
from sklearn.base import is_classifier

from skmeta import WarmStartClassifier, WarmStartRegressor

N_PAST, N_PAST_ROWS, N_NEW, N_QUERY = 20, 20, 10, 100
SHOTS = (5, 10, 15, 20)


def draw(name, change, seed):
    """A table of past tasks, their targets, and new tasks, a list of ``(X, y)``."""
    family = FAMILIES[name]
    X, y = family.draw(np.random.default_rng(seed), N_PAST + N_NEW, max(SHOTS) + N_QUERY)
    past = X[:N_PAST, :N_PAST_ROWS], y[:N_PAST, :N_PAST_ROWS]
    X_past, y_past = PASTS[change](*past, np.random.default_rng([seed, 1]), family)
    table = np.column_stack([np.concatenate(X_past), np.repeat(np.arange(N_PAST), N_PAST_ROWS)])
    return table, y_past.ravel(), list(zip(X[N_PAST:], y[N_PAST:], strict=True))


def measure(name, change, seed):
    """In a checkout's process: errors by shots, CPU seconds of learning and of adapting."""
    warnings.simplefilter("ignore")  # of solvers on five rows
    family = FAMILIES[name]
    table, y, new = draw(name, change, seed)
    shell = WarmStartClassifier if is_classifier(family.estimator) else WarmStartRegressor
    start = time.process_time()
    prior = shell(family.estimator, task=-1).fit(table, y).prior_
    learned, errors = time.process_time(), []
    models = {n: [shell(family.estimator, prior=prior).fit(X[:n], own[:n]) for X, own in new] for n in SHOTS}
    adapted = time.process_time()
    for each in models.values():
        pairs = zip(each, new, strict=True)
        errors.append(float(np.mean([family.error(model, X[-N_QUERY:], own[-N_QUERY:]) for model, (X, own) in pairs])))
    return {"errors": errors, "fit": learned - start, "adapt": adapted - learned}


def compared(checkouts, name, change, seeds):
    """``[answers before, answers after]``, a list over seeds each; or the text of what failed."""
    found = [[], []]
    for seed in seeds:
        for answers, checkout in zip(found, checkouts, strict=True):
            answers.append(checkout.ask(name=name, change=change, seed=seed))
            if failed(answers[-1]):
                return answers[-1]
    return found


def add_case(table, label, found):
    """A row of a family and a past; the changes in per cent ``(n_seeds, n_shots)``."""
    before, after = (np.array([run["errors"] for run in runs]) for runs in found)
    changes = 100.0 * (after / before - 1.0)
    error = changes.std(axis=0, ddof=1) / np.sqrt(len(changes)) if len(changes) > 1 else np.full(len(SHOTS), np.nan)
    cells = [f"{m:+.2f} ± {e:.2f}" for m, e in zip(changes.mean(axis=0), error, strict=True)]
    for what in ("fit", "adapt"):
        old, new = (np.median([run[what] for run in runs]) for runs in found)
        cells.append(f"{old:.2f} -> {new:.2f}")
    table.add(*label, *cells)
    return changes


def main():
    args = read_arguments(__doc__, before="", after="", seeds=4, first=3000, only="", past="related,unrelated")
    folders = read_folders(args)
    seeds = range(args.first, args.first + (1 if args.quick else args.seeds))
    header = ["family", "past", *(f"{n} rows" for n in SHOTS), "CPU s of learning", "of adapting"]
    table = Table(f"Change of the error in %, {len(seeds)} seeds", header, 2)
    changes, missed = [], []
    with Checkout(folders["before"], __file__) as before, Checkout(folders["after"], __file__) as after:
        for name, family in FAMILIES.items():
            if kind_of(family) == "clusters" or args.only not in f"{family.room} {name}":
                continue
            for change in args.past.split(","):
                found = compared((before, after), name, change, seeds)
                if isinstance(found, str):
                    missed.append(f"{name}, {change}: {found}")
                else:
                    changes.append(add_case(table, (name, change), found))
    summary = [
        f"mean change at {n} rows: {c:+.2f} %" for n, c in zip(SHOTS, np.mean(changes, axis=(0, 1)), strict=True)
    ]
    table.show(*summary, *missed)


if __name__ == "__main__":
    serve(measure) if "--serve" in sys.argv else main()
