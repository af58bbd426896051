"""Where tasks come in kinds, how far is a prior with kinds from Bayes with the true law, and is there a loss without any?

Ridge: root mean squared error on new tasks of 2, 5 and 10 rows (noise 1, 11 coefficients, 15 rows a past task), exact, from
the distance of coefficients. LogisticRegression: log-loss, and PoissonRegressor: deviance on 60 further rows a task, 20 rows
a past task; coefficients of counts are .4 times as large. Means over seeds, the ratio to the oracle's with the standard
error over seeds, and seconds of processor time to learn. Own: the plain estimator on a task's rows (for Ridge, alpha of 1);
pooled: on all past ones. The oracle's plain models are moderated as all are, by what its law leaves open.
"""

import time
from functools import partial

import numpy as np
from _common import Table, percent, read_arguments
from _structured import clusters, design, one_cluster, oracle, related
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

from skmeta import EmpiricalBayes
from skmeta.linear_model import Units
from skmeta.tasks import Tasks

SHOTS, N_QUERY = (2, 5, 10), 60
SEED = 1000  # the first: others than those that code was written with
TRUTHS = {
    "three clusters": (Ridge(), clusters, 150, 150),
    "one cluster": (Ridge(), one_cluster, 150, 150),
    "30 of 100 related": (Ridge(), related, 100, 120),
    "30 of 100, others flipped": (Ridge(), partial(related, others="flipped"), 100, 120),
    "all related": (Ridge(), partial(related, share=1.0), 100, 120),
    "three clusters, classes": (LogisticRegression(), clusters, 150, 150),
    "three clusters, counts": (PoissonRegressor(), clusters, 150, 150),
}
ROWS = Units(np.zeros(10), np.ones(10), correlation=np.eye(10))  # what the columns of all truths are like
KINDS = {
    "LogisticRegression": {"likelihood": "binomial", "classes": [0, 1], "units": ROWS},
    "PoissonRegressor": {"likelihood": "poisson", "units": ROWS},
}


def drawn(rng, estimator, coef, n_rows):
    """`Tasks` whose targets are the estimator's."""
    X, eta = design(rng, coef, n_rows)
    code, classes = np.repeat(np.arange(len(coef)), n_rows), None
    if isinstance(estimator, LogisticRegression):
        y = (rng.random(eta.shape) < 1.0 / (1.0 + np.exp(-eta))).astype(int)
        classes = tuple(np.unique(row) for row in y)
    else:
        y = rng.poisson(np.exp(eta)).astype(float) if isinstance(estimator, PoissonRegressor) else None
        y = eta + rng.normal(size=eta.shape) if y is None else y
    return Tasks(X[..., :-1].reshape(len(code), -1), y.ravel(), code, np.arange(len(coef)), classes=classes)


def deviance(y, mean):
    return 2.0 * np.mean(np.where(y > 0, y * np.log(np.maximum(y, 1.0) / mean), 0.0) - y + mean)


def log_loss(y, probability):
    return -np.mean(np.log(np.clip(probability[np.arange(len(y)), y], 1e-9, 1.0)))


def loss_of_prior(prior, estimator, coef, known, query):
    """What new tasks lose under a prior."""
    adapted = prior.adapt_tasks(estimator, known)
    if isinstance(estimator, Ridge):
        return 1.0 + np.mean(((adapted.coefficients[:, 0] - coef) ** 2).sum(axis=1))
    if isinstance(estimator, LogisticRegression):
        return log_loss(query.y, adapted.predict_proba(query.X, query.codes))
    return deviance(query.y, adapted.predict(query.X, query.codes))


def loss_of_plain(fit, estimator, coef, known, query):
    """The same by a plain estimator that ``fit(code)`` gives of each task."""
    each = []
    for code in range(len(coef)):
        model, rows = fit(code), query.rows_of(code)
        if isinstance(estimator, Ridge):
            each.append(1.0 + np.sum((np.r_[model.coef_, model.intercept_] - coef[code]) ** 2))
        elif isinstance(estimator, LogisticRegression):
            each.append(log_loss(query.y[rows], class_probabilities(model, query.X[rows])))
        else:
            each.append(deviance(query.y[rows], np.maximum(model.predict(query.X[rows]), 1e-9)))
    return np.mean(each)


def class_probabilities(model, X):
    """Of both classes, whichever the model knows."""
    found = np.zeros((len(X), 2))
    found[:, model.classes_] = model.predict_proba(X) if len(model.classes_) == 2 else 1.0
    return found


class OneClass:
    """The model of a task whose rows are all of one class, which scikit-learn's refuses."""

    def __init__(self, label):
        self.classes_ = np.array([label])


def fitted(estimator, X, y):
    if isinstance(estimator, LogisticRegression) and len(np.unique(y)) == 1:
        return OneClass(int(y[0]))
    return clone(estimator).fit(X, y)


def losses(truth, seed):
    """``(models, shots)`` losses of one seed, the seconds of each prior, and the number of kinds found."""
    estimator, draw, n_tasks, n_new = TRUTHS[truth]
    rng, ridge = np.random.default_rng(seed), isinstance(estimator, Ridge)
    past_coef, coef, law, weights = draw(rng, n_tasks, n_new)
    scale = 0.4 if isinstance(estimator, PoissonRegressor) else 1.0
    past_coef, coef, law = scale * past_coef, scale * coef, [(scale * m, scale**2 * S) for m, S in law]
    past = drawn(rng, estimator, past_coef, 15 if ridge else 20)
    priors, seconds = {"oracle": oracle(law, weights, **KINDS.get(type(estimator).__name__, {}))}, {}
    for name, n_components in (("kinds", "auto"), ("one component", 1)):
        start = time.process_time()
        priors[name] = EmpiricalBayes(n_components=n_components).learn(estimator, past)
        seconds[name] = time.process_time() - start
    pooled, rows = fitted(estimator, past.X, past.y), {name: [] for name in (*priors, "own", "pooled")}
    for n in SHOTS:
        known, query = drawn(rng, estimator, coef, n), drawn(rng, estimator, coef, N_QUERY)
        for name, prior in priors.items():
            rows[name].append(loss_of_prior(prior, estimator, coef, known, query))
        given = estimator, coef, known, query
        own = [fitted(estimator, known.X[known.rows_of(t)], known.y[known.rows_of(t)]) for t in range(len(coef))]
        rows["own"].append(loss_of_plain(own.__getitem__, *given))
        rows["pooled"].append(loss_of_plain(lambda _: pooled, *given))
    return rows, seconds, getattr(priors["kinds"], "n_kinds", 0)


def main():
    args = read_arguments(__doc__, seeds=0, only="")
    seeds = args.seeds or (2 if args.quick else 10)
    header = [
        "truth",
        "model",
        *(f"{n} shots" for n in SHOTS),
        *(f"{n} %" for n in SHOTS),
        "s.e. %",
        "kinds",
        "seconds",
    ]
    table = Table(f"New tasks where past ones come in kinds, {seeds} seeds", header, 2)
    for truth in TRUTHS:
        if args.only and args.only not in truth:
            continue
        found = [losses(truth, SEED + seed) for seed in range(seeds)]
        root = np.sqrt if isinstance(TRUTHS[truth][0], Ridge) else np.asarray
        best = root(np.array([each[0]["oracle"] for each in found]))
        for name in found[0][0]:
            each = np.array([rows[name] for rows, _, _ in found])
            means, ratios = root(each.mean(axis=0)), (root(each) / best).mean(axis=1)
            error = 100.0 * ratios.std(ddof=1) / np.sqrt(seeds) if seeds > 1 else 0.0
            over = means / root(np.array([rows["oracle"] for rows, _, _ in found]).mean(axis=0))
            kinds = ", ".join(str(n) for _, _, n in found) if name == "kinds" else ""
            spent = [seconds[name] for _, seconds, _ in found if name in seconds]
            cells = *(f"{m:.3f}" for m in means), *(percent(r) for r in over), f"{error:.1f}"
            table.add(truth, name, *cells, kinds, f"{np.mean(spent):.1f}" if spent else "")
    table.show("per cent: excess over the oracle, which knows the law and not the tasks", "kinds: found, seed by seed")


if __name__ == "__main__":
    main()
