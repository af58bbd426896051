"""The posterior of scores and its expected improvement, the ensemble, and the scale of scores."""

import numpy as np
import pytest
from gaussian_processes import JITTER, by_sklearn, designs, few, kernel_of, trials_of
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from scipy.integrate import quad
from scipy.special import ndtr
from scipy.stats import norm

from skmeta.tuning._surrogates.gp import (
    FLAT,
    Trials,
)
from skmeta.tuning._surrogates.posterior import Posterior, mixture_of
from skmeta.tuning._surrogates.ranking import ensemble_posterior, leave_one_out, ranking_weights
from skmeta.tuning._surrogates.scores import normal_scores, relative_noise, standardized

pytestmark = pytest.mark.quick

# The posterior ------------------------------------------------------------------------------------------------


def test_a_posterior_may_be_given_another_weight():
    rng = np.random.default_rng(0)
    posterior = Posterior(rng.normal(size=3), rng.normal(size=(3, 2)), np.ones((3, 2)))
    other = posterior.of_total(np.log(0.2))
    assert_allclose(np.exp(other.log_weights).sum(), 0.2)
    assert_allclose(other.weights, posterior.weights)
    assert_allclose(mixture_of([other, posterior.of_total(np.log(0.8))]).weights[:3].sum(), 0.2)


def posterior_of(rng, k, m):
    return Posterior(5 * rng.normal(size=k), rng.normal(size=(k, m)), rng.uniform(0.05, 2.0, (k, m)))


@few
@given(rng=designs, k=st.integers(1, 5), m=st.integers(1, 4), level=st.floats(-1e4, 1e4))
def test_moments_of_a_mixture(rng, k, m, level):
    posterior = posterior_of(rng, k, m)
    weights = np.exp(posterior.log_weights)
    weights /= weights.sum()
    mean = (weights[:, None] * posterior.means).sum(axis=0)
    second = (weights[:, None] * (posterior.sds**2 + posterior.means**2)).sum(axis=0)
    assert_allclose(posterior.weights, weights, rtol=1e-12)
    for i in range(m):
        assert_allclose(posterior.moments(i), [mean[i], np.sqrt(second[i] - mean[i] ** 2)], rtol=1e-9, atol=1e-12)
    moved = posterior._replace(log_weights=posterior.log_weights + level)
    assert_allclose(moved.weights, weights, rtol=1e-9)


@settings(few, max_examples=8)
@given(rng=designs, k=st.integers(1, 4), best=st.floats(-3, 3))
def test_expected_improvement_is_that_of_numerical_integration(rng, k, best):
    posterior = posterior_of(rng, k, 2)._replace(log_weights=rng.normal(size=k))

    def gain(j):
        def integrand(score):
            return (score - best) * posterior.weights @ norm.pdf(score, posterior.means[:, j], posterior.sds[:, j])

        top = (posterior.means[:, j] + 9 * posterior.sds[:, j]).max()
        places = sorted({best, *np.clip(posterior.means[:, j], best, max(top, best))})
        return quad(integrand, best, max(top, best), points=places, limit=300)[0]

    assert_allclose(posterior.expected_improvement(best), [gain(0), gain(1)], rtol=1e-5, atol=1e-7)


def test_expected_improvement_where_none_is_to_be_expected():
    posterior = Posterior(np.zeros(1), np.array([[-50.0, -5.0, 0.0, 5.0]]), np.full((1, 4), 0.1))
    gains = posterior.expected_improvement(0.0)
    assert (gains >= 0).all() and gains[0] == 0
    assert_allclose(gains[2:], [0.1 / np.sqrt(2 * np.pi), 5.0])


def test_a_component_without_weight_costs_nothing():
    rng = np.random.default_rng(0)
    posterior = posterior_of(rng, 2, 3)
    hopeless = Posterior(np.array([posterior.log_weights.max() - 12.0]), np.full((1, 3), 2.0), np.ones((1, 3)))
    both = mixture_of([posterior, hopeless])
    assert both.means.shape == (3, 3)
    assert_allclose(both.expected_improvement(0.5), posterior.expected_improvement(0.5), rtol=1e-3, atol=1e-4)
    assert_allclose(both.weights[:2].sum(), 1.0, atol=1e-4)


def test_mixtures_keep_their_weights():
    one, two = posterior_of(np.random.default_rng(1), 2, 3), posterior_of(np.random.default_rng(2), 1, 3)
    both = mixture_of([one, two])
    assert_array_equal(both.log_weights, np.r_[one.log_weights, two.log_weights])
    share = np.exp(one.log_weights).sum() / np.exp(both.log_weights).sum()
    for i in range(3):
        assert_allclose(both.moments(i)[0], share * one.moments(i)[0] + (1 - share) * two.means[0, i])


# An ensemble ----------------------------------------------------------------------------------------------


def ranked(rng, n=12, n_tasks=3, sd=0.3):
    """Scores, a past task's view that is exact, others that are random, and a task's own that knows little."""
    scores = rng.normal(size=n)
    means = np.vstack([scores, rng.normal(size=(n_tasks - 1, n))])
    return scores, (means, np.full(means.shape, sd)), (np.zeros(n), np.ones(n))


def test_a_past_task_that_ranks_as_the_new_one_has_the_weight():
    scores, past, own = ranked(np.random.default_rng(0), sd=1e-3)
    weights = ranking_weights(scores, past, own, np.random.default_rng(0))
    assert_allclose(weights, [1.0, 0.0, 0.0, 0.0], atol=1e-12)


def test_past_tasks_that_rank_at_random_are_left_out():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=15)
    past = rng.normal(size=(60, 15)), np.full((60, 15), 1.0)
    knowing = scores + 0.1 * rng.normal(size=15), np.full(15, 0.3)
    assert ranking_weights(scores, past, knowing, rng)[-1] == 1.0
    # Without the guard some of so many would have won now and then over one that knows a little.
    weights = ranking_weights(scores, past, (0.5 * scores, np.ones(15)), rng)
    draws = past[0] + past[1] * rng.standard_normal((500, 60, 15))
    wrong = ((draws[..., :, None] > draws[..., None, :]) != (scores[:, None] > scores)).sum((-1, -2)).min(axis=1)
    little = (0.5 * scores + rng.standard_normal((500, 15)))[..., None] > scores
    assert (wrong < (little != (scores[:, None] > scores)).sum((-1, -2))).mean() > 0.1
    assert (weights[:-1] > 0).sum() < 10


def test_weights_are_how_often_fewest_pairs_are_misordered():
    rng = np.random.default_rng(4)
    scores, past, own = ranked(rng, n=6, sd=2.0)
    scores[3] = scores[2]  # a pair with no order
    found = ranking_weights(scores, past, own, np.random.default_rng(7))
    again = np.random.default_rng(7)
    draws = past[0] + past[1] * again.standard_normal((200, 3, 6))
    own_draws = own[0] + own[1] * again.standard_normal((200, 6))
    pairs = [(i, j) for i in range(6) for j in range(6) if scores[i] != scores[j]]
    losses = np.zeros((200, 4))
    for i, j in pairs:
        losses[:, :3] += (draws[:, :, i] > draws[:, :, j]) != (scores[i] > scores[j])
        losses[:, 3] += (own_draws[:, i] > scores[j]) != (scores[i] > scores[j])
    kept = np.median(losses, axis=0) <= np.quantile(losses[:, 3], 0.95)
    kept[3], wins = True, np.zeros(4)
    for row in losses:
        winners = [t for t in range(4) if kept[t] and row[t] == row[kept].min()]
        for t in [3] if 3 in winners else winners:
            wins[t] += 1 / len([3] if 3 in winners else winners)
    assert_allclose(found, wins / 200)
    assert_allclose(found.sum(), 1.0)


def test_scores_that_tell_nothing_leave_the_task_to_its_own_model():
    _, past, own = ranked(np.random.default_rng(0))
    assert_array_equal(ranking_weights(np.ones(12), past, own, np.random.default_rng(0)), [0.0, 0.0, 0.0, 1.0])
    none = np.empty((0, 12)), np.empty((0, 12))
    assert_array_equal(ranking_weights(np.arange(12.0), none, own, np.random.default_rng(0)), [1.0])


@few
@given(rng=designs, n=st.integers(2, 8))
def test_leave_one_out_scores_are_those_of_refitting(rng, n):
    _, (trials,) = trials_of(rng, [n], 2)
    kernel, (points, scores, noise) = kernel_of(rng, 2), (part[0] for part in trials[:3])
    mean, sd = leave_one_out(kernel, points, scores, noise)
    for i in range(n):
        others = np.delete(np.arange(n), i)
        refit = by_sklearn(kernel, Trials.of_one(points[others], scores[others], noise[others]), FLAT)
        wanted, function_sd = refit.predict(points[[i]], return_std=True)
        assert_allclose(mean[i], wanted[0], rtol=1e-7, atol=1e-7)
        assert_allclose(sd[i] ** 2, function_sd[0] ** 2 + kernel.noise * noise[i] + JITTER, rtol=1e-7)


def test_an_ensemble_is_one_gaussian():
    rng = np.random.default_rng(0)
    past, own = (rng.normal(size=(2, 3)), rng.uniform(0.1, 1, (2, 3))), posterior_of(rng, 1, 3)
    posterior = ensemble_posterior(np.array([0.2, 0.3, 0.5]), past, own)
    assert_allclose(posterior.means[0], 0.2 * past[0][0] + 0.3 * past[0][1] + 0.5 * own.means[0])
    assert_allclose(posterior.sds[0] ** 2, 0.04 * past[1][0] ** 2 + 0.09 * past[1][1] ** 2 + 0.25 * own.sds[0] ** 2)
    alone = ensemble_posterior(np.ones(1), (np.empty((0, 3)), np.empty((0, 3))), own)
    assert_allclose([*alone.means, *alone.sds], [*own.means, *own.sds])


# Scores ----------------------------------------------------------------------------------------------------


def test_normal_scores_are_quantiles_of_ranks():
    z = normal_scores(np.array([10.0, -3.0, 10.0, 99.0]))
    assert_allclose(ndtr(z), [0.5, 0.125, 0.5, 0.875])
    assert_array_equal(normal_scores(np.array([7.0])), [0.0])
    assert_array_equal(normal_scores(np.full(5, 0.1)), np.zeros(5))
    assert normal_scores(np.empty(0)).shape == (0,)


@few
@given(scores=st.lists(st.integers(-100, 100), min_size=1, max_size=20), rng=designs)
def test_normal_scores_keep_the_order_alone(scores, rng):
    scores = np.array(scores, dtype=float)
    z, order = normal_scores(scores), rng.permutation(len(scores))
    assert_array_equal(np.sign(z[:, None] - z), np.sign(scores[:, None] - scores))
    assert_array_equal(normal_scores(scores[order]), z[order])
    assert_array_equal(normal_scores(np.exp(scores / 50)), z)
    assert_allclose(normal_scores(-scores), -z, atol=1e-12)


def test_noise_is_relative_to_its_mean():
    assert_allclose(relative_noise(np.array([1.0, 2.0, 3.0])), np.array([1, 4, 9]) * 3 / 14)
    assert_allclose(relative_noise(1e-5 * np.array([1.0, 2.0, 3.0])), np.array([1, 4, 9]) * 3 / 14)
    assert_allclose(relative_noise(np.array([np.nan, 2.0, 0.0, np.inf, 2.0])), np.ones(5))  # not known: as the mean
    assert_array_equal(relative_noise(np.array([1e-9, 1.0, 100.0]))[[0, 1]], [0.1, 0.1])
    for unknown in (np.full(3, np.nan), np.zeros(3), np.empty(0)):
        assert_array_equal(relative_noise(unknown), np.ones(len(unknown)))
    assert relative_noise(np.array([1e-9] * 99 + [1.0])).max() == 10.0


@few
@given(rng=designs, center=st.sampled_from([0.0, -1e-3, 1e6]), scale=st.sampled_from([1e-3, 1.0, 1e5]))
def test_standardized_scores(rng, center, scale):
    scores = center + scale * rng.normal(size=7)
    seen, found, spread = standardized(scores)
    assert_allclose([seen.mean(), seen.std()], [0.0, 1.0], atol=1e-6)
    assert_allclose(found + spread * seen, scores)
    for level in (center, 0.1 + 0.2):
        seen, found, spread = standardized(np.full(4, level))
        assert spread == 1.0 and standardized(np.full(4, level), 7.0)[2] == 7.0
        assert abs(found - level) <= 1e-12 * abs(level) and np.abs(seen).max() <= 1e-9


def test_the_largest_scores_are_standardized_as_others():
    scores = np.array([-1.0, 0.25, 0.75])
    assert_array_equal(standardized(2.0**1023 * scores)[0], standardized(scores)[0])
