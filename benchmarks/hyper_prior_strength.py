"""Who should say how much weight the hyper-prior has: a rule by shape, held-out tasks or a PAC-Bayes bound?

A hyper-prior keeps few past tasks from overfitting; `EmpiricalBayes(pseudo_tasks=...)` is its weight in tasks. None takes a
fixed weight for each shape of covariance; "held-out" and "pac-bayes" choose among an eighth to eight times that. On 3, 5, 10
and 30 past tasks of made-up truths (10 columns, 20 rows, noise of variance one) and of collections: the error of today's rule
on new tasks, a mean over 2, 5 and 10 rows, and by how much the others' errors are above it, in per cent, with standard errors
over seeds. "no hyper-prior" is ``pseudo_tasks=0``. "better" and "worse" count cells whose mean is two standard errors away.
"""

import numpy as np
from _common import Table, read_arguments
from _real import real_collections
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.datasets import make_related_regression

SHOTS, N_TASKS, N_COLUMNS, N_ROWS, N_NEW = (2, 5, 10), (3, 5, 10, 30), 10, 20, 40
TRUTHS, SHAPES = ("factor", "diagonal", "spherical", "power"), ("auto", "full")
CHOICES = {"today": None, "held-out": "held-out", "pac-bayes": "pac-bayes", "no hyper-prior": 0.0}


def made_up(truth, n_tasks, seed):
    """A past, and new tasks of rows enough to be scored by."""
    counts = np.r_[np.full(n_tasks, N_ROWS), np.full(N_NEW, max(SHOTS) + 50)]
    X, y, _ = make_related_regression(n_tasks + N_NEW, counts, N_COLUMNS, covariance=truth, random_state=seed)
    past = X[:, -1] < n_tasks
    return (X[past], y[past]), (X[~past], y[~past])


def collected(collection, n_tasks, seed):
    """The same of a collection: ``n_tasks`` at random, and further tasks of it; None if there are not as many."""
    rng = np.random.default_rng(seed)
    ids, size = np.unique(collection.X[:, -1], return_counts=True)
    ids = rng.permutation(ids[size > max(SHOTS)])
    if len(ids) < n_tasks + 5:
        return None
    past, order = np.isin(collection.X[:, -1], ids[:n_tasks]), rng.permutation(len(collection.y))
    new = order[np.isin(collection.X[order, -1], ids[n_tasks : n_tasks + N_NEW])]
    return (collection.X[past], collection.y[past]), (collection.X[new], collection.y[new])


def turns(task):
    """Which row of its task each row is ``(n_rows,)``."""
    order = np.argsort(task, kind="stable")
    first = np.flatnonzero(np.diff(task[order], prepend=np.nan) != 0)
    out = np.empty(len(task), dtype=int)
    out[order] = np.arange(len(task)) - np.repeat(first, np.diff(np.r_[first, len(task)]))
    return out


def error(choice, shape, past, new):
    """Root mean squared error on further rows of new tasks, a mean over the shots."""
    model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(shape, pseudo_tasks=choice)).fit(*past)
    (X, y), turn, found = new, turns(new[0][:, -1]), []
    query = turn >= max(SHOTS)
    for n in SHOTS:
        adapted, off = model.adapt(X[turn < n], y[turn < n]), []
        for task in np.unique(X[:, -1]):
            rows = query & (X[:, -1] == task)
            off.append(adapted[task].predict(X[rows, :-1]) - y[rows])
        found.append(np.sqrt(np.mean(np.concatenate(off) ** 2)))
    return np.mean(found)


def main():
    args = read_arguments(__doc__, data="", seeds=0, first=3000, only="")
    n_seeds, sizes = args.seeds or (2 if args.quick else 10), (3, 10) if args.quick else N_TASKS
    header = ["past", "tasks", "shape", "today", *(f"{name} %" for name in list(CHOICES)[1:])]
    table = Table(f"Error on new tasks, {n_seeds} seeds", header, n_names=3)
    makers = [(truth, lambda n, seed, truth=truth: made_up(truth, n, seed)) for truth in TRUTHS]
    collections, absent = real_collections(args.data, args.quick)
    random = [one for one in collections if one.order is None]
    makers += [(one.name, lambda n, seed, one=one: collected(one, n, seed)) for one in random]
    count = {name: [0, 0, 0] for name in CHOICES}
    for past, make in ((past, make) for past, make in makers if args.only in past):
        for n_tasks in sizes:
            draws = [make(n_tasks, args.first + seed) for seed in range(n_seeds)]
            for shape in SHAPES if draws[0] is not None else ():
                found = {
                    name: np.array([error(choice, shape, *draw) for draw in draws]) for name, choice in CHOICES.items()
                }
                change = {name: 100.0 * np.log(each / found["today"]) for name, each in found.items()}
                cells = []
                for name in list(CHOICES)[1:]:
                    mean, se = change[name].mean(), change[name].std(ddof=1) / np.sqrt(n_seeds)
                    cells.append(f"{mean:+.2f} ± {se:.2f}")
                    count[name][1 + int(mean > 2 * se) - int(mean < -2 * se)] += 1
                table.add(past, n_tasks, shape, float(found["today"].mean()), *cells)
    notes = [f"{name}: {b} better, {level} level, {w} worse than today's rule" for name, (b, level, w) in count.items()]
    table.show(*notes[1:], *(f"not run: {name}" for name in absent))


if __name__ == "__main__":
    main()
