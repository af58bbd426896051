"""Where three rows in a hundred are positive, what is a past worth, and what does one cost whose slopes had other signs?

Log-loss of new tasks of four columns with 20 to 200 rows, over that of the plain LogisticRegression on these rows, which is
their share of positives where all have one label. Past tasks have 150 rows; slopes scatter by .3 around theirs.
"""

import warnings

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from skmeta import WarmStartClassifier

SLOPES, LEVEL, SCATTER = np.array([1.0, -0.7, 0.3, 0.0]), -4.3, (0.3, 0.6)
N_PAST, N_NEW, N_PAST_ROWS, N_QUERY = 30, 12, 150, 1500
SHOTS = (20, 50, 100, 200)


def draw(rng, n_tasks, n_rows, sign):
    """Tasks ``(X, y)``, which differ in slopes and level."""
    for _ in range(n_tasks):
        X = rng.normal(size=(n_rows, len(SLOPES)))
        slopes = sign * (SLOPES + SCATTER[0] * rng.normal(size=len(SLOPES)))
        score = X @ slopes + LEVEL + SCATTER[1] * rng.normal()
        yield X, (rng.logistic(size=n_rows) < score).astype(int)


def as_table(tasks):
    X = np.vstack([np.column_stack([X, np.full(len(X), code)]) for code, (X, _) in enumerate(tasks)])
    return X, np.concatenate([y for _, y in tasks])


def of_own_rows(X, y, query):
    """Probabilities by the rows alone."""
    if len(np.unique(y)) < 2:
        return np.full(len(query), (y.sum() + 0.5) / (len(y) + 1.0))
    return LogisticRegression().fit(X, y).predict_proba(query)[:, 1]


def losses(seed, sign):
    """``(n_shots, 3, n_tasks)``: log-losses of warm, pooled and own models."""
    rng = np.random.default_rng(seed)
    X, y = as_table(list(draw(rng, N_PAST, N_PAST_ROWS, sign)))
    prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(X, y).prior_
    pooled, new = LogisticRegression().fit(X[:, :-1], y), list(draw(rng, N_NEW, max(SHOTS) + N_QUERY, 1.0))
    found = []
    for n in SHOTS:
        table, labels = as_table([(X[:n], y[:n]) for X, y in new])
        warm = WarmStartClassifier(LogisticRegression(), task=-1, prior=prior).fit(table, labels)
        query, truth = as_table([(X[max(SHOTS) :], y[max(SHOTS) :]) for X, y in new])
        p = [warm.predict_proba(query)[:, 1], pooled.predict_proba(query[:, :-1])[:, 1]]
        p.append(np.concatenate([of_own_rows(X[:n], y[:n], X[max(SHOTS) :]) for X, y in new]))
        code = query[:, -1]
        found.append([[log_loss(truth[code == t], q[code == t], labels=[0, 1]) for t in range(len(new))] for q in p])
    return np.array(found)


def main():
    args = read_arguments(__doc__, seeds=0, first=0)
    seeds = range(args.first, args.first + (args.seeds or (2 if args.quick else 8)))
    warnings.simplefilter("ignore")  # tasks of a single label, which are what is asked
    table = Table(
        "Log-loss over that of own rows alone, excess in %", ["past", "model", *(f"{n} rows" for n in SHOTS)], 2
    )
    for past, sign in (("alike", 1.0), ("other signs", -1.0)):
        found = np.array([losses(seed, sign).mean(axis=2) for seed in seeds])  # (seeds, shots, models)
        for k, name in enumerate(("warm", "pooled")):
            excess = 100.0 * (found[:, :, k] / found[:, :, 2] - 1.0)
            error = excess.std(axis=0, ddof=1) / np.sqrt(len(seeds))
            table.add(past, name, *(f"{m:+.1f} ± {e:.1f}" for m, e in zip(excess.mean(axis=0), error, strict=True)))
    table.show(f"{len(seeds)} seeds, {N_NEW} new tasks each; errors are of seeds")


if __name__ == "__main__":
    main()
