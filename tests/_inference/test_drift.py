"""Tasks that drift against one dense Gaussian of all rows: evidence, states, forecasts, and its slopes."""

from dataclasses import replace

import numpy as np
import pytest
from drifting import Drifting, swept
from hypothesis import given, settings
from hypothesis import strategies as st

from skmeta._inference.chain import solve_chain
from skmeta._inference.drift import Chains
from skmeta._inference.forecast import forecasts
from skmeta._inference.levels import fit_levels
from skmeta._inference.messages import of_rows
from skmeta._inference.nested import NestedModel
from skmeta._inference.structure import Structure
from skmeta._inference.tree import Tree, cavities, pass_up

pytestmark = pytest.mark.quick

some = {"seed": st.integers(0, 10_000), "n_chains": st.integers(1, 3), "n_rows": st.integers(1, 5)}


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 12), k=st.integers(1, 3), seed=st.integers(0, 10_000))
def test_a_chain_is_solved_as_one_matrix(n, k, seed):
    rng = np.random.default_rng(seed)
    below = rng.normal(size=(n - 1, k, k))
    blocks = np.stack([8.0 * k * np.eye(k)] * n)
    sides = rng.normal(size=(n, k, 2))
    whole = np.zeros((n, k, n, k))
    for i in range(n):
        whole[i, :, i] = blocks[i]
    for i in range(n - 1):
        whole[i + 1, :, i], whole[i, :, i + 1] = below[i], below[i].T
    matrix = whole.reshape(n * k, n * k)
    inverse = np.linalg.inv(matrix).reshape(n, k, n, k)
    found = solve_chain(blocks, below, sides)
    assert found.logdet.sum() == pytest.approx(np.linalg.slogdet(matrix)[1], rel=1e-12)
    np.testing.assert_allclose(
        found.solution, np.linalg.solve(matrix, sides.reshape(n * k, 2)).reshape(n, k, 2), atol=1e-12
    )
    np.testing.assert_allclose(found.inverse, [inverse[i, :, i] for i in range(n)], atol=1e-12)
    np.testing.assert_allclose(
        found.below.reshape(-1, k), np.reshape([inverse[i + 1, :, i] for i in range(n - 1)], (-1, k)), atol=1e-12
    )


@settings(max_examples=20, deadline=None)
@given(**some)
def test_evidence_is_that_of_one_dense_gaussian(seed, n_chains, n_rows):
    for slopes in (np.inf, 2.0):
        of = Drifting(seed, n_chains=n_chains, n_rows=n_rows, slopes=slopes)
        assert swept(of.chains, of.leaves, of.law)[0] == pytest.approx(of.evidence(of.law.shrink), rel=1e-9)


@settings(max_examples=10, deadline=None)
@given(**some)
def test_what_is_known_of_every_task_is_that_of_one_dense_gaussian(seed, n_chains, n_rows):
    of = Drifting(seed, n_chains=n_chains, n_rows=n_rows)
    shrink, everything = of.law.shrink, np.arange(of.n_tasks)
    filtered = of.chains.passed_up(of.leaves, of.law)
    others, ahead = filtered.cavities(shrink), forecasts(filtered, shrink)
    for t in everything:
        earlier = everything[(of.chain != of.chain[t]) | (of.time < of.time[t])]
        for found, those in ((others, everything[everything != t]), (ahead, earlier)):
            if len(those):
                mean, covariance = of.belief(of.chain[t], of.time[t], shrink, those)
                np.testing.assert_allclose(
                    found.mean[t], mean, rtol=1e-6, atol=1e-6 * np.sqrt(np.abs(covariance).max())
                )
                np.testing.assert_allclose(
                    found.covariance[t], covariance, rtol=1e-6, atol=1e-6 * np.abs(covariance).max()
                )


@settings(max_examples=10, deadline=None)
@given(**some, time=st.floats(-5.0, 15.0))
def test_what_is_known_between_tasks_and_after_them_is_that_of_one_dense_gaussian(seed, n_chains, n_rows, time):
    of = Drifting(seed, n_chains=n_chains, n_rows=n_rows)
    between = of.chains.passed_up(of.leaves, of.law).between(of.law.shrink)
    for at in (time, of.time[0]):
        found, new = between.at(int(of.chain[0]), at, of.law.half_life)
        mean, covariance = of.belief(of.chain[0], at, of.law.shrink, np.arange(of.n_tasks))
        np.testing.assert_allclose(found.mean[0], mean, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(found.covariance[0] + new * of.state, covariance, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("n_chains", [1, 3])
def test_the_evidence_moves_with_roots_half_life_and_noise_as_the_search_is_told(n_chains, monkeypatch):
    of, seen = Drifting(3, n_chains=n_chains), []
    law = replace(of.law, shapes=(Structure("full", None, strength=0.0),) * len(of.law.covariances))

    def look(cost, start, **options):
        at, steps = start + 0.1 * np.random.default_rng(0).normal(size=len(start)), 1e-5 * np.eye(len(start))
        seen.append((cost(at)[1], [(cost(at + each)[0] - cost(at - each)[0]) / 2e-5 for each in steps]))
        raise StopIteration

    monkeypatch.setattr("skmeta._inference.levels.minimize", look)
    with pytest.raises(StopIteration):
        fit_levels(NestedModel(of.tasks, of.chains), law, n_iter=0, tol=np.inf, noise="task")
    np.testing.assert_allclose(*seen[0], rtol=1e-4, atol=1e-4)


def test_a_half_life_far_below_every_gap_is_no_drift():
    of = Drifting(5)
    law = replace(of.law, half_life=1e-6)
    flat = pass_up(
        Tree((np.zeros(of.n_tasks, np.intp),), np.ones(of.n_tasks)), of.leaves, [np.linalg.cholesky(of.state + of.own)]
    )
    assert swept(of.chains, of.leaves, law)[0] == pytest.approx(flat.evidence(law.shrink), rel=1e-12)
    others = cavities(flat, law.shrink)
    found = of.chains.passed_up(of.leaves, law).cavities(law.shrink)
    np.testing.assert_allclose(found.mean, others.mean, atol=1e-8)
    np.testing.assert_allclose(found.covariance, others.covariance + of.state, atol=1e-8)


def test_a_chain_after_an_infinite_gap_is_another_chain():
    of = Drifting(6, n_chains=1)
    cut = of.time > np.median(of.time)
    far = Chains.of((np.zeros(of.n_tasks, np.intp),), of.time + 1e9 * cut, np.ones(of.n_tasks))
    law = replace(of.law, covariances=(1e-12 * np.eye(3), *of.law.covariances))
    two = Chains.of((np.zeros(2, np.intp), cut.astype(np.intp)), of.time, np.ones(of.n_tasks))
    assert swept(far, of.leaves, of.law)[0] == pytest.approx(swept(two, of.leaves, law)[0], rel=1e-8)


def test_a_random_walk_is_the_limit_of_a_long_half_life():
    of = Drifting(7, slopes=np.inf)
    rate = of.state / 2.5

    def evidence(half_life):
        law = replace(of.law, covariances=(rate * half_life, of.own), half_life=half_life)
        return swept(of.chains, of.leaves, law)[0]

    first = of.time.min()
    K, Z, y = Drifting.rows_covariance(of, np.arange(of.n_tasks))
    task = np.repeat(np.arange(of.n_tasks), of.X.shape[1])
    walk = 2.0 * np.log(2.0) * (np.minimum.outer(of.time, of.time) - first)
    K = (
        (Z @ rate @ Z.T) * walk[np.ix_(task, task)]
        + (Z @ of.own @ Z.T) * (task[:, None] == task)
        + np.diag(of.noise[task])
    )
    solved = np.linalg.solve(K, np.column_stack([Z, y]))
    information, pull = Z.T @ solved[:, :-1], solved[:, :-1].T @ y
    square = y @ solved[:, -1] - pull @ np.linalg.solve(information, pull)
    logs = np.linalg.slogdet(K)[1] + np.linalg.slogdet(information)[1] + (len(y) - 3) * np.log(2.0 * np.pi)
    assert evidence(1e7) == pytest.approx(-0.5 * (square + logs), abs=1e-3)
    assert abs(evidence(1e7) + 0.5 * (square + logs)) < abs(evidence(1e3) + 0.5 * (square + logs))


def test_nothing_depends_on_the_order_of_tasks_nor_on_the_unit_of_time():
    of = Drifting(8, n_chains=2)
    value, base = swept(of.chains, of.leaves, of.law)
    order = np.random.default_rng(0).permutation(of.n_tasks)
    turned = Chains.of((np.zeros(2, np.intp), of.chain[order]), of.time[order], np.ones(of.n_tasks))
    law = replace(of.law, own_noise=of.noise[order])
    evidence, found = swept(turned, of_rows(of.moments.take(order), of.noise[order]), law)
    assert evidence == pytest.approx(value, rel=1e-12)
    np.testing.assert_allclose(found.known[-1].mean, base.known[-1].mean[order], atol=1e-10)
    hours = Chains.of((np.zeros(2, np.intp), of.chain), 24.0 * of.time, np.ones(of.n_tasks))
    evidence, _ = swept(hours, of.leaves, replace(of.law, half_life=24.0 * of.law.half_life))
    assert evidence == pytest.approx(value, rel=1e-12)


def test_a_task_that_counts_twice_is_as_two_at_one_time_that_share_their_state():
    of = Drifting(9)
    counts = np.ones(of.n_tasks)
    counts[3] = 2.0
    twice, _ = swept(Chains.of((of.chain,), of.time, counts), of.leaves, of.law)
    order = np.r_[np.arange(of.n_tasks), 3]
    nearly = Chains.of((of.chain[order],), np.r_[of.time, of.time[3] + 1e-9], np.ones(len(order)))
    leaves, law = of_rows(of.moments.take(order), of.noise[order]), replace(of.law, own_noise=of.noise[order])
    assert twice == pytest.approx(swept(nearly, leaves, law)[0], rel=1e-6)


def test_what_earlier_tasks_said_is_as_good_as_their_rows():
    of = Drifting(10, n_chains=2)
    whole = of.chains.passed_up(of.leaves, of.law)
    old, new = np.flatnonzero(of.time < 5.0), np.flatnonzero(of.time >= 5.0)
    said = whole.day.integrated().take(old)
    order = np.r_[new, old]
    chains = Chains.of((np.zeros(2, np.intp), of.chain[order]), of.time[order], np.ones(len(new)), said)
    evidence, found = swept(chains, of.leaves.take(new), of.law)
    value, base = swept(of.chains, of.leaves, of.law)
    assert evidence == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(found.known[-1].mean, base.known[-1].mean[new], atol=1e-9)


def test_sweeps_and_searches_make_tasks_more_probable_and_end_where_nothing_does():
    of = Drifting(11, n_tasks=30, p=2)
    law = replace(of.law, shapes=(Structure("full", None, strength=0.0),) * 2)
    model = NestedModel(of.tasks, of.chains)
    found = fit_levels(model, law, n_iter=3, tol=1e-6, noise="known")
    passed = model.passed(found)
    assert passed.evidence > model.passed(law).evidence
    inside = 0.02 < found.half_life < 5e3
    of_scale = 0.5 * (np.trace(passed.squares[0]) - 2 * of.n_tasks)
    assert not inside or abs(of_scale + passed.own_slopes[0]) < 0.05


def test_a_half_life_moves_with_what_is_new_in_a_short_time_held():
    law, own = Drifting(2, n_chains=3).law, np.array([0.7])
    moved, scale_factors = law.moved(own), law.scale_factors(own)
    assert moved.half_life == pytest.approx(np.exp(0.7) * law.half_life)
    np.testing.assert_allclose(scale_factors**2, [1.0, moved.half_life / law.half_life, 1.0])
    (low, high), at_end = law.own_bounds[0], np.array([law.own_bounds[0][1]])
    assert law.moved(at_end).half_life == pytest.approx(law.half_lives[1]) and low < 0.0 < high


def test_a_half_life_that_is_known_is_not_searched_for():
    of = Drifting(2)
    law = replace(of.law, half_lives=(2.5, 2.5))
    passed = NestedModel(of.tasks, of.chains).passed(law)
    assert law.own_bounds == [] and len(law.own_slopes(passed, [0.0, 0.0])) == 0
