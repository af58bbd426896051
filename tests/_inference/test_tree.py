"""Trees of tasks against one dense Gaussian of all rows: evidence, posteriors of nodes, and what the others say of each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skmeta._inference.messages import of_rows
from skmeta._inference.moments import Moments
from skmeta._inference.tree import Tree, cavities, pass_down, pass_up

pytestmark = pytest.mark.quick

HELD = 1e-6  # precision that holds the root's coefficients


class Rows:
    """Rows of tasks in a random tree, and the dense Gaussian that they have under given covariances of the levels."""

    def __init__(self, seed, n_tasks=7, p=3, depth=2, n_rows=4, n_nodes=3):
        self.rng = np.random.default_rng(seed)
        self.p, self.n_tasks = p, n_tasks
        self.X = self.rng.normal(size=(n_tasks, n_rows, p))
        self.y = self.rng.normal(size=(n_tasks, n_rows))
        parents, above = [np.zeros(n_nodes, dtype=np.intp)], n_nodes
        for _ in range(depth - 2):
            parents.append(self.rng.permutation(np.arange(above + 1) % above).astype(np.intp))
            above += 1
        if depth == 1:
            parents, above = [], 1
        parents.append(self.rng.permutation(np.arange(n_tasks) % above).astype(np.intp))
        self.tree = Tree(tuple(parents), np.ones(n_tasks))
        self.covariances = [self._covariance() for _ in parents]
        self.noise = self.rng.uniform(0.5, 2.0, n_tasks)
        gram, cross = np.einsum("tni,tnj->tij", self.X, self.X), np.einsum("tni,tn->ti", self.X, self.y)
        counts = np.full(n_tasks, float(n_rows))
        self.moments = Moments(gram, cross, (self.y**2).sum(axis=1), counts, np.zeros((n_tasks, p - 1)))

    def _covariance(self):
        half = self.rng.normal(size=(self.p, self.p))
        return half @ half.T / self.p

    def paths(self):
        """The node of every task at each level, outermost first."""
        node, found = np.arange(self.n_tasks), []
        for parent in reversed(self.tree.parents):
            found.append(node)
            node = parent[node]
        return found[::-1]

    def up(self):
        roots = [np.linalg.cholesky(each) for each in self.covariances]
        return pass_up(self.tree, of_rows(self.moments, self.noise), roots)

    def joint(self, skipped=None):
        """Covariance of all rows without the root's part, their columns, targets and tasks."""
        kept = np.array([t for t in range(self.n_tasks) if t != skipped])
        task = np.repeat(kept, self.X.shape[1])
        Z, y = self.X[kept].reshape(-1, self.p), self.y[kept].ravel()
        K = np.diag(self.noise[task])
        for node, covariance in zip(self.paths(), self.covariances, strict=True):
            K += (Z @ covariance @ Z.T) * (node[task][:, None] == node[task])
        return K, Z, y, task


def dense_evidence(rows, shrink):
    """``log p(y)`` with the root's coefficients integrated out, by one Gaussian of all rows."""
    K, Z, y, _ = rows.joint()
    solved = np.linalg.solve(K, np.column_stack([Z, y]))
    information = Z.T @ solved[:, :-1] + np.diag(shrink)
    pull = solved[:, :-1].T @ y
    square = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull)
    flat = shrink <= 0
    logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1] - np.log(shrink[~flat]).sum()
    return -0.5 * (square + logs + (len(y) - flat.sum()) * np.log(2 * np.pi))


def dense_belief(rows, level, node, shrink, skipped=None):
    """Mean and covariance of one node's coefficients given the rows of all tasks but one."""
    K, Z, y, task = rows.joint(skipped)
    root = np.linalg.inv(np.diag(shrink + HELD))
    K = K + Z @ root @ Z.T
    shared = np.zeros((len(y), rows.p, rows.p)) + root
    own = root.copy()
    line = _line(rows, level, node)
    for depth, path in enumerate(rows.paths()[: level + 1]):
        same = path[task] == line[depth]
        shared += same[:, None, None] * rows.covariances[depth]
        own += rows.covariances[depth]
    cross = np.einsum("np,npq->nq", Z, shared)
    solved = np.linalg.solve(K, np.column_stack([cross, y]))
    return cross.T @ solved[:, -1], own - cross.T @ solved[:, :-1]


def _line(rows, level, node):
    """The nodes above a node, outermost first, and itself."""
    found = []
    for parent in rows.tree.parents[level::-1]:
        found.append(node)
        node = parent[node]
    return found[::-1]


trees = {"seed": st.integers(0, 10_000), "depth": st.integers(1, 3), "n_rows": st.integers(1, 5)}


@settings(max_examples=25, deadline=None)
@given(**trees)
def test_evidence_is_that_of_one_dense_gaussian(seed, depth, n_rows):
    rows = Rows(seed, depth=depth, n_rows=n_rows)
    for shrink in (np.zeros(3), np.array([0.7, 0.7, 0.0])):
        assert rows.up().evidence(shrink) == pytest.approx(dense_evidence(rows, shrink), rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(**trees)
def test_what_is_known_of_every_node_is_that_of_one_dense_gaussian(seed, depth, n_rows):
    rows, shrink = Rows(seed, depth=depth, n_rows=n_rows), np.array([0.5, 0.5, 0.1])
    known, _ = pass_down(messages := rows.up(), messages.belief_of_root(shrink))
    for level, beliefs in enumerate(known):
        for node in range(len(beliefs.mean)):
            mean, covariance = dense_belief(rows, level, node, shrink)
            np.testing.assert_allclose(beliefs.mean[node], mean, rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(beliefs.covariance[node], covariance, rtol=1e-6, atol=1e-7)


@settings(max_examples=10, deadline=None)
@given(**trees)
def test_what_the_others_say_of_a_task_has_nothing_of_its_own_rows(seed, depth, n_rows):
    rows, shrink = Rows(seed, depth=depth, n_rows=n_rows), np.array([0.5, 0.5, 0.1])
    others = cavities(rows.up(), shrink)
    for task in range(rows.n_tasks):
        mean, covariance = dense_belief(rows, rows.tree.n_levels - 1, task, shrink, skipped=task)
        np.testing.assert_allclose(others.mean[task], mean, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(others.covariance[task] + rows.covariances[-1], covariance, rtol=1e-6, atol=1e-7)


def test_a_level_of_one_node_a_task_only_adds_its_covariance():
    rows = Rows(8, n_tasks=6)
    one = Tree((np.zeros(6, dtype=np.intp),), np.ones(6))
    two = Tree((np.zeros(6, dtype=np.intp), np.arange(6)), np.ones(6))
    leaves, roots = of_rows(rows.moments, rows.noise), [np.linalg.cholesky(each) for each in rows.covariances]
    together = np.linalg.cholesky(sum(rows.covariances))
    flat = pass_up(one, leaves, [together]).evidence(np.zeros(3))
    assert pass_up(two, leaves, roots).evidence(np.zeros(3)) == pytest.approx(flat, rel=1e-12)


def test_a_task_that_counts_twice_is_two_tasks():
    rows = Rows(9, n_tasks=5)
    roots, leaves = [np.linalg.cholesky(each) for each in rows.covariances], of_rows(rows.moments, rows.noise)
    twice = np.r_[0, np.arange(5)]
    first, last = rows.tree.parents
    weighed = Tree((first, last), np.r_[2.0, np.ones(4)])
    copied = Tree((first, last[twice]), np.ones(6))
    expected = pass_up(copied, leaves.take(twice), roots).evidence(np.zeros(3))
    assert pass_up(weighed, leaves, roots).evidence(np.zeros(3)) == pytest.approx(expected, rel=1e-12)


def test_a_level_without_variance_changes_nothing():
    rows = Rows(10)
    leaves, roots = of_rows(rows.moments, rows.noise), [np.linalg.cholesky(each) for each in rows.covariances]
    one = Tree((np.zeros(rows.n_tasks, dtype=np.intp),), np.ones(rows.n_tasks))
    flat = pass_up(one, leaves, roots[1:]).evidence(np.zeros(3))
    none = pass_up(rows.tree, leaves, [np.zeros((3, 0)), roots[1]])
    assert none.evidence(np.zeros(3)) == pytest.approx(flat, rel=1e-12)
