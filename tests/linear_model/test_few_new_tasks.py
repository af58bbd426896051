"""A few new tasks beside a long past: learned on together they come out no worse than each adapted alone."""

from functools import partial

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model._mixture import explained_before

UNEVEN = np.diag(np.r_[np.full(6, 0.05), 3.0, 5.0])
F = np.random.default_rng(0).normal(size=(8, 2))
FACTOR = F @ F.T + 0.04 * np.eye(8)


def draw(rng, n_tasks, n, root, level=0.0, uneven_noise=False, logistic=False):
    """A table of tasks, their targets and coefficients; the intercept moves with the columns' means by ``level``."""
    d, task = len(root), np.repeat(np.arange(n_tasks), n)
    means = level * rng.normal(size=(n_tasks, d))
    X = rng.normal(size=(n_tasks * n, d)) + means[task]
    mean, noise = (1.0, 0.0) if logistic else (5.0, 0.5)
    coef = mean + rng.normal(size=(n_tasks, d)) @ root.T
    intercept = 2.0 * means.sum(axis=1)
    own = noise * np.sqrt(4.0 / rng.chisquare(4.0, n_tasks)) if uneven_noise else np.full(n_tasks, noise)
    y = np.einsum("nd,nd->n", X, coef[task]) + intercept[task] + own[task] * rng.normal(size=len(X))
    y = (rng.random(len(y)) < 1.0 / (1.0 + np.exp(-y))).astype(int) if logistic else y
    return np.c_[X, 1000 + task], y, np.c_[coef, intercept]


def off(models, truth):
    found = [np.r_[np.ravel(model.coef_), np.ravel(model.intercept_)] for model in models]
    return np.sqrt(np.mean(np.sum((np.array(found) - truth) ** 2, axis=1)))


def compare(old, new, root, word="auto", *, draws=6, estimator=None, **options):
    """Distances from the truth ``(draws,)``, together and alone."""
    rng, shell = np.random.default_rng(1), WarmStartClassifier if options.get("logistic") else WarmStartRegressor
    model = shell(estimator or Ridge(), task=-1, learner=EmpiricalBayes(word))
    X, y, _ = draw(rng, *old, root, **options)
    past, together, alone = model.fit(X, y).prior_, [], []
    for _ in range(draws):
        X, y, truth = draw(rng, *new, root, **options)
        both = shell(estimator or Ridge(), task=-1, prior=past, learner=EmpiricalBayes(word)).fit(X, y)
        each = [past.adapt(estimator or Ridge(), X[X[:, -1] == t, :-1], y[X[:, -1] == t]) for t in np.unique(X[:, -1])]
        together.append(off(both.estimators_.values(), truth))
        alone.append(off(each, truth))
    return np.array(together), np.array(alone)


many = partial(pytest.param, marks=pytest.mark.statistics)


@pytest.mark.parametrize(
    ("old", "new", "root", "word", "options"),
    [
        ((100, 40), (2, 5), UNEVEN, "auto", {"draws": 2}),
        many((300, 40), (5, 5), UNEVEN, "auto", {}),
        many((300, 40), (1, 5), UNEVEN, "auto", {}),
        many((100, 40), (2, 5), UNEVEN, "auto", {}),
        many((300, 40), (20, 5), UNEVEN, "auto", {}),
        many((200, 40), (5, 5), UNEVEN, "full", {}),
        many((200, 40), (5, 5), UNEVEN, "diagonal", {}),
        many((200, 40), (5, 5), np.linalg.cholesky(FACTOR), "factor", {}),
        many((200, 40), (5, 5), np.linalg.cholesky(FACTOR), "auto", {}),
        many((200, 40), (5, 5), UNEVEN, "auto", {"uneven_noise": True}),
        many((200, 20), (5, 5), 0.3 * np.eye(4), "auto", {"level": 1.0}),
        many((100, 60), (5, 20), 0.7 * np.eye(4), "auto", {"logistic": True, "estimator": LogisticRegression(), "draws": 3}),
    ],
)  # fmt: skip
def test_together_is_no_worse_than_alone(old, new, root, word, options):
    together, alone = compare(old, new, root, word, **options)
    assert together.mean() < 1.02 * alone.mean()
    assert np.all(together < 1.10 * alone), together / alone


def test_many_new_tasks_overrule_a_short_past():
    together, alone = compare((10, 20), (100, 10), np.diag(np.r_[0.05, 0.05, 1.0, 2.0]), draws=2)
    assert np.all(together < 0.9 * alone)


@pytest.mark.parametrize("d", [5, 120], ids=["columns", "cells"])
def test_what_a_past_explained_counts_as_its_tasks(d):
    """Ten new tasks of nothing but noise beside thirty that are explained: the share falls, by no more than they count."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 8, d))
    table = np.c_[X.reshape(-1, d), np.repeat(np.arange(40), 8)]
    target = np.where(np.arange(40) < 30, X[..., :3].sum(axis=-1).T, 0.0).T + 0.3 * rng.normal(size=(40, 8))
    old, y = table[:, -1] < 30, target.ravel()
    past = WarmStartRegressor(Ridge(), task=-1).fit(table[old], y[old]).prior_
    both = WarmStartRegressor(Ridge(), task=-1, prior=past).fit(table[~old], y[~old]).prior_
    known = explained_before(past)
    assert known == pytest.approx(share_within(target[:30]), abs=0.1)
    assert explained_before(both) == pytest.approx(0.75 * known, abs=0.05)
    assert explained_before(past.components[0]) is None


def test_a_past_of_noise_explained_nothing():
    rng = np.random.default_rng(0)
    table = np.c_[rng.normal(size=(320, 5)), np.repeat(np.arange(40), 8)]
    assert explained_before(WarmStartRegressor(Ridge(), task=-1).fit(table, rng.normal(size=320)).prior_) < 0.1


def share_within(target, noise=0.09):
    """The share of the variance within tasks that is no noise."""
    return 1.0 - noise / target.var(axis=1, ddof=1).mean()
