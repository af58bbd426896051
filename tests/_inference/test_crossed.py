"""Crossed groups against one dense Gaussian of all rows: evidence, what is known of levels and tasks, what the others say."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from skmeta._inference.crossed import CrossedModel, around_the_others, cavities
from skmeta._inference.in_columns import InColumns
from skmeta._inference.levels import LevelsLaw, fit_levels
from skmeta._inference.moments import Moments
from skmeta._inference.nested import NestedModel
from skmeta._inference.structure import Structure
from skmeta._inference.tree import HELD, Tree
from skmeta._inference.tree import cavities as cavities_in_tree

pytestmark = pytest.mark.quick

FULL = Structure("full", None, strength=0.0)


class Rows:
    """Rows at pairs, or triples, of levels, some of which meet and some do not, and the dense Gaussian that they have."""

    def __init__(self, seed, n_factors=2, n_tasks=9, p=3, n_rows=3, varying=(0, 1, 2)):
        self.rng = np.random.default_rng(seed)
        self.p, self.n_tasks, self.noise = p, n_tasks, 0.7
        self.X, self.y = self.rng.normal(size=(n_tasks, n_rows, p)), self.rng.normal(size=(n_tasks, n_rows))
        self.n_levels = tuple(self.rng.integers(2, 5, n_factors).tolist())
        # Every level is met; how the rest meet is drawn, and may leave the design in parts.
        self.codes = tuple(self.rng.permutation(np.arange(n_tasks) % n) for n in self.n_levels)
        self.covariances = [self._covariance(varying) for _ in self.n_levels]
        gram, cross = np.einsum("tni,tnj->tij", self.X, self.X), np.einsum("tni,tn->ti", self.X, self.y)
        counts = np.full(n_tasks, float(n_rows))
        self.moments = Moments(gram, cross, (self.y**2).sum(axis=1), counts, np.zeros((n_tasks, p - 1)))

    def _covariance(self, varying):
        half = self.rng.normal(size=(self.p, self.p))
        vary = np.isin(np.arange(self.p), varying)
        return (half @ half.T / self.p) * vary[:, None] * vary

    def model(self, counts=None):
        return CrossedModel(InColumns(self.moments, counts), self.codes, self.n_levels)

    def law(self, shrink=0.0):
        variance = np.inf if shrink == 0.0 else 1.0 / shrink
        own = np.full(self.n_tasks, self.noise)
        shapes = (FULL,) * len(self.n_levels)
        return LevelsLaw(tuple(self.covariances), self.noise, np.inf, own, variance, shapes=shapes)

    def joint(self, skipped=None):
        """Covariance of all rows without the mean's part, their columns, targets and tasks."""
        kept = np.array([t for t in range(self.n_tasks) if t != skipped])
        task = np.repeat(kept, self.X.shape[1])
        Z, y = self.X[kept].reshape(-1, self.p), self.y[kept].ravel()
        K = self.noise * np.eye(len(y))
        for codes, covariance in zip(self.codes, self.covariances, strict=True):
            K += (Z @ covariance @ Z.T) * (codes[task][:, None] == codes[task])
        return K, Z, y, task

    def evidence(self, shrink):
        K, Z, y, _ = self.joint()
        solved = np.linalg.solve(K, np.column_stack([Z, y]))
        held = np.diag(shrink)
        information, pull = Z.T @ solved[:, :-1] + held, solved[:, :-1].T @ y
        square = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull)
        flat = shrink <= 0
        logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1] - np.log(shrink[~flat]).sum()
        return -0.5 * (square + logs + (len(y) - flat.sum()) * np.log(2 * np.pi))

    def belief(self, levels, shrink, skipped=None):
        """Mean and covariance of the mean and the deviations of some levels together, ``levels`` being by factor."""
        K, Z, y, task = self.joint(skipped)
        mean = np.linalg.inv(np.diag(shrink + HELD))
        K, shared, own = K + Z @ mean @ Z.T, np.zeros((len(y), self.p, self.p)) + mean, mean.copy()
        for f, level in levels.items():
            shared += (self.codes[f][task] == level)[:, None, None] * self.covariances[f]
            own += self.covariances[f]
        cross = np.einsum("np,npq->nq", Z, shared)
        solved = np.linalg.solve(K, np.column_stack([cross, y]))
        return cross.T @ solved[:, -1], own - cross.T @ solved[:, :-1]


designs = {
    "seed": st.integers(0, 10_000),
    "n_factors": st.integers(1, 3),
    "n_rows": st.integers(1, 4),
    "varying": st.sampled_from([(0, 1, 2), (2,), (0, 2)]),
}


@settings(max_examples=25, deadline=None)
@given(**designs)
def test_evidence_is_that_of_one_dense_gaussian(**design):
    rows = Rows(**design)
    for shrink in (0.0, 0.7):
        # What holds the mean where no task informs about it, a millionth, is in the evidence too.
        found = rows.model().passed(rows.law(shrink)).evidence
        assert found == pytest.approx(rows.evidence(np.array([shrink, shrink, 0.0])), rel=1e-5, abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(**designs)
def test_what_is_known_of_levels_together_is_that_of_one_dense_gaussian(**design):
    rows, shrink = Rows(**design), np.array([0.5, 0.5, 0.0])
    passed = rows.model().passed(rows.law(0.5))
    every = {f: n - 1 for f, n in enumerate(rows.n_levels)}
    asked = [{}, every, *({f: level} for f, level in every.items()), dict.fromkeys(list(every)[:2], 0)]
    for levels in asked:
        codes = {f: np.array([level]) for f, level in levels.items()}
        found = passed.joint.beliefs(passed.roots, codes, np.eye(3))
        mean, covariance = rows.belief(levels, shrink)
        assert_allclose(found.mean[0], mean, rtol=1e-6, atol=1e-6)
        assert_allclose(found.covariance[0], covariance, rtol=1e-6, atol=1e-6)


@settings(max_examples=15, deadline=None)
@given(**designs)
def test_what_the_others_say_of_a_task_has_nothing_of_its_own_rows(**design):
    rows, shrink = Rows(**design), np.array([0.5, 0.5, 0.0])
    others = cavities(rows.model().passed(rows.law(0.5)))
    for task in range(rows.n_tasks):
        levels = {f: codes[task] for f, codes in enumerate(rows.codes)}
        mean, covariance = rows.belief(levels, shrink, skipped=task)
        assert_allclose(others.mean[task], mean, rtol=1e-5, atol=1e-5)
        assert_allclose(others.covariance[task], covariance, rtol=1e-5, atol=1e-5)


@settings(max_examples=15, deadline=None)
@given(**designs)
def test_squares_are_those_of_a_step_of_em(**design):
    rows = Rows(**design)
    passed = rows.model().passed(rows.law(0.5))
    misfit = 0.0
    for f, square in enumerate(passed.squares):
        root, expected = passed.roots[f], np.zeros((3, 3))
        for level in range(rows.n_levels[f]):
            mean, covariance = _deviation(rows, f, level)
            expected += np.outer(mean, mean) + covariance
        assert_allclose(root @ square @ root.T, expected, rtol=1e-6, atol=1e-6)
    for task in range(rows.n_tasks):
        mean, covariance = rows.belief({f: c[task] for f, c in enumerate(rows.codes)}, np.array([0.5, 0.5, 0.0]))
        left = rows.y[task] - rows.X[task] @ mean
        misfit += (left @ left + np.trace(rows.X[task] @ covariance @ rows.X[task].T)) / rows.noise - len(left)
    assert passed.misfit == pytest.approx(misfit, rel=1e-5, abs=1e-5)


def _deviation(rows, f, level):
    """Mean and covariance of one level's own deviation."""
    K, Z, y, task = rows.joint()
    K = K + Z @ np.linalg.inv(np.diag(np.array([0.5, 0.5, 0.0]) + HELD)) @ Z.T
    cross = (rows.codes[f][task] == level)[:, None] * (Z @ rows.covariances[f])
    solved = np.linalg.solve(K, np.column_stack([cross, y]))
    return cross.T @ solved[:, -1], rows.covariances[f] - cross.T @ solved[:, :-1]


def test_levels_of_one_task_each_in_groups_are_nested_tasks():
    rows = Rows(4, n_tasks=12)
    group, own = np.arange(12) % 3, np.arange(12)
    tasks = InColumns(rows.moments)
    crossed = CrossedModel(tasks, (group, own), (3, 12))
    nested = NestedModel(tasks, Tree((np.zeros(3, np.intp), group), tasks.counts))
    start = rows.law()
    laws = [fit_levels(m, start, n_iter=3, tol=1e-9, noise="shared") for m in (crossed, nested)]
    # Both searches end where the evidence is as high: covariances that it hardly tells apart may differ by more.
    ends = [crossed.passed(law).evidence for law in laws]
    assert ends[0] == pytest.approx(ends[1], abs=1e-7)
    ours, theirs = crossed.passed(laws[0]), nested.passed(laws[0])
    assert ours.evidence == pytest.approx(theirs.evidence, rel=1e-6)
    assert_allclose(ours.squares, theirs.squares, rtol=1e-6)
    assert_allclose(ours.misfit, theirs.misfit, atol=1e-9)
    # Of nested tasks the cavity is that of the group, of crossed ones that of the task.
    found, wanted = cavities(ours), cavities_in_tree(theirs.up, laws[0].shrink)
    assert_allclose(found.mean, wanted.mean, rtol=1e-6, atol=1e-9)
    assert_allclose(found.covariance, wanted.covariance + laws[0].covariances[1], rtol=1e-6, atol=1e-9)


def test_a_task_that_counts_twice_is_two_tasks():
    rows = Rows(9)
    weighed = rows.model(np.r_[2.0, np.ones(8)]).passed(rows.law())
    twice = np.r_[0, np.arange(9)]
    codes = tuple(each[twice] for each in rows.codes)
    law = LevelsLaw(tuple(rows.covariances), rows.noise, np.inf, np.full(10, rows.noise))
    copied = CrossedModel(InColumns(rows.moments.take(twice)), codes, rows.n_levels).passed(law)
    assert weighed.evidence == pytest.approx(copied.evidence, rel=1e-12)
    assert_allclose(cavities(weighed).mean, cavities(copied).mean[1:], rtol=1e-9)


def test_the_order_of_factors_changes_nothing():
    rows = Rows(11, n_factors=3)
    ours, law = rows.model().passed(rows.law()), rows.law()
    turned = LevelsLaw(law.covariances[::-1], law.noise, np.inf, law.own_noise, shapes=law.shapes)
    other = CrossedModel(InColumns(rows.moments), rows.codes[::-1], rows.n_levels[::-1]).passed(turned)
    assert ours.evidence == pytest.approx(other.evidence, rel=1e-12)
    assert_allclose(cavities(ours).covariance, cavities(other).covariance, rtol=1e-8)


def test_levels_around_the_others_are_their_rows_less_what_these_explain():
    rows = Rows(12)
    passed = rows.model().passed(rows.law())
    found = around_the_others(passed, 0)
    for level in range(rows.n_levels[0]):
        own = np.flatnonzero(rows.codes[0] == level)
        others = passed.mean.mean[0] + passed.joint.means[1][rows.codes[1][own]] @ passed.roots[1].T
        left = rows.y[own] - np.einsum("tnp,tp->tn", rows.X[own], others)
        assert found.square[level] * rows.noise == pytest.approx((left**2).sum(), rel=1e-9)
        assert_allclose(found.cross[level] * rows.noise, np.einsum("tnp,tn->p", rows.X[own], left), rtol=1e-8)
        assert found.n_rows[level] == left.size
