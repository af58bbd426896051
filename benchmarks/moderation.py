"""Does an adapted plain classifier predict as well as integrated probabilities do, by classes, past tasks and rows?

Log-loss on new tasks of 2, 5, 10 and 20 rows (10 columns, 30 rows a past task), of one set of coefficients (plain), of the
probabilities integrated over what is not known of them, of the posterior mode, of own models and of the one that pools all
past rows; and how much plain and integrated lose on each other and on pooled, with the standard error over seeds. In the
first truth coefficients differ between tasks along three directions and a little in all, in the second the classes lie
elsewhere in each task.
"""

from copy import copy

import numpy as np
from _common import Table, read_arguments
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from skmeta import WarmStartClassifier
from skmeta.tasks import Tasks

SHOTS, N_NEW, N_QUERY, N_PAST, N_FEATURES = (2, 5, 10, 20), 20, 50, 30, 10
MODELS = ("plain", "integrated", "mode", "own", "pooled")


def coefficients(rng, n_tasks, n_classes, n_rows):
    """Labels by scores, whose coefficients are the past's, moved along three directions and a little in all."""
    shape = n_classes, N_FEATURES + 1
    mean, along = rng.normal(size=shape), 0.5 * rng.normal(size=(3, *shape))
    each = (
        mean + np.einsum("tr,rkp->tkp", rng.normal(size=(n_tasks, 3)), along) + 0.2 * rng.normal(size=(n_tasks, *shape))
    )
    X = rng.normal(size=(n_tasks, n_rows, N_FEATURES))
    score = np.einsum("tnp,tkp->tnk", X, each[..., :-1]) + each[:, None, :, -1]
    return X, np.argmax(score + rng.gumbel(size=score.shape), axis=2)


def centres(rng, n_tasks, n_classes, n_rows):
    """Normal classes in correlated columns; where they lie differs between tasks, all together and each for itself."""
    mix, at = rng.normal(size=(N_FEATURES, N_FEATURES)) / np.sqrt(N_FEATURES), rng.normal(size=(n_classes, N_FEATURES))
    moved = at + 0.6 * rng.normal(size=(n_tasks, n_classes, N_FEATURES)) + rng.normal(size=(n_tasks, 1, N_FEATURES))
    y = rng.integers(n_classes, size=(n_tasks, n_rows))
    return (moved[np.arange(n_tasks)[:, None], y] + rng.normal(size=(n_tasks, n_rows, N_FEATURES))) @ mix, y


def of_mode(plain):
    """The classifier without moderation."""
    found = copy(plain)
    found.coef_, found.intercept_ = plain.coef_ / plain.moderation_, plain.intercept_ / plain.moderation_
    return found


def of_own(X, y, new, n_classes):
    """Own probabilities by the rule of succession: as if each class had been seen once more."""
    found = np.zeros((len(new), n_classes))
    labels = np.unique(y)
    found[:, labels] = LogisticRegression().fit(X, y).predict_proba(new) if len(labels) > 1 else 1.0
    return (len(y) * found + 1.0) / (len(y) + n_classes)


def losses(draw, n_past, n_classes, seed):
    """``(n_shots, n_models)`` of one collection."""
    rng = np.random.default_rng(seed)
    X, y = draw(rng, n_past + N_NEW, n_classes, max(N_PAST, max(SHOTS) + N_QUERY))
    table, labels = X[:n_past, :N_PAST].reshape(-1, N_FEATURES), y[:n_past, :N_PAST].ravel()
    task = np.repeat(np.arange(n_past), N_PAST)
    prior = WarmStartClassifier(LogisticRegression(), task=-1).fit(np.c_[table, task], labels).prior_
    pooled = LogisticRegression(max_iter=1000).fit(table, labels)
    new, target = X[n_past:, max(SHOTS) :][:, :N_QUERY], y[n_past:, max(SHOTS) :][:, :N_QUERY]
    found = np.empty((len(SHOTS), len(MODELS)))
    everyone = np.arange(n_classes)
    for i, n in enumerate(SHOTS):
        rows, own = X[n_past:, :n], y[n_past:, :n]
        codes = np.repeat(np.arange(N_NEW), n)
        adapted = prior.adapt_tasks(
            LogisticRegression(), Tasks(rows.reshape(-1, N_FEATURES), own.ravel(), codes, np.arange(N_NEW))
        )
        plain = [adapted.estimator(t) for t in range(N_NEW)]
        each = {
            "plain": [model.predict_proba(Z) for model, Z in zip(plain, new, strict=True)],
            "integrated": adapted.predict_proba(new.reshape(-1, N_FEATURES), np.repeat(np.arange(N_NEW), N_QUERY)),
            "mode": [of_mode(model).predict_proba(Z) for model, Z in zip(plain, new, strict=True)],
            "own": [of_own(rows[t], own[t], new[t], n_classes) for t in range(N_NEW)],
            "pooled": pooled.predict_proba(new.reshape(-1, N_FEATURES)),
        }
        answers = {name: np.reshape(P, (-1, n_classes)) for name, P in each.items()}
        found[i] = [log_loss(target.ravel(), answers[name], labels=everyone) for name in MODELS]
    return found


def with_error(differences):
    """Mean and standard error over seeds."""
    spread = np.std(differences, ddof=1) / np.sqrt(len(differences)) if len(differences) > 1 else np.nan
    return f"{np.mean(differences):+.3f} +- {spread:.3f}"


def main():
    args = read_arguments(__doc__, seeds=0, first=0)
    seeds = args.seeds or (2 if args.quick else 6)
    table = Table(
        f"Log-loss of adapted classifiers, {seeds} seeds",
        [
            "truth",
            "classes",
            "past tasks",
            "rows",
            *MODELS,
            "plain - integrated",
            "plain - pooled",
            "integrated - pooled",
        ],
        1,
    )
    for draw in (coefficients, centres):
        for n_classes in (2, 5) if args.quick else (2, 5, 11):
            for n_past in (11, 60):
                each = np.stack([losses(draw, n_past, n_classes, args.first + seed) for seed in range(seeds)])
                for i, n in enumerate(SHOTS):
                    loss = dict(zip(MODELS, each[:, i].T, strict=True))
                    pairs = ("plain", "integrated"), ("plain", "pooled"), ("integrated", "pooled")
                    apart = [with_error(loss[one] - loss[other]) for one, other in pairs]
                    means = [f"{loss[name].mean():.3f}" for name in MODELS]
                    table.add(draw.__name__, n_classes, n_past, n, *means, *apart)
    table.show("own: its probabilities by the rule of succession, as classes that no row shows had none")


if __name__ == "__main__":
    main()
