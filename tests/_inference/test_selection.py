"""Choosing a shape: held-out evidence is what it says, nothing leaks, and the right shape wins."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import multivariate_normal
from variations import varied

from skmeta._inference.coefficient_law import CoefficientLaw
from skmeta._inference.in_columns import InColumns
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.past import past_deviance, typical_design
from skmeta._inference.selection import (
    _HeldOut,
    best_scale,
    candidates,
    choose,
    folds,
    held_out,
    identified,
    spread,
)
from skmeta.datasets import make_related_regression


def collection(covariance="factor", n_tasks=120, n_features=8, n=15, seed=0):
    X, y, truth = make_related_regression(n_tasks, n, n_features, covariance=covariance, rank=2, random_state=seed)
    return as_moments(X, y), truth


def as_moments(X, y):
    order = np.argsort(X[:, -1], kind="stable")
    starts = np.r_[0, np.cumsum(np.unique(X[:, -1], return_counts=True)[1])]
    d = X.shape[1] - 1
    return InColumns(collect_moments(Rows(X[:, :-1], y[:, None], order, starts, np.zeros(d), np.ones(d))).output(0))


@pytest.mark.parametrize("n_tasks", [2, 3, 7, 50])
def test_folds_are_even_and_whatever_the_tasks_are_called(n_tasks):
    moments, _ = collection(n_tasks=n_tasks)
    fold = folds(moments, 3)
    counts = np.bincount(fold, minlength=3)
    assert counts.max() - counts.min() <= 1
    order = np.random.default_rng(0).permutation(n_tasks)
    assert_array_equal(folds(moments.take(order), 3), fold[order])


def test_some_tasks_stand_for_all_sizes_of_targets():
    moments, _ = collection(n_tasks=100)
    assert_array_equal(spread(moments, 100), np.arange(100))
    some = spread(moments, 10)
    assert len(np.unique(some)) == 10
    size = moments.square / moments.n_rows
    assert size[some].max() == size.max() and size[some].min() == size.min()


@pytest.mark.parametrize(
    ("word", "names"),
    [("spherical", {"spherical"}), ("diagonal", {"diagonal"}), ("factor", {"factor"}), ("full", {"full"}),
     ("auto", {"spherical", "diagonal", "factor", "full"})],
)  # fmt: skip
def test_words_stand_for_their_shapes(word, names):
    assert {s.name for s in candidates(word, 9, 50)} == names
    assert {s.rank for s in candidates(word, 9, 50, rank=4) if s.name == "factor"} <= {4}
    assert len({str(s) for s in candidates(word, 9, 50)}) == len(candidates(word, 9, 50)), "names tell them apart"


@pytest.mark.parametrize("known", [(8,), (1, 3, 8), (0, 3, 8), tuple(range(9))])
@pytest.mark.parametrize("word", ["spherical", "diagonal", "factor", "full", "auto"])
def test_a_past_is_one_candidate_more_and_none_comes_twice(word, known):
    found = candidates(word, 9, 404, known=known)
    assert len({each.shape for each in found}) == len({str(each) for each in found}) == len(found)
    alone = {each.shape for each in candidates(word, 9, 404)}
    assert {each.shape for each in found} >= alone
    if word == "auto":
        assert found[0].strength == 0.0 and found[0].varying == (known if len(known) < 9 else None)


@pytest.mark.parametrize("n_tasks", [1, 2, 3])
@pytest.mark.parametrize("word", ["spherical", "diagonal", "factor", "full", "auto"])
def test_ranks_stay_below_columns_and_tasks(word, n_tasks):
    found = candidates(word, 2, n_tasks)
    assert found
    assert all(not s.rank or s.rank < 2 for s in found)


def test_held_out_evidence_is_the_density_under_what_a_new_task_should_expect():
    X, y, _ = make_related_regression(4, 6, 2, random_state=0)
    state = CoefficientLaw(np.ones(3), np.diag([1.0, 2.0, 3.0]), 0.7, mean_covariance=0.2 * np.eye(3))
    found = held_out(as_moments(X, y), state)
    for t in range(4):
        own = X[:, -1] == t
        Z = np.c_[X[own, :-1], np.ones(6)]
        V = Z @ (state.covariance + 0.2 * np.eye(3)) @ Z.T + 0.7 * np.eye(6)
        assert_allclose(found[t], multivariate_normal.logpdf(y[own], Z @ state.mean, V), rtol=1e-9)
    spread_out = held_out(as_moments(X, y), replace(state, noise_dof=5.0))
    assert np.all(np.isfinite(spread_out)) and not np.allclose(spread_out, found)


@pytest.mark.parametrize("seed", range(3))
def test_nothing_leaks(seed):
    """On average no learned prior beats the true one on tasks that it has not seen."""
    moments, truth = collection(n_tasks=60, seed=seed)
    oracle = held_out(moments, CoefficientLaw(truth.mean, truth.covariance, truth.noise))
    choice = choose(moments, candidates("auto", 9, 60), noise="shared")
    assert_array_equal(choice.tasks, np.arange(60))
    learned = np.empty(60)
    for k, state in enumerate(choice.states):
        learned[choice.fold == k] = held_out(moments.take(choice.fold == k), state)
    loss = oracle - learned
    assert loss.mean() > -loss.std() / np.sqrt(60)
    assert loss.mean() < 3.0, "nats a task"


@varied(
    ("truth", "wanted"),
    [("spherical", {"spherical", "diagonal"}), ("factor", {"factor"}), ("full", {"full", "factor"}),
     (np.diag(np.r_[4.0, np.full(7, 0.04), 1.0]), {"diagonal", "factor", "full"})],
    ids=["spherical", "factor", "full", "diagonal"], keep=2)  # fmt: skip
def test_the_right_shape_wins(truth, wanted):
    for seed in range(3):
        moments, _ = collection(truth, n_tasks=150, seed=seed)
        choice = choose(moments, candidates("auto", 9, 150))
        assert choice.structure.name in wanted, (seed, choice.scores)
        assert choice.scores[str(choice.structure)] > max(choice.scores.values()) - 15.0


@pytest.mark.parametrize(
    ("truth", "loser"),
    [("factor", "diagonal"), ("spherical", "full"), (np.diag(np.r_[4.0, np.full(8, 0.04)]), "spherical")],
)
def test_the_wrong_shape_loses_clearly(truth, loser):
    moments, _ = collection(truth, n_tasks=40)
    choice = choose(moments, candidates("auto", 9, 40))
    scores = [score for name, score in choice.scores.items() if name.startswith(loser)]
    assert max(scores) < max(choice.scores.values()) - 2.0, choice.scores


@pytest.mark.parametrize("seed", range(4))
def test_order_of_tasks_does_not_matter(seed):
    moments, _ = collection(n_tasks=40, seed=seed)
    order = np.random.default_rng(0).permutation(40)
    one, two = (choose(m, candidates("auto", 9, 40)) for m in (moments, moments.take(order)))
    assert str(one.structure) == str(two.structure)
    assert_array_equal(two.fold, one.fold[order])
    assert_allclose(list(two.scores.values()), list(one.scores.values()), rtol=1e-8)


def test_ranks_that_no_scatter_determines_are_not_tried():
    """Factors and unique variances are no more than the scatter has entries: Ledermann's bound, 1, 3, 6 for p = 3, 6, 10."""
    for p, most in ((3, 1), (6, 3), (10, 6)):
        assert max(k for k in range(p) if identified(k, p)) == most
        assert all(s.rank <= most for s in candidates("factor", p, 50) if s.name == "factor")


def test_one_task_leaves_nothing_to_compare():
    moments, _ = collection(n_tasks=3)
    structures = candidates("auto", 9, 1)
    choice = choose(moments.take([0]), structures)
    assert choice.structure is next(one for one in structures if one.varying is None), "of no slope is it known"
    assert len(choice.tasks) == len(choice.states) == 0


def test_the_scale_of_a_law_does_not_decide_between_shapes():
    """A law whose variances are all wrong by one factor is as good as the law without it."""
    moments, truth = collection(n_tasks=60)
    law = CoefficientLaw(truth.mean, truth.covariance, np.float64(truth.noise), np.float64(8.0))
    held = _HeldOut(moments, folds(moments, 3))
    wrong = replace(law, covariance=9.0 * law.covariance, noise=9.0 * law.noise)
    one, other = (held.evidence(each.repeated(3)) for each in (law, wrong))
    assert_allclose(one, other, rtol=1e-4)
    assert one.sum() > held_out(moments, law).sum() - 1e-9, "no scale is better than the best"


def test_the_best_scale_is_the_mean_square_of_whitened_residuals():
    moments, truth = collection(n_tasks=60)
    law = CoefficientLaw(truth.mean, 4.0 * truth.covariance, np.float64(4.0 * truth.noise))
    deviance = moments.deviance(law, cholesky_root(law.covariance), np.array([law.noise]))[None]
    found = best_scale(deviance, np.ones(1), moments.n_rows[None], moments.counts[None])
    assert_allclose(found, deviance[..., 1].sum() / moments.n_rows.sum(), rtol=1e-12)
    assert_allclose(found, 0.25, rtol=0.15)


# What was known ---------------------------------------------------------------------------------------


def test_a_typical_past_task_says_what_its_rows_would():
    """The expected deviance of rows ``Z`` with ``Z'Z`` the mean of the tasks', but for what rows say of the noise alone."""
    moments, truth = collection(n_tasks=20)
    past = CoefficientLaw(truth.mean, truth.covariance, np.float64(1.0), n_tasks=np.float64(7), n_rows=np.float64(105))
    law = replace(past, mean=past.mean + 0.1, covariance=2.0 * past.covariance, noise=np.float64(0.7))
    gram = moments.moments.gram.mean(axis=0)
    Z = np.linalg.cholesky(gram).T
    V, P = (Z @ one.covariance @ Z.T + one.noise * np.eye(9) for one in (law, past))
    wanted = np.linalg.slogdet(2 * np.pi * V)[1] + np.trace(
        np.linalg.solve(V, P + np.outer(*[Z @ np.full(9, 0.1)] * 2))
    )
    found = past_deviance(law, np.array([0.7]), past, typical_design(moments, past))
    assert_allclose(found.sum(), wanted, rtol=1e-9)


@pytest.mark.parametrize("word", ["auto", "diagonal", "factor", "full"])
def test_what_is_known_keeps_its_shape(word):
    moments, truth = collection(n_tasks=4)
    past = CoefficientLaw(
        truth.mean, truth.covariance, np.float64(1.0), n_tasks=np.float64(400), n_rows=np.float64(6e3)
    )
    structures = candidates(word, 9, 404, known=tuple(range(9)))
    assert all(one.strength == 0.0 for one in structures if word == "factor") and structures[0].strength == 0.0
    choice = choose(moments, structures, past=past)
    found = choice.structure.fit(past.covariance, 404.0)[0]
    kept = past.covariance if word != "diagonal" else np.diag(np.diag(past.covariance))
    assert np.abs(found - kept).max() < (0.05 if word == "factor" else 1e-6) * np.abs(kept).max(), choice.structure


# Effects between tasks, and what held-out tasks are -----------------------------------------------------


def with_levels(slope, n_tasks=60, seed=0):
    """Tasks whose level moves with the mean of their one column, or does not."""
    rng = np.random.default_rng(seed)
    centre = 2.0 * rng.normal(size=n_tasks)
    X = centre[:, None] + rng.normal(size=(n_tasks, 10))
    y = slope * centre[:, None] - (X - centre[:, None]) + 0.3 * rng.normal(size=X.shape)
    return as_moments(np.column_stack([X.ravel(), np.repeat(np.arange(n_tasks), 10)]), y.ravel())


@pytest.mark.parametrize("seed", range(3))
def test_effects_between_tasks_are_learned_only_where_they_help(seed):
    structures = candidates("diagonal", 2, 60)
    assert choose(with_levels(2.0, seed=seed), structures).contextual
    choice = choose(with_levels(-1.0, seed=seed), structures)
    assert not choice.contextual
    assert all(state.contextual is None for state in choice.states)
