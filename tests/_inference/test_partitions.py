"""Collections in parts: what is asked of them all is what one collection says, by sums of fixed size."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from partitions import Counting, Lossy

from skmeta._inference.copies import distinct_of_sums, first_of_same, signatures_of_sums
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.in_columns import each_output
from skmeta._inference.in_partitions import InPartitions, View
from skmeta._inference.medians import weighted_median_of_parts
from skmeta._inference.noise import NoiseEstimates, fit_noise, law_of_estimates
from skmeta._inference.noise_of_parts import EstimatesInPartitions
from skmeta._inference.partitions import InProcess, added, total
from skmeta._inference.structure import Structure
from skmeta._inference.sums import read_sums
from skmeta._inference.typical import weighted_median, where_sums_lie
from skmeta._inference.typical_of_parts import places_of, pooled_scale, where_parts_lie
from skmeta._inference.units import Units, standardised

pytestmark = pytest.mark.quick

NUMBERS = st.floats(-1e300, 1e300) | st.sampled_from([0.0, -0.0, 1.0, 1.0 + 2e-16, -1e-300])


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 3)), min_size=1, max_size=30), st.integers(1, 4))
@settings(max_examples=100, deadline=None)
def test_a_median_of_parts_is_the_median(pairs, n_parts):
    values, weight = np.array(pairs, dtype=float).T[..., None]
    parts = [(values[k::n_parts], weight[k::n_parts]) for k in range(n_parts)]
    assert_array_equal(weighted_median_of_parts(InProcess(), parts), weighted_median(values, weight))


def test_medians_of_several_columns_may_share_their_weights():
    values, weight = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40.0)[:, None]
    parts = [(values[:15], weight[:15]), (values[15:], weight[15:])]
    assert_array_equal(weighted_median_of_parts(InProcess(), parts), weighted_median(values, weight))


def test_what_adds_up_may_be_in_tuples():
    assert added([(1, (np.ones(2), None)), (2, (np.ones(2), None))])[0] == 3
    assert_array_equal(total(InProcess(), _pair, [1.0, 2.0])[1][0], [3.0, 3.0])


def _pair(value):
    return value, (np.full(2, value), None)


@pytest.mark.parametrize("outlier", [1.0, 1e6])
def test_the_law_of_noises_in_parts_is_that_of_all(outlier):
    rng = np.random.default_rng(1)
    dof, counts = rng.uniform(0.5, 9.0, 60), np.ones(60)
    variance = np.exp(rng.normal(size=60)) * rng.chisquare(dof) / dof
    variance[0] *= outlier
    parts = [NoiseEstimates(variance[k::3], dof[k::3], counts[k::3]) for k in range(3)]
    found = law_of_estimates(EstimatesInPartitions(Lossy(), parts))
    assert np.isfinite(found).all()
    assert_allclose(found, fit_noise(variance, dof), rtol=1e-12)


def sums(seed=0, n_tasks=30, d=3, n_outputs=2):
    """Tasks of one row and of several, one without column 0, one the copy of another; column 2 is constant."""
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(n_tasks), np.r_[1, 1, rng.integers(2, 9, n_tasks - 2)])
    X, Y = rng.normal(5.0, 2.0, (len(codes), d)), rng.normal(size=(len(codes), n_outputs))
    X[:, 0] += 3.0 * codes
    X[:, 2] = 7.0
    X[codes == 4, 0] = np.nan
    Y += X[:, 1:2] * rng.normal(1.0, 0.5, n_tasks)[codes][:, None]
    starts = np.r_[0, np.cumsum(np.bincount(codes))]
    found = read_sums(X, Y, np.arange(len(codes)), starts, rng.uniform(0.5, 2.0, len(codes)))
    found.put([7], found.take([5]))
    return found


def dealt(n_tasks, n_parts=4, seed=0):
    """Which tasks are in each part; one part has none."""
    part = np.random.default_rng(seed).integers(0, n_parts - 1, n_tasks)
    return [np.flatnonzero(part == k) for k in range(n_parts)]


def test_units_of_parts_are_those_of_all():
    whole = sums()
    parts = [whole.take(own) for own in dealt(30)]
    places = places_of(InProcess(), parts)
    for unit in (1.0, 2.5):
        expected, found = where_sums_lie(whole.in_unit(unit)), where_parts_lie(InProcess(), places, 2, unit)
        for name in ("centre", "scale", "target_centre", "target_scale", "target_mean", "target_size"):
            assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-12, err_msg=name)


def test_copies_are_found_across_parts():
    whole, codes = sums(), dealt(30)
    places = places_of(InProcess(), [whole.take(own) for own in codes])
    scale = pooled_scale(InProcess(), places)[1][:3]
    expected = distinct_of_sums(whole, targets_tell=True)
    assert expected[7] == 5
    assert_array_equal(first_of_same(signatures_of_sums(scale, whole), targets_tell=True), expected)


def collection(engine, n_tasks=30, k=0):
    """The same tasks in memory and in parts."""
    whole, codes = sums(n_tasks=n_tasks), dealt(n_tasks)
    units = [Units(np.array([5.0, 5.0, 7.0]), np.array([4.0, 2.0, 1.0]), 0.0, 3.0)] * 2
    view = View(units, 1.25, True, k)
    together = each_output(standardised(whole.in_unit(1.25), units))[k]
    return together, InPartitions(engine, [whole.take(own) for own in codes], codes, view, 4)


@pytest.mark.parametrize("noise", ["task", "shared"])
def test_em_in_parts_is_em_although_everything_is_lost_once(noise):
    together, apart = collection(Lossy(), k=1)
    structure = Structure("diagonal", 0)
    start = fit_gaussian(together, structure, n_iter=2, noise=noise)
    assert start.contextual is not None
    expected = fit_gaussian(together, structure, n_iter=3, start=start, noise=noise)
    found = fit_gaussian(apart, structure, n_iter=3, start=start, noise=noise)
    for name in ("mean", "covariance", "noise", "noise_dof", "n_tasks", "n_rows", "mean_covariance", "mean_variance"):
        assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-11, atol=1e-13, err_msg=name)
    assert_allclose(found.contextual.coef, expected.contextual.coef, rtol=1e-11)


def test_tasks_in_parts_say_of_themselves_what_they_do_together():
    together, apart = collection(InProcess())
    for name in ("n_rows", "square", "square_within", "context_total", "bounded", "counts"):
        assert_allclose(getattr(apart, name), getattr(together, name), rtol=1e-12, err_msg=name)
    some = np.array([1, 4, 8, 29])
    assert_array_equal(apart.take(some).moments.gram, together.take(some).moments.gram)
    counts = np.random.default_rng(0).uniform(size=30)
    for name in ("gram", "cross", "square", "n_rows"):
        assert_allclose(getattr(apart.pooled(counts), name), getattr(together.pooled(counts), name), rtol=1e-12)


def test_a_sweep_brings_sums_of_fixed_size_here():
    engine = Counting()
    gathered = {}
    for n_tasks in (30, 300):
        together, apart = collection(engine, n_tasks)
        start = fit_gaussian(together, Structure("diagonal", 0), n_iter=1)
        engine.gathered = []
        fit_gaussian(apart, Structure("diagonal", 0), n_iter=1, start=start)
        gathered[n_tasks] = set(engine.gathered)
    assert gathered[30] == gathered[300]


def test_functions_of_engines_travel():
    assert Lossy().map(partial(np.add, 1.0), [np.ones(2)])[0].tolist() == [2.0, 2.0]
