"""How far is a learned prior from Bayes with the true one, by truth, number of past tasks and shape of covariance?

Excess root mean squared error over the oracle's in per cent, on new tasks of 5, 10 and 20 rows (20 features, noise 1,
"factor" of rank 4), its mean over these with the standard error over collections, and seconds to learn. "coefficients
seen" is no model but a bound: the prior made of the past tasks' true coefficients (their OAS covariance), as if each task
had endless rows. Peers are shown for the first truth with the most tasks.
"""

import _peers
import numpy as np
from _common import Table, clocked, percent, read_arguments
from _models import past_and_new
from sklearn.covariance import OAS
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor
from skmeta.datasets import make_related_regression
from skmeta.model_selection import OwnModel, PooledModel

SHOTS, N_NEW, N_QUERY, RANK = (5, 10, 20), 100, 100, 4
TRUTHS = ("factor", "spherical", "diagonal", "power")


def draw(truth, n_tasks, seed):
    """``(past, new, prior, seen)``: past rows, new tasks' in blocks of ``max(SHOTS) + N_QUERY``, the true prior, the bound."""
    sizes = n_tasks, N_NEW, max(SHOTS) + N_QUERY
    past, new, true = past_and_new(make_related_regression, *sizes, 20, covariance=truth, rank=RANK, random_state=seed)
    prior = GaussianPrior(true.mean, true.covariance, noise=true.noise)
    coef = true.coef[:n_tasks]
    seen = GaussianPrior(coef.mean(axis=0), OAS().fit(coef).covariance_ * (1.0 + 1.0 / n_tasks), noise=true.noise)
    return past, new, prior, seen


def error_of_prior(prior, new, n):
    """Error on the new tasks, ``n`` rows of each known, by the plain estimators that ``prior`` makes of them."""
    (X, y), total = new, 0.0
    for rows in np.split(np.arange(len(y)), N_NEW):
        known, query = rows[:n], rows[max(SHOTS) :]
        model = prior.adapt(Ridge(), X[known, :-1], y[known])
        total += np.sum((model.predict(X[query, :-1]) - y[query]) ** 2)
    return np.sqrt(total / (N_NEW * N_QUERY))


def error_of_table(model, past, new, n):
    """The same by a model that must see past and new rows in one table, and the seconds of its fit."""
    X, y = new
    turn = np.tile(np.arange(max(SHOTS) + N_QUERY), N_NEW)
    known, query = turn < n, turn >= max(SHOTS)
    _, seconds = clocked(lambda: model.fit(np.vstack([past[0], X[known]]), np.r_[past[1], y[known]]))
    return np.sqrt(np.mean((model.predict(X[query]) - y[query]) ** 2)), seconds


def warm_row(covariance, draws):
    """Ratios to the oracle ``(draws, shots)``, and seconds to learn."""
    ratios, seconds = [], []
    for past, new, oracle, _ in draws:
        model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(covariance))
        prior, spent = clocked(lambda model=model, past=past: model.fit(*past).prior_)
        ratios.append([error_of_prior(prior, new, n) / error_of_prior(oracle, new, n) for n in SHOTS])
        seconds.append(spent)
    return ratios, np.mean(seconds)


def seen_row(draws):
    """Ratios of the bound."""
    return [
        [error_of_prior(seen, new, n) / error_of_prior(oracle, new, n) for n in SHOTS] for _, new, oracle, seen in draws
    ]


def peer_row(model, draws):
    """The same for a peer."""
    ratios, seconds = [], []
    for past, new, oracle, _ in draws:
        errors, spent = zip(*(error_of_table(model, past, new, n) for n in SHOTS), strict=True)
        ratios.append([e / error_of_prior(oracle, new, n) for e, n in zip(errors, SHOTS, strict=True)])
        seconds.append(np.mean(spent))
    return ratios, np.mean(seconds)


def main():
    args = read_arguments(__doc__, seeds=0, slow=0)
    seeds = args.seeds or (2 if args.quick else 3)
    sizes = (200,) if args.quick else (200, 50, 10)
    shapes = ("auto",) if args.quick else ("auto", "factor", "full", "diagonal")
    table = Table(
        f"Excess over Bayes with the true prior, {seeds} seeds",
        ["truth", "tasks", "model", *(f"{n} shots %" for n in SHOTS), "mean %", "s.e.", "seconds"],
        3,
    )

    def show(truth, n_tasks, name, ratios, seconds=None):
        means, each = np.mean(ratios, axis=0), np.mean(ratios, axis=1)
        error = f"{100.0 * each.std(ddof=1) / np.sqrt(len(each)):.1f}" if len(each) > 1 else ""
        cells = *(percent(r) for r in means), percent(each.mean()), error
        table.add(truth, n_tasks, name, *cells, "" if seconds is None else f"{seconds:.2f}")

    for truth in TRUTHS:
        for n_tasks in sizes:
            draws = [draw(truth, n_tasks, seed) for seed in range(seeds)]
            for shape in shapes:
                show(truth, n_tasks, f"warm, {shape}", *warm_row(shape, draws))
            show(truth, n_tasks, "coefficients seen", seen_row(draws))
            if truth == TRUTHS[0] and n_tasks == sizes[0]:
                peers = {"own": OwnModel(Ridge(), task=-1), "pooled": PooledModel(Ridge(), task=-1)}
                peers |= {} if _peers.missing("gpboost") or args.quick else {"GPBoost, diagonal": _peers.GPBoost()}
                peers |= {} if _peers.missing("statsmodels") or not args.slow else {"MixedLM, full": _peers.MixedLM()}
                for name, model in peers.items():
                    show(truth, n_tasks, name, *peer_row(model, draws[:1]))
    table.show(
        "own, pooled and peers on one seed; seconds are those of one fit",
        "MixedLM with a full covariance takes minutes a fit: --slow 1",
        *_peers.not_installed("gpboost", "statsmodels"),
    )


if __name__ == "__main__":
    main()
