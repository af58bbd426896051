"""Weights of components from held-out tasks: at once, in halves, and with components that one half does not know."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import logit

from skmeta._inference.held_out_weights import HeldOut, Weights, held_out_weights
from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, Tweedie
from skmeta._inference.mixture import assumed_tasks, learn_weights, weights_by_use

KINDS = {"gaussian": (GAUSSIAN, 5), "binomial": (BINOMIAL, 2), "poisson": (Tweedie(1.0), 4)}


def drawn(n_components, n_tasks=60, gain=0.0, seed=0):
    """Tasks mostly of the first component, which makes them more probable than their level alone by ``gain``."""
    rng = np.random.default_rng(seed)
    evidence = rng.normal(size=(n_tasks, n_components))
    evidence[:, 0] += 1.0
    return HeldOut(evidence, evidence[:, 0] - gain + 0.1 * rng.normal(size=n_tasks), np.ones(n_tasks))


def part(tasks, rows, share=1.0):
    return HeldOut(tasks.log_evidence[rows], tasks.intercept_alone[rows], tasks.counts[rows], share)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("gain", [-0.1, 0.15, 1.0])
@pytest.mark.parametrize("poissons", [False, True])
def test_two_halves_tell_what_all_tell_at_once(kind, gain, poissons):
    likelihood, n = KINDS[kind]
    if poissons and not likelihood.counts:
        return
    tasks, past = drawn(n, gain=gain), None
    for rows in (slice(0, None, 2), slice(1, None, 2)):
        found = held_out_weights(part(tasks, rows), likelihood, past, poissons=poissons)
        past = Weights(found.of_components, found.use, 30.0)
    at_once = held_out_weights(tasks, likelihood, None, poissons=poissons)
    # The task that says most is taken off in each half, and no half says less than nothing.
    assert_allclose(*logit(np.array([found.use, at_once.use]).clip(max=1.0 - 1e-9)), atol=1.5)
    assert_allclose(found.of_components.sum(), 1.0)
    assert_allclose(found.of_components, at_once.of_components, atol=np.sqrt(0.25 / 30))  # an error of sampling


def test_without_a_past_weights_are_those_of_the_rule_of_three():
    tasks = drawn(5, gain=1.0)
    often = learn_weights(tasks.log_evidence, tasks.counts, assumed_tasks(5, 2))
    assert_allclose(held_out_weights(tasks, GAUSSIAN, None, poissons=False).of_components, often, atol=1e-9)


def test_what_is_asked_for_or_told_by_two_tasks_is_not_judged():
    tasks = drawn(5, gain=-1.0)
    assert held_out_weights(tasks, GAUSSIAN, None, poissons=False, judged=False).use == 1.0
    assert held_out_weights(part(tasks, slice(2)), GAUSSIAN, None, poissons=False).use == 1.0
    assert held_out_weights(tasks, GAUSSIAN, None, poissons=False).use < 0.01
    two = Weights(np.full(5, 0.2), 1.0, 2.0)
    assert held_out_weights(tasks, GAUSSIAN, two, poissons=False).use < 0.01, "two tasks had not told either"


def test_without_new_tasks_all_stays_as_it_was_known():
    often = np.array([0.6, 0.1, 0.05, 0.1, 0.15])
    none, known = part(drawn(5), slice(0)), Weights(weights_by_use(often, 0.3, GAUSSIAN), 0.3, 40.0)
    found = held_out_weights(none, GAUSSIAN, known, poissons=False)
    assert_allclose(found.of_components, known.of_components, atol=1e-9)
    assert found.use == known.use


def test_of_a_component_that_is_new_as_much_is_assumed_as_of_any():
    none = part(drawn(5), slice(0))
    found = held_out_weights(
        none, GAUSSIAN, Weights(np.array([0.8, 0.1, np.nan, 0.05, 0.05]), 1.0, 94.0), poissons=False
    )
    assert_allclose(found.of_components, np.array([80.0, 10.0, 1.0, 5.0, 5.0]) / 101.0)
