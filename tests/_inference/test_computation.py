"""One model, computed in columns or in rows: the same answer, whichever is cheaper; and tasks that count more than once."""

from dataclasses import replace

import numpy as np
import pytest
from drawn_targets import LOSSES, targets
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse

from skmeta._inference.coefficient_law import CoefficientLaw, ContextualEffects
from skmeta._inference.components import (
    Component,
    KnownNoise,
    intercept_outlier,
    noise_outlier,
    vague_component,
)
from skmeta._inference.computation import cheaper_in_rows, in_cells, working_tasks
from skmeta._inference.covariances import DenseCovariance
from skmeta._inference.gaussian_em import fit_gaussian, initial_guess, noise_of_tasks
from skmeta._inference.glm import GaussianPriors, _cheaper_in_rows, linearise, posterior_modes
from skmeta._inference.in_columns import InColumns
from skmeta._inference.in_rows import read_in_rows
from skmeta._inference.laplace_em import fit_laplace
from skmeta._inference.linalg import cholesky_root
from skmeta._inference.moments import Rows, collect_moments
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.selection import candidates, choose
from skmeta._inference.structure import Structure
from skmeta._inference.working import RowsAtHand

FULL = Structure("full", None, strength=3.0)
FACTOR = Structure("factor", 2)


def collection(counts=(4, 9, 1, 6, 0, 12, 5, 7), d=5, seed=0, *, weighted=True, intercept=True, n_outputs=1):
    """Tasks of all lengths around ``d`` columns, whose noises and column means differ."""
    rng = np.random.default_rng(seed)
    n, task = sum(counts), np.repeat(np.arange(len(counts)), counts)
    X = rng.normal(size=(n, d)) + rng.normal(size=(len(counts), d))[task]
    w = 0.2 + 0.3 * rng.normal(size=(len(counts), n_outputs, d))
    sd = 0.7 * np.exp(0.5 * rng.normal(size=len(counts)))[task, None]
    Y = np.einsum("nd,nkd->nk", X, w[task]) + rng.normal(size=(len(counts), n_outputs))[task]
    Y = Y + sd * rng.normal(size=Y.shape)
    weight = rng.uniform(0.2, 3.0, n) if weighted else None
    order = rng.permutation(n)
    inverse = np.argsort(order)
    return Rows(
        X[order], Y[order], inverse, np.r_[0, np.cumsum(counts)], np.full(d, 0.3), np.full(d, 1.5),
        None if weight is None else weight[order], intercept,
    )  # fmt: skip


def both(rows, task_weight=None):
    """The first output of a collection in columns and in rows."""
    return InColumns(collect_moments(rows).output(0), task_weight), read_in_rows(rows, task_weight)[0]


def law_for(p, seed=0, contextual=True):
    rng = np.random.default_rng(seed)
    root = np.tril(rng.normal(size=(p, p))) + 2.0 * np.eye(p)
    effects = ContextualEffects(rng.normal(size=p - 1), rng.uniform(0.2, 2.0, p - 1)) if contextual else None
    mean_covariance = np.diag(rng.uniform(0.1, 0.5, p)) + 0.05
    return CoefficientLaw(
        rng.normal(size=p), root @ root.T, 0.7, 5.0, 8.0, 40.0, mean_covariance, mean_variance=2.0, contextual=effects
    )


def assert_same_law(one, two, rtol=1e-9):
    for name in ("mean", "covariance", "noise", "noise_dof", "n_tasks", "n_rows", "mean_covariance", "mean_variance"):
        scale = np.abs(getattr(one, name)).max()
        assert_allclose(getattr(one, name), getattr(two, name), rtol=rtol, atol=1e-10 * scale, err_msg=name)
    assert (one.contextual is None) == (two.contextual is None)
    if one.contextual is not None:
        for name in ("coef", "variance_ratio", "variance"):
            assert_allclose(getattr(one.contextual, name), getattr(two.contextual, name), rtol=rtol, atol=1e-11)


any_collection = pytest.mark.parametrize(
    "options",
    [{}, {"weighted": False}, {"intercept": False}, {"d": 1}, {"d": 14}, {"counts": (3,) * 10, "d": 9}],
    ids=["ragged", "unweighted", "no intercept", "one column", "wide", "even"],
)


# Columns and rows ---------------------------------------------------------------------------------------


@any_collection
def test_the_expectation_is_the_same(options):
    columns, rows = both(collection(**options), np.arange(10.0)[: len(options.get("counts", range(8)))])
    law = law_for(columns.width)
    root, noise = cholesky_root(law.covariance), np.linspace(0.3, 2.0, columns.n_tasks)
    Q = np.linalg.inv(root) @ law.mean_covariance @ np.linalg.inv(root).T
    one, two = (tasks.expectation(law, root, noise, Q) for tasks in (columns, rows))
    for name in ("information", "curbed", "v", "intercept", "variance", "dof"):
        assert_allclose(getattr(two, name), getattr(one, name), rtol=1e-9, atol=1e-10, err_msg=name)
    levels = np.array([0.2, 1.0, 3.0])
    assert_allclose(rows.deviance(law, root, levels), columns.deviance(law, root, levels), rtol=1e-10)
    for name in ("n_rows", "square", "context"):
        assert_allclose(getattr(rows, name), getattr(columns, name), rtol=1e-12, atol=1e-14, err_msg=name)


@any_collection
@pytest.mark.parametrize("noise", ["task", "shared", "known"])
def test_the_learned_law_is_the_same(options, noise):
    laws = [fit_gaussian(tasks, FULL, n_iter=6, noise=noise) for tasks in both(collection(**options))]
    assert_same_law(*laws)


@pytest.mark.parametrize("structure", [FULL, FACTOR, Structure("diagonal", 0), Structure("spherical", 0, equal=True)])
def test_a_past_counts_the_same(structure):
    past = law_for(6)
    laws = [fit_gaussian(tasks, structure, n_iter=4, start=past, past=past) for tasks in both(collection())]
    assert_same_law(*laws)


def test_the_choice_and_the_kinds_of_held_out_tasks_are_the_same():
    rows = collection(counts=(6,) * 30, d=6)
    structures = candidates("auto", 7, 30)
    one, two = (choose(tasks, structures) for tasks in both(rows))
    assert str(one.structure) == str(two.structure)
    assert_allclose(list(one.scores.values()), list(two.scores.values()), rtol=1e-8)
    noise, effects = NoiseLaw(0.5, 6.0), (np.full(6, 0.3), np.full(6, 2.0), np.full(6, 0.1))
    law = Component(np.ones(7), DenseCovariance(0.5 * np.eye(7)), KnownNoise.of(noise), effects=effects)
    vague = vague_component(np.ones(6), 0.5, 0.0, LOSSES["gaussian"])
    components = [law, intercept_outlier(law), noise_outlier(law, noise), vague]
    columns, in_rows = both(rows)
    assert_allclose(in_rows.component_evidence(components), columns.component_evidence(components), rtol=1e-9)


def test_sparse_tables_and_gaps_are_read_as_they_are():
    rows = collection(d=9)
    X = rows.X.copy()
    X[X < 0.0] = 0.0
    dense = replace(rows, X=X, centre=np.zeros(9))
    one, two = (read_in_rows(each)[0] for each in (dense, replace(dense, X=sparse.csr_array(X))))
    assert_array_equal(one.Z, two.Z)
    X[3, 2] = np.nan
    assert read_in_rows(replace(dense, X=X))[0].Z[rows.order == 3, 2] == 0.0


@pytest.mark.parametrize("name", ["binomial", "poisson", "multinomial"])
def test_working_responses_are_the_same(name):
    rows = collection(counts=(3,) * 10, d=8, n_outputs=3 if name == "multinomial" else 1)
    rng, loss = np.random.default_rng(1), LOSSES[name]
    rows = replace(rows, Y=targets(name, rng, 0.5 * rows.Y))
    coef = 0.1 * rng.normal(size=(10, rows.Y.shape[1], 9))
    law = law_for(9, contextual=False)
    root, noise = cholesky_root(law.covariance), np.ones(10)
    for k, part in enumerate(working_tasks(rows, coef, loss)):
        assert not isinstance(part, InColumns), "three rows, nine columns"
        columns = InColumns(linearise(rows, coef, loss)[k])
        one, two = (tasks.expectation(law, root, noise) for tasks in (columns, part))
        for field in ("information", "v", "variance", "dof"):
            assert_allclose(getattr(two, field), getattr(one, field), rtol=1e-9, atol=1e-10, err_msg=field)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("strength", [1.0, 5.0])
def test_modes_and_evidences_are_the_same(name, strength, monkeypatch):
    rng, loss = np.random.default_rng(3), LOSSES[name]
    K = 3 if name == "multinomial" else 1
    rows = collection(counts=(3, 2, 4, 0, 1), d=7, n_outputs=K)
    rows = replace(rows, Y=targets(name, rng, 0.5 * rows.Y))
    priors = GaussianPriors(
        0.1 * rng.normal(size=(2, K, 8)), 0.4 * np.tril(rng.normal(size=(2, K, 8, 8))) + 0.3 * np.eye(8)
    )
    rows_way = posterior_modes(rows, priors, loss, 0.8, strength=strength)
    again = posterior_modes(rows, priors, loss, 0.8, strength=strength, start=rows_way.whitened)
    monkeypatch.setattr("skmeta._inference.glm._cheaper_in_rows", lambda n, p, K: False)
    columns_way = posterior_modes(rows, priors, loss, 0.8, strength=strength)
    rtol = 1e-4 if name == "tweedie 3" else 1e-7  # where Fisher's curvature stands in, Newton converges linearly
    for found in (rows_way, again):
        assert_allclose(found.coef, columns_way.coef, rtol=rtol, atol=rtol)
        assert_allclose(found.evidence, columns_way.evidence, rtol=rtol, atol=rtol)


def test_few_rows_are_computed_in_rows_and_many_in_columns():
    assert cheaper_in_rows(np.full(200, 20), 121)
    assert not cheaper_in_rows(np.full(200, 200), 21)
    assert not cheaper_in_rows(np.r_[np.full(20, 5), 5000], 21), "one long task makes matrices of its rows too costly"


def test_many_columns_of_few_rows_are_computed_in_cells():
    counts = np.full(200, 20)
    assert in_cells(counts, 160) and in_cells(counts, 20_000)
    assert not in_cells(counts, 60)
    assert not in_cells(np.r_[counts, 160], 160), "a task that determines all columns"
    assert not in_cells(counts, 160, dense=True)
    assert in_cells(counts, 60, coupled=True) and not in_cells(counts, 40, coupled=True)


def test_many_classes_are_stepped_in_rows_where_their_hessian_is_large():
    assert _cheaper_in_rows(60, 51, 20), "matrices of 1020 columns, or twenty of 60"
    assert not _cheaper_in_rows(1000, 51, 20)
    assert not _cheaper_in_rows(40, 6, 3)
    assert _cheaper_in_rows(20, 31, 1) and not _cheaper_in_rows(21, 31, 1)


def test_a_flat_prior_loses_no_digits_to_a_choice_of_cost():
    """A kernel of variance 1e15 has no digits left for the rest."""
    rows = collection(counts=(6,) * 5, d=12, n_outputs=4)
    rows = replace(rows, Y=targets("multinomial", np.random.default_rng(1), 0.5 * rows.Y))
    flat = np.diag(np.r_[np.ones(12), 1e7])
    exact, wide = (GaussianPriors(np.zeros((1, 4, 13)), np.tile(root, (1, 4, 1, 1))) for root in (np.eye(13), flat))
    assert np.isfinite(posterior_modes(rows, exact, LOSSES["multinomial"], 1.0).coef).all()
    found = posterior_modes(rows, wide, LOSSES["multinomial"], 1.0).coef
    assert _cheaper_in_rows(6, 13, 4)
    for tasks, Z, Y, weight in rows.batches():
        eta = Z @ np.swapaxes(found[tasks, 0], 1, 2)
        residual = (weight[..., None] * LOSSES["multinomial"].residual(eta, Y)).sum(axis=1)
        assert_allclose(residual - residual.mean(axis=1, keepdims=True), 0.0, atol=1e-6)


# Tasks that count -----------------------------------------------------------------------------------------


def repeated(rows, times):
    """Every task as often as ``times`` says, its rows copied."""
    tasks = np.repeat(np.arange(rows.n_tasks), times)
    return rows.pick(tasks)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=8, max_size=8).filter(lambda t: sum(t) >= 4), st.integers(0, 10**6))
def test_a_task_of_weight_two_is_the_task_twice_and_of_weight_zero_is_none(times, seed):
    rows, times = collection(seed=seed, d=2), np.array(times)
    if collect_moments(rows).n_rows[times > 0].sum() < 6:
        return
    for weighted, copies in zip(both(rows, times.astype(float)), both(repeated(rows, times)), strict=True):
        one, two = (fit_gaussian(tasks, FULL, n_iter=3) for tasks in (weighted, copies))
        assert_same_law(one, two, rtol=1e-7)
        assert_allclose(np.repeat(noise_of_tasks(weighted, one), times), noise_of_tasks(copies, one), rtol=1e-9)
        one, two = (initial_guess(tasks) for tasks in (weighted, copies))
        assert (one.contextual is None) == (two.contextual is None)
        assert_allclose(one.mean, two.mean, rtol=1e-9)


def test_weights_count_for_other_likelihoods_too():
    rng = np.random.default_rng(0)
    rows = collection(counts=(9, 7, 8, 6, 5, 9), d=2)
    rows = replace(rows, Y=targets("binomial", rng, 0.5 * (rows.Y - rows.Y.mean())))
    times = np.array([2, 1, 0, 3, 1, 1])
    options = {"n_iter": 5, "choose": lambda k, tasks, start: FULL}
    weighted = fit_laplace(RowsAtHand(rows, LOSSES["binomial"], times.astype(float)), [FULL], **options)
    copies = fit_laplace(RowsAtHand(repeated(rows, times), LOSSES["binomial"]), [FULL], **options)
    assert_same_law(weighted.laws[0], copies.laws[0], rtol=1e-6)
