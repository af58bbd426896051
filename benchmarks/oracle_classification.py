"""How far is a learned prior from the true one in hierarchical logistic regression, and are its probabilities honest?

Log-loss on new tasks of 5, 10 and 20 rows, over that of the true prior with Laplace's approximation (10 features, 20
rows a past task), seconds to learn, and calibration: the mean distance between predicted probability and frequency
over ten bins, at 10 rows, in per cent.
"""

import _peers
import numpy as np
from _common import Table, clocked, percent, read_arguments
from _models import past_and_new
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from skmeta import GaussianPrior, WarmStartClassifier
from skmeta.datasets import make_related_classification
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

SHOTS, N_NEW, N_QUERY = (5, 10, 20), 100, 100


def draw(n_tasks, seed, covariance):
    """``(past, new, prior)``; new tasks have ``max(SHOTS) + N_QUERY`` rows each."""
    sizes = n_tasks, N_NEW, max(SHOTS) + N_QUERY
    past, new, true = past_and_new(make_related_classification, *sizes, 10, covariance=covariance, random_state=seed)
    return past, new, GaussianPrior(true.mean, true.covariance, classes=[0, 1])


def masks(n):
    """Rows of the new tasks that are known, and those that are scored."""
    turn = np.tile(np.arange(max(SHOTS) + N_QUERY), N_NEW)
    return turn < n, turn >= max(SHOTS)


def probabilities_of_prior(prior, new, n):
    """Second class's probabilities of the scored rows, task by task."""
    X, y = new
    known, query = masks(n)
    found = []
    for task in np.unique(X[:, -1]):
        mine = X[:, -1] == task
        model = WarmStartClassifier(LogisticRegression(), prior=prior).fit(X[known & mine, :-1], y[known & mine])
        found.append(model.predict_proba(X[query & mine, :-1])[:, 1])
    return np.concatenate(found)


def probabilities_of_table(model, past, new, n):
    """The same by a model that must see past and new rows in one table."""
    X, y = new
    known, query = masks(n)
    model.fit(np.vstack([past[0], X[known]]), np.r_[past[1], y[known]])
    return model.predict_proba(X[query])[:, 1]


def miscalibration(y, probability):
    """Mean distance of frequency and probability over ten bins, weighed by their rows, in per cent."""
    bins = np.minimum((probability * 10).astype(int), 9)
    off = np.bincount(bins, probability - y, minlength=10)
    return 100.0 * np.abs(off).sum() / len(y)


def row(predict, draws):
    """``(ratios (n_shots,), losses (n_shots,), miscalibration)``, means over the draws."""
    ratios, losses, off = [], [], []
    for past, new, oracle in draws:
        y = new[1][masks(0)[1]]
        found = {n: predict(past, new, n) for n in SHOTS}
        losses.append([log_loss(y, found[n]) for n in SHOTS])
        ratios.append([log_loss(y, found[n]) / log_loss(y, oracle[n]) for n in SHOTS])
        off.append(miscalibration(y, found[10]))
    return np.mean(ratios, axis=0), np.mean(losses, axis=0), float(np.mean(off))


def main():
    args = read_arguments(__doc__, seeds=0)
    seeds = args.seeds or (1 if args.quick else 3)
    table = Table(
        f"Log-loss over that of the true prior, {seeds} seeds",
        [
            "truth",
            "tasks",
            "model",
            *(f"{n} shots %" for n in SHOTS),
            *(f"loss {n}" for n in SHOTS),
            "off %",
            "seconds",
        ],
        3,
    )
    for truth, n_tasks in (
        [("factor", 200)]
        if args.quick
        else [("factor", 200), ("factor", 50), ("diagonal", 200), ("diagonal", 50), ("spherical", 20)]
    ):
        draws = []
        for seed in range(seeds):
            past, new, prior = draw(n_tasks, seed, truth)
            draws.append((past, new, {n: probabilities_of_prior(prior, new, n) for n in SHOTS}))
        priors, seconds = zip(
            *(
                clocked(lambda p=p: WarmStartClassifier(LogisticRegression(), task=-1).fit(*p).prior_)
                for p, _, _ in draws
            ),
            strict=True,
        )
        learned = {id(past): prior for (past, _, _), prior in zip(draws, priors, strict=True)}
        oracles = {id(past): oracle for past, _, oracle in draws}
        models = {
            "oracle": (lambda past, new, n: oracles[id(past)][n], ""),
            "warm": (lambda past, new, n: probabilities_of_prior(learned[id(past)], new, n), f"{np.mean(seconds):.2f}"),
        }
        peers = {kind.__name__: kind(LogisticRegression(), task=-1) for kind in (OwnModel, PooledModel, ResidualModel)}
        if not _peers.missing("gpboost") and not args.quick and n_tasks == 200:
            peers["GPBoost, diagonal"] = _peers.GPBoostClassifier()
        for name, model in peers.items():
            models[name] = (lambda past, new, n, model=model: probabilities_of_table(model, past, new, n), None)
        for name, (predict, spent) in models.items():
            (ratios, losses, off), total = clocked(lambda predict=predict: row(predict, draws))
            spent = f"{total / len(SHOTS) / seeds:.2f}" if spent is None else spent
            table.add(
                truth, n_tasks, name, *(percent(r) for r in ratios), *(f"{v:.3f}" for v in losses), f"{off:.1f}", spent
            )
    table.show("seconds: one fit (of peers with its predictions)", *_peers.not_installed("gpboost"))


if __name__ == "__main__":
    main()
