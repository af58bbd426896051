"""What do many columns cost: seconds to learn and adapt, memory, and error over Bayes with the true prior?

200 past tasks of 20 rows whose coefficients share three directions, by number of columns; the signal's variance is 20
times the noise's for any of them. Each measurement is a process of its own, before and after in turn. "error" is the root
mean squared error on 60 new tasks of 10 rows over that of the exact posterior mean; in the lines of text (200 tasks of 50
sparse rows) that, or the log-loss, of 10 rows a task kept aside, over one pooled model's. "MB" is what learning adds at its
peak to the memory held before, the data included; ">" where making the data needed more.
"""

import sys

import numpy as np
from _checkouts import Checkout, failed, read_folders, serve
from _common import Table, clocked, read_arguments
from scale import memory, text
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, root_mean_squared_error

from skmeta import WarmStartClassifier, WarmStartRegressor

COLUMNS = (5, 20, 60, 80, 120, 160, 300, 1000)
N_PAST, N_NEW, N_ROWS, N_SHOTS, N_QUERY, RANK = 200, 60, 20, 10, 50, 3
TEXT = {"text, ridge": (WarmStartRegressor, Ridge()), "text, logistic": (WarmStartClassifier, LogisticRegression())}


# In a checkout's process. -----------------------------------------------------------------------------


def draw(n_features, n_tasks, n_rows, rng, law):
    """Rows of tasks, ``(n_tasks, n_rows, n_features)`` and their targets, all by a generator alone."""
    mean, shared = law
    coef = mean + rng.standard_normal((n_tasks, RANK)) @ shared
    coef += rng.standard_normal(coef.shape) / np.sqrt(n_features)
    X = rng.standard_normal((n_tasks, n_rows, n_features))
    return X, np.einsum("tij,tj->ti", X, coef) + rng.standard_normal((n_tasks, n_rows))


def draw_law(n_features, rng):
    """Mean and shared directions of the coefficients: 10 + 9 + 1 (each column's own) is the signal's variance."""
    mean, shared = rng.standard_normal(n_features), rng.standard_normal((RANK, n_features))
    return mean * np.sqrt(10.0 / n_features), shared * np.sqrt(9.0 / RANK / n_features)


def oracle(X, y, query, law):
    """Predictions of the exact posterior mean, rows by rows."""
    mean, shared = law
    kernel = (X @ shared.T) @ (X @ shared.T).T + X @ X.T / X.shape[1] + np.eye(len(X))
    cross = (query @ shared.T) @ (X @ shared.T).T + query @ X.T / X.shape[1]
    return query @ mean + cross @ np.linalg.solve(kernel, y - X @ mean)


def as_table(X):
    """Blocks of tasks as a table with the task as last column."""
    return np.column_stack([X.reshape(-1, X.shape[-1]), np.repeat(np.arange(float(len(X))), X.shape[1])])


def measured_fit(model, X, y, data):
    """What a fit takes, in seconds and megabytes; ``data`` is how much of these the table is."""
    WarmStartRegressor(Ridge(), task=-1).fit(np.column_stack([np.eye(4), [0, 0, 1, 1]]), np.arange(4.0))
    before = memory()
    made = memory(peak=True)
    _, seconds = clocked(lambda: model.fit(X, y))
    peak = memory(peak=True)
    return {"fit": seconds, "peak": peak - before + data, "made": bool(made >= peak)}


def dense(n_features, seed):
    """Seconds, memory and error over the oracle's with so many columns."""
    rng = np.random.default_rng(seed)
    law = draw_law(n_features, rng)
    past, y = draw(n_features, N_PAST, N_ROWS, rng, law)
    table = as_table(past)
    del past
    model = WarmStartRegressor(Ridge(), task=-1)
    found = measured_fit(model, table, y.ravel(), table.nbytes / 2**20)
    X, y = draw(n_features, N_NEW, N_SHOTS + N_QUERY, rng, law)
    known = as_table(X[:, :N_SHOTS]), y[:, :N_SHOTS].ravel()
    ids = np.arange(float(N_NEW))

    def adapt():
        made = model.adapt(*known)
        return [made[task] for task in ids]

    plain, seconds = clocked(adapt, 3)
    query, target = X[:, N_SHOTS:], y[:, N_SHOTS:].ravel()
    warm = np.concatenate([p.predict(Z) for p, Z in zip(plain, query, strict=True)])
    best = np.concatenate([oracle(Z[:N_SHOTS], z[:N_SHOTS], Z[N_SHOTS:], law) for Z, z in zip(X, y, strict=True)])
    ratio = root_mean_squared_error(target, warm) / root_mean_squared_error(target, best)
    return found | {"adapt": seconds, "error": ratio}


def sparse_text(case, n_tasks, n_features):
    """Seconds, memory and error over the pooled model's with sparse text."""
    shell, estimator = TEXT[case]
    X, y = text(n_tasks, n_features=n_features)
    aside = np.arange(len(y)) % 5 == 0
    table, rest = X[~aside], X[aside]
    data = (table.data.nbytes + table.indices.nbytes + table.indptr.nbytes) / 2**20
    found = measured_fit(model := shell(estimator, task=-1), table, y[~aside], data)
    pooled = estimator.fit(table[:, :-1], y[~aside])
    if shell is WarmStartRegressor:
        errors = [root_mean_squared_error(y[aside], p) for p in (model.predict(rest), pooled.predict(rest[:, :-1]))]
    else:
        errors = [log_loss(y[aside], p) for p in (model.predict_proba(rest), pooled.predict_proba(rest[:, :-1]))]
    return found | {"adapt": None, "error": errors[0] / errors[1]}


def measure(kind, **question):
    return {"dense": dense, "text": sparse_text}[kind](**question)


# In this one. -----------------------------------------------------------------------------------------


def cells(before, after):
    """The cells of a row: what ``before`` took, ``after`` over it, memory and errors."""
    if isinstance(before, str) or isinstance(after, str):
        return [before if isinstance(before, str) else "", after if isinstance(after, str) else ""]
    found = []
    for what in ("fit", "adapt"):
        found += ["", ""] if before[what] is None else [f"{before[what]:.3f}", f"{after[what] / before[what]:.2f}"]
    found += [f"{'>' if run['made'] else ''}{run['peak']:.0f}" for run in (before, after)]
    return found + [f"{run['error']:.3f}" for run in (before, after)]


def median_run(runs):
    """The medians over the seeds; a text where one failed."""
    if misses := [run for run in runs if failed(run)]:
        return misses[0]
    return {key: None if runs[0][key] is None else float(np.median([run[key] for run in runs])) for key in runs[0]}


def main():
    args = read_arguments(__doc__, before="", after="", seeds=0)
    folders = read_folders(args)
    seeds = range(args.seeds or (1 if args.quick else 3))
    sizes = (50, 5_000) if args.quick else (200, 20_000)
    lines = [
        (p, [{"kind": "dense", "n_features": p, "seed": s} for s in seeds])
        for p in COLUMNS[: 4 if args.quick else None]
    ]
    lines += [(case, [{"kind": "text", "case": case, "n_tasks": sizes[0], "n_features": sizes[1]}]) for case in TEXT]
    header = [
        "columns",
        "fit s",
        "after / before",
        "adapt s",
        "after / before",
        "MB before",
        "MB after",
        "error before",
        "error after",
    ]
    table = Table(f"Many columns, medians of {len(seeds)} collections", header)
    for name, questions in lines:
        runs = {side: [] for side in folders}
        for question in questions:
            for side, folder in folders.items():
                with Checkout(folder, __file__) as checkout:
                    runs[side].append(checkout.ask(**question))
        table.add(name, *cells(*(median_run(runs[side]) for side in ("before", "after"))))
    table.show(f"text: {sizes[0]} tasks of 50 rows and {sizes[1]} columns, error over one pooled model's")


if __name__ == "__main__":
    serve(measure) if "--serve" in sys.argv else main()
