"""Statistics that stay in parts teach what all rows teach, however they are parted."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from partitions import Lossy
from sklearn.linear_model import HuberRegressor, Lasso, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartRegressor
from skmeta.datasets import make_related_regression
from skmeta.linear_model import PartitionedStatistics

FEW = 20  # tasks that are brought together, for these tests


@pytest.fixture(autouse=True)
def few_tasks_are_many(monkeypatch):
    for module in ("_learning_without_rows", "_law_learning", "_learn_in_parts"):
        monkeypatch.setattr(f"skmeta.linear_model.{module}.MANY", FEW)


def collection(seed=0, n_tasks=40, d=3, *, outputs=False):
    X, y, _ = make_related_regression(n_tasks=n_tasks, n_samples=8, n_features=d, random_state=seed)
    X[:, 0] += X[:, -1] % 7
    y = y * (1.0 + X[:, -1] % 3)
    return X, np.column_stack([y, np.roll(y, 1)]) if outputs else y


def parts_of(X, y, weight=None, how="sorted"):
    n = len(X)
    part = {"sorted": np.arange(n) * 3 // n, "rows": np.arange(n) % 4, "one": np.zeros(n, int)}[how]
    some = [np.flatnonzero(part == k) for k in np.unique(part)]
    return [
        SufficientStatistics.from_table(X[own], y[own], task=-1, sample_weight=None if weight is None else weight[own])
        for own in some
    ]


def learned(parts, estimator=None, prior=None, engine=None, **options):
    found = PartitionedStatistics(parts, engine)
    return EmpiricalBayes(**options).learn_statistics(found, estimator, prior)


def assert_same(found, expected, rtol=1e-9):
    for one, other in zip(found.components, expected.components, strict=True):
        for name in ("mean", "covariance", "noise", "noise_dof"):
            if hasattr(one, name):
                assert_allclose(getattr(one, name), getattr(other, name), rtol=rtol, atol=1e-12, err_msg=name)
    assert_allclose(found.weights, expected.weights, rtol=rtol, atol=1e-12)
    assert found.n_tasks == expected.n_tasks and found.n_rows == expected.n_rows


@pytest.mark.quick
@varied("how", ["rows", "sorted", "one"])
def test_any_parts_teach_what_all_rows_teach(how):
    X, y = collection()
    expected = WarmStartRegressor(Ridge(), task=-1).fit(X, y).prior_
    assert expected.components[0].contextual_effects is not None
    assert_same(learned(parts_of(X, y, how=how)), expected)


@pytest.mark.parametrize(
    "option", ["weights", "outputs", "past", "no intercept", "shared", "full", "varying", "lacking"]
)
def test_parts_know_what_rows_know(option):
    X, y = collection(outputs=option == "outputs")
    weight = np.random.default_rng(0).uniform(0.5, 2.0, len(y)) if option == "weights" else None
    if option == "lacking":
        X[X[:, -1] < 5, 1] = np.nan
    options = {"shared": {"noise": "shared"}, "full": {"covariance": "full"}, "varying": {"varying": "intercept"}}
    options = options.get(option, {})
    estimator, prior = Ridge(fit_intercept=option != "no intercept"), None
    if option == "past":
        prior = (
            WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(varying="intercept")).fit(*collection(1)).prior_
        )
    model = WarmStartRegressor(estimator, task=-1, prior=prior, learner=EmpiricalBayes(**options))
    expected = model.fit(X, y, sample_weight=weight).prior_
    assert_same(learned(parts_of(X, y, weight, "rows"), estimator, prior, **options), expected)


def test_a_part_that_is_lost_is_computed_again():
    X, y = collection()
    assert_same(learned(parts_of(X, y, how="rows"), engine=Lossy()), learned(parts_of(X, y, how="one")), rtol=1e-10)


def test_few_tasks_are_learned_from_in_one_place():
    X, y = collection(n_tasks=FEW)
    expected = EmpiricalBayes().learn_statistics(SufficientStatistics.from_table(X, y, task=-1))
    assert_same(learned(parts_of(X, y, how="rows")), expected)


def test_tasks_that_straddle_parts_are_dealt_out_among_them():
    X, y = collection()
    parts = PartitionedStatistics(parts_of(X, y, how="rows"))
    assert_array_equal(np.sort(np.concatenate(parts.codes)), np.arange(40))
    assert [len(own) for own in parts.codes] == [10, 10, 10, 10]
    for part, own in zip(parts.parts, parts.codes, strict=True):
        assert_array_equal(part.ids, parts.ids[own])
    whole = SufficientStatistics.from_table(X, y, task=-1)
    assert_allclose(parts.collected().scatter, whole.scatter, rtol=1e-12, atol=1e-12)
    assert_array_equal(parts.count, whole.count)


def test_a_data_set_under_two_names_in_two_parts_counts_once():
    X, y = collection()
    copy = np.where(X[:, -1:] == 3, [[0.0, 0.0, 0.0, 97.0]], 0.0)
    rows = X[:, -1] == 3
    twice, targets = np.r_[X, X[rows] + copy[rows]], np.r_[y, y[rows]]
    parts = [SufficientStatistics.from_table(a, b, task=-1) for a, b in ((X, y), (twice[len(X) :], targets[len(X) :]))]
    with pytest.warns(UserWarning, match=r"found 1 task\(s\) with the statistics of another: 100\.0 of 3\.0"):
        found = learned(parts)
    assert_same(found, learned(parts_of(X, y, how="one")))


def test_parts_without_tasks_are_legal_but_not_parts_alone():
    X, y = collection()
    nothing = parts_of(X, y)[0].take([])
    assert_same(learned([nothing, *parts_of(X, y), nothing]), learned(parts_of(X, y)))
    with pytest.raises(ValueError, match="X: wanted tasks in some part, found none in any of them"):
        PartitionedStatistics([nothing])


def test_parts_have_the_same_columns_targets_and_ids():
    X, y = collection()
    first, second = parts_of(X, y)[:2]
    named = SufficientStatistics(**{**vars(first), "feature_names": ("a", "b", "c")})
    turned = SufficientStatistics(**{**vars(second), "feature_names": ("c", "b", "a")})
    text = SufficientStatistics(**{**vars(second), "ids": [f"s{k}" for k in range(10, 10 + second.n_tasks)]})
    wrong = {
        "columns with names in all parts": [first, turned],
        "columns of all parts in one order": [named, turned],
        "ids of one type in all parts": [first, text],
        "targets of one shape": [first, parts_of(*collection(outputs=True))[1]],
        "SufficientStatistics in every part, found dict": [first, {}],
    }
    for message, parts in wrong.items():
        with pytest.raises((TypeError, ValueError), match=message):
            PartitionedStatistics(parts)


def test_what_parts_cannot_teach_is_refused_with_a_way_out():
    X, y = collection()
    parts = parts_of(X, np.abs(np.round(y)))
    with pytest.raises(ValueError, match=r"HuberRegressor, which asks of each row .* learn from the rows"):
        learned(parts, HuberRegressor())
    with pytest.raises(
        ValueError, match=r"PoissonRegressor, whose .* give parts that hold their rows, WorkingStatistics"
    ):
        learned(parts, PoissonRegressor())
    rng = np.random.default_rng(0)
    wide = np.column_stack([rng.normal(size=(90, 101)), np.arange(90) // 3])
    with pytest.raises(ValueError, match=r"found 101 columns and at most 3 rows; .*covariance='full'"):
        learned(parts_of(wide, rng.normal(size=90)))


def test_other_estimators_of_squared_errors_learn_the_same_prior():
    X, y = collection()
    assert_same(learned(parts_of(X, y), Lasso()), WarmStartRegressor(Lasso(), task=-1).fit(X, y).prior_)


def test_progress_is_told_and_reaches_its_end():
    X, y = collection()
    told = []
    EmpiricalBayes().learn_statistics(
        PartitionedStatistics(parts_of(X, y)), progress=lambda done, total: told.append((done, total))
    )
    done, total = zip(*told, strict=True)
    assert done[0] == 100 and list(done) == sorted(set(done)) and set(total) == {300} and done[-1] == 300


def test_they_say_what_they_hold_and_travel():
    parts = PartitionedStatistics(parts_of(*collection()))
    assert repr(parts) == "PartitionedStatistics(n_tasks=40, n_rows=320, n_features=3, n_outputs=1, n_parts=3)"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert repr(pickle.loads(pickle.dumps(parts))) == repr(parts)


@pytest.mark.parametrize("learner", [EmpiricalBayes(half_life=3.0), EmpiricalBayes("round")])
def test_parameters_are_checked_before_any_row_is_read(learner):
    with pytest.raises(ValueError, match=r"half_life: wanted None|covariance=...\): wanted one of"):
        learner.learn_partitions(Ridge(), None)
