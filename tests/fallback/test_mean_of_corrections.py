"""Corrections that held-out tasks do not tell from the best one, and their mean."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from variations import varied

from skmeta import EmpiricalBayes, SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.fallback._columns import column_candidates, united
from skmeta.fallback._mean_of_corrections import LearnerOfCorrections
from skmeta.tasks import read_tasks

PLACES = [np.array([0, 2]), np.array([1])]
WEIGHTS = np.array([0.3, 0.7])
MODELS = {"targets": Ridge(), "labels": LogisticRegression(), "counts": PoissonRegressor(alpha=0.1)}


def drawn(kind, n_tasks=12, n_rows=15, seed=0):
    """A collection of three columns."""
    rng = np.random.default_rng(seed)
    codes, X = np.repeat(np.arange(n_tasks), n_rows), rng.normal(size=(n_tasks * n_rows, 3))
    eta = X @ [0.5, 0.4, -0.3] + 0.5 * rng.normal(size=n_tasks)[codes]
    draw = {
        "targets": lambda: eta + rng.normal(size=len(eta)),
        "labels": lambda: (rng.uniform(size=len(eta)) < expit(eta)).astype(int),
        "counts": lambda: rng.poisson(np.exp(eta)).astype(float),
    }
    return read_tasks(np.column_stack([X, codes]), draw[kind](), task=-1, labels=kind == "labels")


def mean_of(kind, weights=WEIGHTS):
    """A mean of two corrections of some columns each, and what it was learned from."""
    tasks = drawn(kind)
    return learner_of(kind, weights).learn_distinct(MODELS[kind], tasks), tasks


def learner_of(kind, weights=WEIGHTS):
    return LearnerOfCorrections([EmpiricalBayes()] * 2, PLACES, weights, kind == "counts")


@pytest.mark.parametrize("kind", MODELS)
def test_the_plain_result_is_one_linear_model_that_says_the_same(kind):
    prior, tasks = mean_of(kind)
    new = drawn(kind, n_tasks=3, n_rows=6, seed=1)
    adapted = prior.adapt_tasks(MODELS[kind], new)
    method = "decision_function" if kind == "labels" else "predict"
    for code in (0, 2, -1):
        plain, codes = pickle.loads(pickle.dumps(adapted.estimator(code))), np.full(len(tasks.X), code)
        assert type(plain) is type(MODELS[kind])
        assert_allclose(getattr(plain, method)(tasks.X), getattr(adapted, method)(tasks.X, codes))
        assert np.array_equal(plain.predict(tasks.X) > 0.5, adapted.predict(tasks.X, codes) > 0.5)


@pytest.mark.parametrize("kind", MODELS)
def test_a_part_of_all_weight_is_the_answer(kind):
    prior, tasks = mean_of(kind, np.array([0.0, 1.0]))
    alone = prior.parts[1].adapt_tasks(MODELS[kind], tasks.with_rows(tasks.X[:, PLACES[1]], tasks.y))
    adapted = prior.adapt_tasks(MODELS[kind], tasks)
    methods = ["predict"] + ["predict_proba"] * (kind == "labels") + ["std"] * (kind == "targets")
    for method in methods:
        assert_allclose(
            getattr(adapted, method)(tasks.X, tasks.codes),
            getattr(alone, method)(tasks.X[:, PLACES[1]], tasks.codes),
            rtol=1e-10,
        )
    assert_allclose(adapted.borrowed, alone.borrowed)
    assert_allclose(adapted.unlike_past, alone.unlike_past)
    one = tasks.with_rows(tasks.X[:, PLACES[1]], tasks.y)
    with np.errstate(divide="ignore"):
        assert_allclose(
            prior.log_evidence(MODELS[kind], tasks), prior.parts[1].log_evidence(MODELS[kind], one), rtol=1e-10
        )


def test_uncertainty_is_that_of_a_mixture():
    prior, tasks = mean_of("targets")
    adapted = prior.adapt_tasks(Ridge(), tasks)
    means, spreads = (
        np.array([getattr(a, name)(tasks.X[:, at], tasks.codes) for a, at in zip(adapted.adapted, PLACES, strict=True)])
        for name in ("predict", "std")
    )
    square = WEIGHTS @ (spreads**2 + (means - WEIGHTS @ means) ** 2)
    assert_allclose(adapted.std(tasks.X, tasks.codes), np.sqrt(square))


def test_probabilities_sum_to_one():
    prior, tasks = mean_of("labels")
    found = prior.adapt_tasks(LogisticRegression(), tasks).predict_proba(tasks.X, tasks.codes)
    assert_allclose(found.sum(axis=1), 1.0)


def test_each_part_learns_on():
    prior, _ = mean_of("targets")
    new = drawn("targets", seed=2)
    found = learner_of("targets").learn_distinct(Ridge(), new, prior)
    for part, past, at in zip(found.parts, prior.parts, PLACES, strict=True):
        alone = EmpiricalBayes().learn_distinct(Ridge(), new.with_rows(new.X[:, at], new.y), past)
        assert_allclose(part.mean, alone.mean)
    assert found.n_tasks == prior.n_tasks + len(new)


@pytest.mark.parametrize("names", [False, True])
def test_what_each_candidate_reads_is_found_in_what_all_read(names):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"a": rng.normal(size=60), "b": rng.integers(2, size=60), "task": np.repeat(np.arange(6), 10)})
    if names:
        X["c"] = rng.choice(["x", "y", "z"], 60)
    tasks, outputs = read_tasks(X, rng.normal(size=60), task="task"), rng.normal(size=(60, 2))
    candidates = column_candidates(tasks, "auto")
    squares = candidates["output, columns, squares"]
    candidates["narrowed"] = squares._replace(taken=np.array([0, 2]))
    for some in ([*candidates], ["columns", "output, columns"], ["output"], ["columns"], ["columns", "narrowed"]):
        whole, places = united([candidates[name] for name in some], 2, tasks.X)
        Z = whole.reads(tasks.X, outputs)
        for name, at in zip(some, places, strict=True):
            assert_allclose(Z[:, at], candidates[name].reads(tasks.X, outputs))
    everything, _ = united([*candidates.values()], 2, tasks.X)
    assert everything.columns is squares.columns  # nothing is made twice


@varied("labels", [False, True])
def test_corrections_that_are_alike_are_averaged(labels):
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(24), 14), rng.normal(size=(336, 2))
    eta = X @ [1.0, -1.0] + rng.normal(size=24)[task] + rng.logistic(size=336)
    table, shell = np.column_stack([X, task]), WarmStartClassifier if labels else WarmStartRegressor
    tree = DecisionTreeClassifier(max_depth=3) if labels else DecisionTreeRegressor(max_depth=3)
    model = shell(tree, task=-1, learner=SharedModel(max_rounds=1)).fit(table, (eta > 0).astype(int) if labels else eta)
    correction = model.prior_.components[0].correction
    assert len(correction.parts) > 1
    assert_allclose(sum(correction.weights), 1.0)
    plain = model.adapt(X[:5], (eta[:5] > 0).astype(int) if labels else eta[:5])
    assert [*plain.named_steps] == ["shared", "correction"]
    assert isinstance(plain[-1], LogisticRegression if labels else Ridge)


def test_a_correction_that_is_clearly_the_best_stands_alone():
    rng = np.random.default_rng(0)
    task, X = np.repeat(np.arange(24), 20), rng.uniform(-3.0, 3.0, size=(480, 1))
    y = 3.0 * np.sin(2.0 * X[:, 0]) + 3.0 * rng.normal(size=24)[task] + 0.1 * rng.normal(size=480)
    model = WarmStartRegressor(DecisionTreeRegressor(max_depth=6), task=-1, learner=SharedModel(max_rounds=1))
    model.fit(np.column_stack([X, task]), y)
    assert not model.prior_.components[0].description.startswith("columns")
    assert "; columns" not in model.prior_.components[0].description
