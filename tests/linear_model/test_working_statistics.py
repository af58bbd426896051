"""Parts that hold their rows: asked for sums alone they teach what all rows together do."""

import json

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, Ridge, TweedieRegressor
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta.linear_model import WorkingStatistics

MODELS = [
    LogisticRegression(),
    PoissonRegressor(),
    GammaRegressor(),
    TweedieRegressor(power=1.5),
    TweedieRegressor(power=3),
]
every_model = varied("model", MODELS, keep=2, ids=lambda model: type(model).__name__)


def collection(model, n_tasks=14, n=18, d=3, seed=0):
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(n_tasks), n)
    X = rng.normal(size=(len(task), d)) * [1.0, 3.0, 0.5]
    coef = np.array([0.6, -0.2, 0.5]) + 0.3 * rng.normal(size=(n_tasks, d))
    eta = np.clip(np.einsum("nd,nd->n", X, coef[task]) + 0.4 * rng.normal(size=n_tasks)[task], -3.0, 3.0)
    if isinstance(model, LogisticRegression):
        y = np.where(rng.logistic(size=len(task)) < eta, "yes", "no")
    elif isinstance(model, PoissonRegressor):
        y = rng.poisson(np.exp(eta)).astype(float)
    else:
        y = np.exp(eta) * rng.gamma(3.0, 1.0 / 3.0, size=len(task))
    order = rng.permutation(len(task))
    frame = pd.DataFrame(X, columns=list("abc")).assign(site=np.array(list("abcdefghijklmnopqrst"))[task])
    frame["b"] += 2000.0
    return frame.iloc[order].reset_index(drop=True), y[order], rng.uniform(0.5, 2.0, len(task))


def in_parts(frame, y, model, weight, n_parts=3, **options):
    """Rows dealt out: most tasks are split over all parts; the second has its columns in another order."""
    parts = []
    for k in range(n_parts):
        own = np.arange(len(y)) % n_parts == k
        rows = frame[own] if k != 1 else frame[own][["site", "c", "a", "b"]]
        parts.append(
            WorkingStatistics(rows, y[own], task="site", estimator=model, sample_weight=weight[own], **options)
        )
    return parts


def learn_from_rows(model, frame, y, weight, prior=None):
    shell = WarmStartClassifier if isinstance(model, LogisticRegression) else WarmStartRegressor
    return shell(model, task="site", prior=prior).fit(frame, y, sample_weight=weight).prior_


def assert_same_prior(one, two, rtol):
    for name in ("mean", "covariance", "mean_covariance", "noise", "n_tasks", "n_rows"):
        wanted = getattr(two, name)
        assert_allclose(getattr(one, name), wanted, rtol=rtol, atol=rtol * np.abs(wanted).max(), err_msg=name)
    assert_allclose(one.weights, two.weights, rtol=rtol)
    assert one.feature_names == two.feature_names
    assert one.likelihood == two.likelihood


@every_model
def test_parts_teach_what_all_rows_do(model):
    frame, y, weight = collection(model)
    found = EmpiricalBayes().learn_statistics(in_parts(frame, y, model, weight), model)
    assert_same_prior(found, learn_from_rows(model, frame, y, weight), rtol=1e-8)


def test_parts_are_learned_on_from_a_prior():
    model = LogisticRegression()
    prior = learn_from_rows(model, *collection(model, seed=1))
    frame, y, weight = collection(model)
    found = EmpiricalBayes().learn_statistics(in_parts(frame, y, model, weight), model, prior=prior)
    assert found.n_tasks == 28
    assert_same_prior(found, learn_from_rows(model, frame, y, weight, prior), rtol=1e-7)


def test_models_through_the_origin_and_columns_that_a_task_lacks():
    model = LogisticRegression(fit_intercept=False)
    frame, y, weight = collection(model)
    frame.loc[frame["site"] == "c", "a"] = np.nan
    found = EmpiricalBayes().learn_statistics(in_parts(frame, y, model, weight), model)
    assert_same_prior(found, learn_from_rows(model, frame, y, weight), rtol=1e-8)


def test_only_sums_and_coefficients_travel():
    """Requests and answers pass through text; no array in them has as many entries as a part has rows."""
    model = LogisticRegression()
    frame, y, weight = collection(model, n_tasks=6, n=60)
    parts = in_parts(frame, y, model, weight)

    def elsewhere(part):
        def answer(coefficients):
            if coefficients is not None:
                sent = json.dumps({name: np.asarray(value).tolist() for name, value in coefficients.items()})
                coefficients = json.loads(sent)
            found = part(coefficients).to_dict()
            assert max(array.shape[0] for name, array in found.items() if name != "names") <= 6
            return SufficientStatistics.from_dict({name: array.tolist() for name, array in found.items()})

        answer.classes = part.classes
        return answer

    found = EmpiricalBayes().learn_statistics(list(map(elsewhere, parts)), model)
    assert_same_prior(found, EmpiricalBayes().learn_statistics(parts, model), rtol=1e-12)


@every_model
def test_a_part_says_what_its_rows_say(model):
    """The score of its working responses is the gradient of its log-likelihood, which it tells too."""
    frame, y, weight = collection(model, n_tasks=3)
    part = WorkingStatistics(frame, y, task="site", estimator=model, sample_weight=weight)
    rng, centre = np.random.default_rng(0), np.array([0.1, 2000.0, -0.2])
    coef, intercept, step = 0.3 * rng.normal(size=(3, 3)), rng.normal(size=3), 1e-5

    def at(coef, intercept):
        return part(
            {"ids": list("abc"), "coef": coef, "intercept": intercept, "centre": centre, "feature_names": "abc"}
        )

    found = at(coef, intercept)
    for j in range(3):
        move = step * np.eye(3)[j]
        slope = (at(coef + move, intercept).log_likelihood - at(coef - move, intercept).log_likelihood) / (2 * step)
        fitted = np.einsum("tij,tj->ti", found.scatter, coef)[:, j]
        at_mean = found.target_mean - ((found.mean - centre) * coef).sum(axis=1) - intercept
        gradient = found.cross[:, j] - fitted + found.n * at_mean * (found.mean[:, j] - centre[j])
        assert_allclose(gradient, slope, rtol=1e-5, atol=1e-4)


def test_squared_errors_take_parts_as_well():
    frame, y, weight = collection(PoissonRegressor())
    found = EmpiricalBayes().learn_statistics(in_parts(frame, y, Ridge(), weight), Ridge())
    assert_same_prior(found, learn_from_rows(Ridge(), frame, y, weight), rtol=1e-9)


def test_what_parts_are_shows():
    frame, y, _ = collection(LogisticRegression())
    part = WorkingStatistics(frame, y, task="site", estimator=LogisticRegression())
    assert repr(part) == "WorkingStatistics(n_tasks=14, n_rows=252)"
    assert_array_equal(part.classes, ["no", "yes"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda frame, y: (frame, np.where(frame["a"] > 0.5, "maybe", y), LogisticRegression()),
            "two classes.*3 outputs",
        ),
        (lambda frame, y: (frame, y, LogisticRegression(class_weight="balanced")), "class_weight.*'balanced'"),
        (lambda frame, y: (frame.assign(a="u"), y, LogisticRegression()), "X: wanted numbers"),
        (lambda frame, y: (frame, np.full(len(y), -1.0), PoissonRegressor()), "y: wanted non-negative targets"),
        (lambda frame, y: (frame, y[1:], LogisticRegression()), "y: wanted as many targets"),
    ],
)
def test_rows_that_are_no_part_are_told_so(change, message):
    frame, y, estimator = change(*collection(LogisticRegression())[:2])
    with pytest.raises(ValueError, match=message):
        WorkingStatistics(frame, y, task="site", estimator=estimator)


def test_parts_that_do_not_go_together_are_named():
    model = LogisticRegression()
    frame, y, weight = collection(model)
    parts = in_parts(frame, y, model, weight)
    other = WorkingStatistics(frame, np.where(y == "no", "nein", y), task="site", estimator=model)
    with pytest.raises(ValueError, match=r"classes: wanted the same labels.*'no', 'yes'.*'nein', 'yes'"):
        EmpiricalBayes().learn_statistics([*parts, other], model)
    with pytest.raises(TypeError, match=r"statistics: wanted SufficientStatistics, or a list of parts"):
        EmpiricalBayes().learn_statistics([1, 2], model)
    with pytest.raises(TypeError, match=r"found DataFrame; SufficientStatistics\.from_table"):
        EmpiricalBayes().learn_statistics(frame, model)
    with pytest.raises(ValueError, match=r"ids: wanted coefficients of every task"):
        parts[0]({"ids": ["a"], "coef": np.zeros((1, 3)), "intercept": np.zeros(1), "centre": np.zeros(3)})


def test_parts_of_few_counts_teach_how_often_tasks_are_vague():
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(600, 2)), np.repeat(np.arange(40), 15)
    y = rng.poisson(0.1 * np.exp(0.5 * X[:, 0])).astype(float)
    table = np.column_stack([X, task])
    parts = [WorkingStatistics(table[k::2], y[k::2], task=-1, estimator=PoissonRegressor()) for k in (0, 1)]
    found = EmpiricalBayes("diagonal").learn_statistics(parts, PoissonRegressor())
    wanted = WarmStartRegressor(PoissonRegressor(), task=-1, learner=EmpiricalBayes("diagonal")).fit(table, y).prior_
    assert_allclose(found.weights, wanted.weights, rtol=1e-6)
