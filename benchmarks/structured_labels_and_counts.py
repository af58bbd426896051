"""Labels and counts of stores in regions, and of days that drift: what is a prior with structure worth to classifiers?

The truths are those of `nested_tasks.py` and `drifting_tasks.py`, their coefficients on the scale of a logit or a logarithm.
Bayes knows their laws, not their coefficients: it finds states by Laplace's approximation and predicts with what it does not
know integrated out. A plain model has one set of coefficients, so "bayes, mode" says what the mode under the true law loses,
and "structure, mode" what the learned one does, before plain classifiers are moderated to predict well.

A few large counts are most of a seed's deviance. So losses are compared three ways: those of a seed, whose sums such counts
dominate; those of each task, on average over tasks and their median; and, before any row, by how many nats less probable the
true coefficients are than under the true law, which no count can dominate.
"""

from copy import deepcopy
from functools import partial

import numpy as np
from _common import Table, read_arguments
from _structured_drift import TRUTHS, draw
from _structured_nested import drawn, known_regions, nested
from scipy.special import expit, xlogy
from scipy.stats import multivariate_normal
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from skmeta import EmpiricalBayes, StateSpace
from skmeta.tasks import Tasks

SHOTS, NATS = (0, 5, 10), "nats"
MODELS = "bayes", "bayes, mode", "structure", "structure, mode", "none", "own"
N_ROWS, N_QUERY, N_NEW = 30, 400, 4  # rows of a past task and of the query, and new stores of a region


class Labels:
    """Logistic regression: targets, their loss, and Newton's step on the linear predictor."""

    name, scale, make = "labels", 1.0, LogisticRegression
    score = "log-loss"

    @staticmethod
    def drawn(rng, eta):
        return (rng.random(eta.shape) < expit(eta)).astype(int)

    @staticmethod
    def expansion(eta, y):
        mean = expit(eta)
        return y - mean, np.maximum(mean * (1.0 - mean), 1e-9)

    @staticmethod
    def predicted(eta, variance):
        return expit(eta / np.sqrt(1.0 + np.pi * variance / 8.0))

    @staticmethod
    def of(estimator, X):
        return estimator.predict_proba(X)[:, 1]

    @staticmethod
    def loss(y, mean):
        mean = np.clip(mean, 1e-12, 1.0 - 1e-12)
        return -float(np.mean(y * np.log(mean) + (1 - y) * np.log(1.0 - mean)))


class Counts:
    """Poisson regression, likewise."""

    name, scale, make = "counts", 0.4, PoissonRegressor
    score = "deviance"

    @staticmethod
    def drawn(rng, eta):
        return rng.poisson(np.exp(eta)).astype(float)

    @staticmethod
    def expansion(eta, y):
        mean = np.exp(np.minimum(eta, 30.0))
        return y - mean, mean

    @staticmethod
    def predicted(eta, variance):
        return np.exp(eta + 0.5 * variance)

    @staticmethod
    def of(estimator, X):
        return estimator.predict(X)

    @staticmethod
    def loss(y, mean):
        return 2.0 * float(np.mean(xlogy(y, y / mean) - y + mean))


def laplace(kind, mean, covariance, X, y):
    """Mode and covariance of coefficients that were ``N(mean, covariance)`` before rows, by Newton's method."""
    w, precision = mean.copy(), np.linalg.inv(covariance)
    for _ in range(60 if len(y) else 0):
        residual, curvature = kind.expansion(X @ w, y)
        H = precision + X.T @ (X * curvature[:, None])
        step = np.linalg.solve(H, X.T @ residual - precision @ (w - mean))
        w = w + step / max(1.0, np.abs(step).max())
    if not len(y):
        return w, covariance
    _, curvature = kind.expansion(X @ w, y)
    return w, np.linalg.inv(precision + X.T @ (X * curvature[:, None]))


def expanded(kind, X, y, W):
    """Rows of working responses of noise one at coefficients of each task, as those of squared errors."""
    eta = np.einsum("tnp,tp->tn", X, W)
    residual, curvature = kind.expansion(eta, y)
    root = np.sqrt(curvature)
    return X * root[..., None], (eta + residual / curvature) * root


def oracle_of_regions(kind, law, region, X, y):
    """What one who knows the law of squared errors' truths knows of every region: an expansion around the stores' modes."""
    W = np.array([laplace(kind, law.mean, law.between + law.within, *each)[0] for each in zip(X, y, strict=True)])
    for _ in range(8):
        Z, target = expanded(kind, X, y, W)
        known = known_regions(law, region, Z, target)
        W = np.array([laplace(kind, *known[r], *each)[0] for r, *each in zip(region, X, y, strict=True)])
    return known


def scored(kind, found, Z, truth):
    """The loss of a model, or of a mode and its covariance."""
    if isinstance(found, tuple):
        mode, covariance = found
        return kind.loss(truth, kind.predicted(Z @ mode, np.einsum("np,pq,nq->n", Z, covariance, Z)))
    return kind.loss(truth, kind.of(found, Z[:, :-1]))


def at_mode(model):
    """A plain model before it was moderated."""
    found, scale = deepcopy(model), getattr(model, "moderation_", 1.0)
    found.coef_ = model.coef_ / scale
    found.intercept_ = model.intercept_ / scale
    return found


def models_of(kind, known, learned, flat, rows):
    """Models of one task's rows, by Bayes, from a prior of its place and from one without places."""
    plain, mode = (rows[0][:, :-1], rows[1]), laplace(kind, *known, *rows)
    structure = learned.adapt(kind.make(), *plain)
    return {
        "bayes": mode,
        "bayes, mode": (mode[0], np.zeros_like(mode[1])),
        "structure": structure,
        "structure, mode": at_mode(structure),
        "none": flat.adapt(kind.make(), *plain),
        "own": own(kind, *rows),
    }


def nats(prior, known, coef):
    """By how much less probable coefficients are under a prior, before any row, than under the law that one knows."""
    first = prior.components[0]
    doubt = 0.0 if first.mean_covariance is None else first.mean_covariance
    true = multivariate_normal(*known).logpdf(coef)
    return true - multivariate_normal(first.mean, first.covariance + doubt).logpdf(coef)


def own(kind, X, y):
    """The plain estimator; of one label, or of no rows, what is common."""
    if len(y) and len(np.unique(y)) > 1:
        return kind.make().fit(X[:, :-1], y)
    return None


def regions(kind, seed):
    """``{(shots, model): loss}`` of new stores of known regions."""
    rng = np.random.default_rng(seed)
    law = nested(rng, "both")
    law = law._replace(
        mean=kind.scale * law.mean,
        between=kind.scale**2 * law.between,
        within=kind.scale**2 * law.within,
        of_region=kind.scale * law.of_region,
    )
    region = np.repeat(np.arange(len(law.of_region)), 12)
    X, y = made(kind, rng, law.mean + law.of_region[region] + drawn(rng, law.within, len(region)), N_ROWS)
    levels = {"region": region, "store": np.arange(len(region))}
    learned = EmpiricalBayes().learn(kind.make(), collected(X, y, levels, kind))
    flat = EmpiricalBayes().learn(kind.make(), collected(X, y, {}, kind))
    known = oracle_of_regions(kind, law, region, X, y)
    found = {}
    for r, u in enumerate(law.of_region):
        W, here = law.mean + u + drawn(rng, law.within, N_NEW), learned.given(region=r)
        new, query = made(kind, rng, W, max(SHOTS)), made(kind, rng, W, N_QUERY)
        for t in range(N_NEW):
            for n in SHOTS:
                models = models_of(kind, known[r], here, flat, (new[0][t][:n], new[1][t][:n]))
                add(found, n, models, kind, query[0][t], query[1][t])
            for name, prior in (("structure", here), ("none", flat)):
                found.setdefault((NATS, name), []).append(nats(prior, known[r], W[t]))
    return {key: np.array(each) for key, each in found.items()}


def days(kind, seed, name):
    """The same of the last days of one truth, one filter step a day without learning again."""
    truth, rng, known = TRUTHS[name], np.random.default_rng(seed), draw(TRUTHS[name], seed)
    W, mean = kind.scale * known.W, kind.scale * known.mean
    past = len(W) - 40
    X, y = made(kind, rng, W, N_ROWS)
    time = np.arange(float(len(W)))
    learned = StateSpace().learn(kind.make(), collected(X[:past], y[:past], {"day": time[:past]}, kind))
    flat = EmpiricalBayes().learn(kind.make(), collected(X[:past], y[:past], {}, kind))
    state, variance, found = mean, (kind.scale * truth.state) ** 2 * np.eye(len(mean)), {}
    for t in range(len(W)):
        if t:
            left, new = truth.after(1)
            state = mean + left * (state - mean)
            variance = left**2 * variance + kind.scale**2 * new * np.eye(len(mean))
        if t >= past:
            query, here = made(kind, rng, W[t : t + 1], N_QUERY), learned.given(day=time[t])
            for n in SHOTS:
                models = models_of(kind, (state, variance), here, flat, (X[t, :n], y[t, :n]))
                add(found, n, models, kind, query[0][0], query[1][0])
            for name_of, prior in (("structure", here), ("none", flat)):
                found.setdefault((NATS, name_of), []).append(nats(prior, (state, variance), W[t]))
            one = collected(X[t : t + 1], y[t : t + 1], {"day": time[t : t + 1]}, kind)
            learned = StateSpace().learn(kind.make(), one, learned)
        state, variance = laplace(kind, state, variance, X[t], y[t])
    return {key: np.array(each) for key, each in found.items()}


def made(kind, rng, W, n):
    """Rows of tasks of these coefficients, the intercept's ones last."""
    X = rng.normal(size=(len(W), n, W.shape[1]))
    X[..., -1] = 1.0
    return X, kind.drawn(rng, np.einsum("tnp,tp->tn", X, W))


def collected(X, y, levels, kind):
    """`Tasks` of arrays of tasks, with these ids of every level."""
    n_tasks, n, p = X.shape
    columns = [np.asarray(values).tolist() for values in levels.values()] or [list(range(n_tasks))]
    ids = np.empty(n_tasks, dtype=object)
    ids[:] = columns[0] if len(columns) == 1 else list(zip(*columns, strict=True))
    codes = np.repeat(np.arange(n_tasks), n)
    classes = tuple(np.unique(each) for each in y) if kind is Labels else None
    return Tasks(X[..., :-1].reshape(-1, p - 1), y.ravel(), codes, ids, levels=levels, classes=classes)


def add(found, n, models, kind, Z, truth):
    """The losses of one task's models; one that cannot be fitted predicts what is common among the query."""
    for name, model in models.items():
        loss = kind.loss(truth, np.full(len(truth), truth.mean())) if model is None else scored(kind, model, Z, truth)
        found.setdefault((n, name), []).append(loss)


def with_error(each):
    """The mean over seeds with its standard error."""
    each = np.asarray(each)
    error = f" +- {each.std(ddof=1) / np.sqrt(len(each)):.3f}" if len(each) > 1 else ""
    return f"{each.mean():.3f}{error}"


def cells_of(name, seeds):
    """A model's losses, one dictionary a seed, as ratios to those of Bayes; its own are themselves."""
    if name == "bayes":
        return [f"{np.mean([one[n, name] for one in seeds]):.4f}" for n in SHOTS]
    of_seeds = [with_error([one[n, name].mean() / one[n, "bayes"].mean() for one in seeds]) for n in SHOTS]
    ratios = [[one[n, name] / one[n, "bayes"] for one in seeds] for n in SHOTS]
    of_tasks = [f"{with_error([each.mean() for each in one])}, {np.median(np.concatenate(one)):.3f}" for one in ratios]
    lost = [with_error([one[NATS, name].mean() for one in seeds])] if (NATS, name) in seeds[0] else []
    return [*of_seeds, *of_tasks, *lost]


def main():
    arguments = read_arguments(__doc__, seeds=5, first=4000, only="", target="")
    seeds = range(arguments.first, arguments.first + (1 if arguments.quick else arguments.seeds))
    parts = {"stores of known regions": regions} | {
        f"days, {n}": partial(days, name=n) for n in ("random walk", "AR(1) .9")
    }
    header = "model", *(f"{n} rows" for n in SHOTS), *(f"{n} rows, by task" for n in SHOTS), NATS
    for title, part in parts.items():
        for kind in (Labels, Counts):
            if arguments.only not in title or arguments.target not in kind.name:
                continue
            table = Table(f"{kind.name.capitalize()} of {title}, {len(seeds)} seeds", header)
            each = [part(kind, seed) for seed in seeds]
            for name in MODELS:
                table.add(name, *cells_of(name, each))
            table.show(
                f"{kind.score}: of Bayes itself, of others as a ratio to it with its standard error over seeds",
                "by task: the mean of the ratios of single tasks with its standard error over seeds, and their median",
                "nats: how much less probable the true coefficients are, before any row, than under the true law",
            )


if __name__ == "__main__":
    main()
