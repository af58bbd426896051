"""Priors with a structure judge and adapt each task by the prior of its place, in a robust mixture or outside of one."""

import numpy as np
import pytest
from described import CONTEXT, make_stores
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge
from variations import variation

from skmeta import EmpiricalBayes, StateSpace, WarmStartRegressor
from skmeta.base._matching import matched
from skmeta.compose import MixturePrior
from skmeta.linear_model import GaussianPrior
from skmeta.steps import FrozenSteps, PriorWithSteps
from skmeta.tasks import TaskColumns

MODEL = Ridge()


def nested():
    X, y, _ = make_stores()
    return WarmStartRegressor(MODEL, task=["city", "store"]), X.drop(columns="size"), y


def described():
    X, y, _ = make_stores()
    return WarmStartRegressor(MODEL, task="store", context=CONTEXT), X, y


def crossed():
    X, y, _ = make_stores()
    X = X.assign(size=(X["size"] > 0).astype(int), store=None).drop(columns="store")
    return WarmStartRegressor(MODEL, task=["city", "size"], learner=EmpiricalBayes(crossed=True)), X, y


def drifting():
    rng = np.random.default_rng(0)
    day, walk = np.repeat(np.arange(30), 8), np.cumsum(rng.normal(size=(30, 2)), axis=0)
    x = rng.normal(size=240)
    y = walk[day, 0] * x + walk[day, 1] + 0.3 * rng.normal(size=240)
    return WarmStartRegressor(MODEL, task=1, learner=StateSpace()), np.column_stack([x, day]), y


KINDS = [nested, drifting, *map(variation, [described, crossed])]


@pytest.fixture(scope="module", params=KINDS, ids=lambda make: make.__name__)
def learned(request):
    """A mixture with a structure, and tasks that say where they are."""
    model, X, y = request.param()
    prior = model.fit(X, y).prior_
    columns = TaskColumns.of_table(X, model.task, model.context or ())
    inner, tasks = matched(prior.split()[1], model._read(X, y, None, MODEL, columns))
    return inner, tasks.take(np.arange(0, len(tasks), 2))


def each_alone(prior, tasks, judge):
    """What the priors of the tasks' places say of them, one by one."""
    names = prior.context_names
    known = [{n: v[k] for n, v in {**tasks.levels, **tasks.context}.items() if n in names} for k in range(len(tasks))]
    return [judge(prior.given(**known[k]), tasks.take([k])) for k in range(len(tasks))]


@pytest.mark.parametrize("verb", ["log_evidence", "responsibilities"])
def test_a_robust_mixture_judges_each_task_by_its_place(learned, verb):
    mixture, tasks = learned
    expected = each_alone(mixture, tasks, lambda own, one: getattr(own, verb)(MODEL, one)[0])
    assert_allclose(getattr(mixture, verb)(MODEL, tasks), expected, atol=1e-8)


def test_alone_it_judges_and_adapts_each_task_by_its_place(learned):
    prior, tasks = learned[0].learned, learned[1]
    expected = each_alone(prior, tasks, lambda own, one: own.log_evidence(MODEL, one)[0])
    assert_allclose(prior.log_evidence(MODEL, tasks), expected, atol=1e-8)
    expected = each_alone(prior, tasks, lambda own, one: own.adapt_tasks(MODEL, one).estimator(0).coef_)
    assert_allclose(prior.adapt_tasks(MODEL, tasks).coef_, expected, atol=1e-8)
    assert np.abs(prior.plain().log_evidence(MODEL, tasks) - prior.log_evidence(MODEL, tasks)).max() > 0.1


def test_in_a_mixture_by_hand_it_has_its_place_too(learned):
    prior, tasks = learned[0].learned, learned[1]
    beside = GaussianPrior(prior.mean, 100.0 * prior.covariance, noise=prior.noise, feature_names=prior.feature_names)
    adapted = MixturePrior([prior, beside], [1.0, 0.0]).adapt_tasks(MODEL, tasks)
    alone = prior.adapt_tasks(MODEL, tasks)
    codes = tasks.codes
    assert_allclose(adapted.predict(tasks.X, codes), alone.predict(tasks.X, codes), atol=1e-8)


@pytest.mark.parametrize("make", [nested, described, crossed])
def test_what_a_past_tells_tasks_apart_by_is_not_left_out_without_a_word(make):
    model, X, y = make()
    past = model.fit(X, y).prior_
    task, left_out = ("store", ["city"]) if make is nested else (model.task, CONTEXT)
    task, left_out = ("city", ["size"]) if make is crossed else (task, left_out)
    rows, alone = X.drop(columns=left_out), WarmStartRegressor(MODEL, task=task)
    tasks = alone._read(rows, y, None, MODEL, TaskColumns.of_table(rows, task))
    with pytest.raises(ValueError, match=r"prior: wanted one of tasks that .* alone tells apart, found one that reads"):
        EmpiricalBayes().learn(MODEL, tasks, past.learned)
    flat = EmpiricalBayes().learn(MODEL, tasks, past.learned.plain())
    assert flat.context_names == ()
    assert flat.n_tasks > past.n_tasks


def test_levels_around_which_tasks_are_described_are_not_left_out_either():
    X, y, _ = make_stores()
    model = WarmStartRegressor(MODEL, task=["city", "store"], context=["size"]).fit(X, y)
    some = X.drop(columns="city")
    tasks = model._read(some, y, None, MODEL, TaskColumns.of_table(some, "store", ["size"]))
    with pytest.raises(ValueError, match=r"learned with task=\['store'\], found task=\['city', 'store'\]"):
        EmpiricalBayes().learn(MODEL, tasks, model.prior_.learned)


def test_without_an_intercept_no_places_are_known_and_learning_on_is_refused(learned):
    prior, tasks = learned[0].learned, learned[1]
    found = prior.through_origin()
    assert_allclose(found.mean[..., :-1], prior.mean[..., :-1])
    assert_allclose(found.mean[..., -1], 0.0)
    assert found.context_names == ()
    if len(tasks.levels) > 1 or tasks.context:
        with pytest.raises(ValueError, match="prior: wanted one that was learned with"):
            EmpiricalBayes().learn(Ridge(fit_intercept=False), tasks, found)
    else:
        with pytest.warns(UserWarning, match="prior: wanted one that knows when tasks were"):
            StateSpace().learn(Ridge(fit_intercept=False), tasks, found)


def test_a_name_that_nothing_reads_raises_and_the_wrappers_pass_on_what_is_read(learned):
    mixture, tasks = learned
    by_hand, steps = MixturePrior([mixture.learned]), FrozenSteps(())
    name = mixture.context_names[0]
    value = {**tasks.levels, **tasks.context}[name][0]
    for prior in (mixture, mixture.learned, by_hand, PriorWithSteps(steps, mixture), PriorWithSteps(steps, by_hand)):
        with pytest.raises(TypeError, match=r"given: wanted names among \[.*\], found \['regoin'\]; leave out"):
            prior.given(regoin=3, **{name: value})
        assert prior.given(**{name: value}) is not None
