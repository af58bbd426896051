"""The contract of the shells: four cases of task and prior, what a fitted model gives, and its state."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from related import COUNTS, LABELS, NAMES, QUICK, X, X_new, Xc, classifier, frame, new, past, regressor, y, y_new
from sklearn.base import clone
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import (
    BayesianRidge,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_regression


@pytest.fixture(scope="module")
def learned():
    return regressor(task=-1).fit(X[past], y[past])


# The four cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "estimator",
    [
        Ridge(),
        LinearRegression(),
        make_pipeline(StandardScaler(), Ridge()),
        TransformedTargetRegressor(Ridge()),
    ],
)
def test_without_task_and_prior_it_is_the_plain_estimator(estimator):
    model, plain = WarmStartRegressor(estimator).fit(X, y), clone(estimator).fit(X, y)
    assert_array_equal(model.predict(X), plain.predict(X))
    assert model.prior_ is None and model.borrowing_ == 0.0
    assert type(model.estimator_) is type(plain)


def test_without_task_and_prior_a_classifier_is_the_plain_one():
    model, plain = (
        WarmStartClassifier(LogisticRegression()).fit(Xc, LABELS),
        LogisticRegression().fit(Xc, LABELS),
    )
    for method in ("predict", "predict_proba", "predict_log_proba", "decision_function"):
        assert_array_equal(getattr(model, method)(Xc), getattr(plain, method)(Xc))
    assert_array_equal(model.classes_, plain.classes_)
    assert_array_equal(model.coef_, plain.coef_)


def test_a_prior_alone_adapts_to_one_dataset(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_).fit(X_new, y_new)
    assert type(model.estimator_) is Ridge
    assert model.prior_ is learned.prior_
    assert_allclose(model.predict(X_new), model.estimator_.predict(X_new), rtol=1e-12)
    assert_allclose(model.coef_, learned.prior_.adapt(Ridge(), X_new, y_new).coef_, rtol=1e-12)
    assert 0.0 < model.borrowing_ < np.inf


def test_a_task_column_learns_and_adapts_to_every_task(learned):
    assert sorted(learned.estimators_) == list(range(7))
    assert learned.coef_.shape == (7, 3)
    for task, plain in learned.estimators_.items():
        rows = X[:, -1] == task
        assert type(plain) is Ridge
        assert_allclose(learned.predict(X[rows]), plain.predict(X[rows][:, :-1]), rtol=1e-12)
        assert_allclose(plain.coef_, learned.coef_[int(task)], rtol=1e-12)
        own = learned.prior_.adapt(Ridge(), X[rows][:, :-1], y[rows])
        assert_allclose(plain.coef_, own.coef_, rtol=1e-9)
    assert set(learned.borrowing_) == set(learned.estimators_)


def test_an_unknown_task_is_predicted_by_the_priors_mean(learned):
    rows = X[new]
    assert_allclose(learned.predict(rows), learned.prior_.zero_shot(Ridge()).predict(rows[:, :-1]), rtol=1e-12)


def test_task_and_prior_go_on_learning():
    first, second = X[:, -1] < 5, X[:, -1] >= 5
    one = regressor(task=-1).fit(X[first], y[first])
    before = pickle.dumps(one.prior_)
    two = regressor(task=-1, prior=one.prior_).fit(X[second], y[second])
    alone = regressor(task=-1).fit(X[second], y[second])
    both = regressor(task=-1).fit(X, y)
    assert two.prior_.n_tasks == both.prior_.n_tasks == 9
    assert two.prior_.n_rows == both.prior_.n_rows == len(X)
    gap = [np.abs(model.prior_.mean - both.prior_.mean).max() for model in (two, alone)]
    assert gap[0] < 0.5 * gap[1]
    assert pickle.dumps(one.prior_) == before


def test_a_prior_helps_where_rows_are_few(learned):
    few = slice(0, 3)
    warm = learned.prior_.adapt(Ridge(), X_new[few], y_new[few]).score(X_new[3:], y_new[3:])
    assert warm > Ridge().fit(X_new[few], y_new[few]).score(X_new[3:], y_new[3:])


def test_a_single_task_is_legal_with_a_prior(learned):
    rows = X[:, -1] == 8
    model = regressor(task=-1, prior=learned.prior_).fit(X[rows], y[rows])
    assert model.prior_.n_tasks == learned.prior_.n_tasks + 1


# What a fitted model gives ------------------------------------------------------------------------------


def test_estimators_are_made_when_asked_for(learned):
    mapping = learned.estimators_
    assert len(mapping) == 7 and 3 in mapping and 99 not in mapping and "3" not in mapping
    assert mapping[3] is not mapping[3]
    with pytest.raises(KeyError, match="no task 99 among the 7"):
        mapping[99]
    assert "Ridge" not in repr(mapping)


def test_many_tasks_do_not_mean_many_objects():
    table, target, _ = make_related_regression(n_tasks=3000, n_samples=3, n_features=2, random_state=0)
    model = regressor(task=-1).fit(table, target)
    assert len(model.estimators_) == 3000
    assert len(pickle.dumps(model)) < 3000 * 400


def test_adapt_takes_a_new_task_with_and_without_its_column(learned):
    plain = learned.adapt(X_new, y_new)
    assert type(plain) is Ridge
    assert_array_equal(learned.adapt(X[new], y[new]).coef_, plain.coef_)  # its column tells nothing new
    several = learned.adapt(X[~past], y[~past])
    assert sorted(several) == [7, 8]
    assert_allclose(several[8].coef_, plain.coef_, rtol=1e-12)
    named = regressor(task="store").fit(frame(past), y[past])
    assert_allclose(named.adapt(frame(new, NAMES), y_new).coef_, plain.coef_, rtol=1e-10)
    assert list(named.adapt(frame(~past), y[~past])) == ["s7", "s8"]
    assert_allclose(named.adapt(frame(~past), y[~past])["s8"].coef_, plain.coef_, rtol=1e-10)


def test_adapt_leaves_the_model_as_it_was(learned):
    before = pickle.dumps(learned)
    learned.adapt(X_new, y_new)
    learned.adapt(X[~past], y[~past])
    assert pickle.dumps(learned) == before


def test_one_new_task_does_not_pull_the_batch_back(learned):
    mixed = X[[0, -1, 20, 40]]  # the second is of a task never seen
    alone = [learned.predict(row[None])[0] for row in mixed]
    assert_allclose(learned.predict(mixed), alone, rtol=1e-12)
    assert_allclose(learned.predict(mixed)[0], learned.estimators_[0].predict(mixed[:1, :-1])[0], rtol=1e-12)


def test_standard_deviations_shrink_with_rows_and_hold_the_noise(learned):
    rows = X[[0, -1]]
    _, (known, unknown) = learned.predict(rows, return_std=True)
    assert np.sqrt(learned.prior_.noise) * 0.5 < known < unknown
    with pytest.raises(TypeError, match="return_std: wanted a model that has learned"):
        WarmStartRegressor(Ridge()).fit(X, y).predict(X, return_std=True)
    plain = WarmStartRegressor(BayesianRidge()).fit(X, y)
    assert_array_equal(plain.predict(X, return_std=True)[1], plain.estimator_.predict(X, return_std=True)[1])


def test_unfitted_models_say_so():
    for model in (regressor(task=-1), classifier()):
        for attempt in (
            lambda m: m.predict(X),
            lambda m: m.adapt(X, y),
            lambda m: m.coef_,
            lambda m: m.borrowing_,
        ):
            with pytest.raises(NotFittedError):
                attempt(model)


def test_one_dataset_has_no_estimators(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_).fit(X_new, y_new)
    assert not hasattr(model, "estimators_") and not hasattr(learned, "estimator_")
    with pytest.raises(AttributeError, match=r"without a task column.*has one estimator, estimator_"):
        model.estimators_  # noqa: B018
    with pytest.raises(AttributeError, match=r"one estimator for each of 7 tasks.* estimators_\[0.0\].*adapt\(X, y\)"):
        learned.estimator_  # noqa: B018


def test_ids_that_no_task_has_are_told(learned):
    assert 999 not in learned.estimators_ and None not in learned.estimators_ and "0" not in learned.estimators_
    with pytest.raises(
        KeyError, match=r"no task 999 among the 7 .* \(0.0, 1.0, 2.0, 3.0, 4.0, \.\.\.\); adapt\(X, y\)"
    ):
        learned.estimators_[np.int64(999)]


@pytest.mark.parametrize("shell", [WarmStartRegressor, WarmStartClassifier])
def test_the_estimator_that_is_missing_is_missed_by_name(shell):
    with pytest.raises(TypeError, match=rf"^{shell.__name__}\.__init__\(\) missing .* 'estimator'"):
        shell(task="store")


def test_methods_are_those_of_the_estimator():
    for method in ("predict_proba", "predict_log_proba"):
        assert not hasattr(classifier(SGDClassifier()), method)
        assert hasattr(classifier(SGDClassifier(loss="log_loss")), method)
    assert not hasattr(regressor(), "decision_function")


PLAIN = """
import pickle, sys
sys.modules["skmeta"] = None  # importing it would raise
from numpy.testing import assert_array_equal
with open(sys.argv[1], "rb") as file:
    models, X, expected = pickle.load(file)
for model, values in zip(models, expected, strict=True):
    assert_array_equal(model.predict(X), values)
    assert "skmeta" not in repr(model)
print(len(models), "predicted")
"""


def test_plain_estimators_predict_where_skmeta_is_not_installed(tmp_path, learned):
    target = TransformedTargetRegressor(Ridge(), func=np.arcsinh, inverse_func=np.sinh)
    scaled = make_pipeline(StandardScaler(), target)
    models = [
        learned.estimators_[0],
        learned.adapt(X_new, y_new),
        learned.prior_.zero_shot(Ridge()),
        WarmStartRegressor(Lasso(), prior=learned.prior_).fit(X_new, y_new).estimator_,
        WarmStartRegressor(SGDRegressor(random_state=0), prior=learned.prior_).fit(X_new, y_new).estimator_,
        regressor(scaled, task=-1).fit(X, y).estimators_[0],
        regressor(PoissonRegressor(), task=-1).fit(X, COUNTS).estimators_[0],
        classifier(task=-1).fit(Xc, LABELS).estimators_[0],
        classifier(make_pipeline(StandardScaler(), LogisticRegression()), task=-1).fit(Xc, LABELS).estimators_[1],
    ]
    path = tmp_path / "models.pkl"
    path.write_bytes(pickle.dumps((models, X_new, [model.predict(X_new) for model in models])))
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, str(path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=env,
        check=False,
    )
    assert done.stdout == f"{len(models)} predicted\n", done.stderr


# State --------------------------------------------------------------------------------------------------


def test_fitting_twice_is_fitting_once(learned):
    again = clone(learned).fit(X[past], y[past]).fit(X[past], y[past])
    assert again.prior_.n_tasks == 7
    assert_array_equal(again.coef_, learned.coef_)
    onward = regressor(task=-1, prior=learned.prior_)
    assert onward.fit(X[~past], y[~past]).fit(X[~past], y[~past]).prior_.n_tasks == 9


def test_a_refit_forgets_the_earlier_kind_of_fit(learned):
    model = clone(learned).fit(X[past], y[past])
    model.set_params(task=None, learner="auto").fit(X_new, y_new)
    assert model.prior_ is None and not hasattr(model, "estimators_") and not hasattr(model, "learner_")
    assert model.n_features_in_ == 3 and model.borrowing_ == 0.0


def test_clone_keeps_parameters_and_forgets_the_fit(learned):
    model = WarmStartRegressor(Ridge(), prior=learned.prior_, task="x", learner=QUICK, n_jobs=3)
    copy = clone(model)
    assert copy.prior is model.prior and copy.learner.max_iter == 5 and copy.n_jobs == 3 and copy.task == "x"
    assert not hasattr(clone(learned), "prior_")
    assert clone(learned).prior is None


def test_the_users_objects_are_left_alone():
    estimator, learner = make_pipeline(StandardScaler(), Ridge()), EmpiricalBayes("diagonal", max_iter=5)
    table, target, weight = X.copy(), y.copy(), np.ones(len(y))
    WarmStartRegressor(estimator, task=-1, learner=learner).fit(table, target, sample_weight=weight)
    assert not hasattr(estimator[0], "mean_") and not hasattr(learner, "structure_")
    assert_array_equal(table, X)
    assert_array_equal(target, y)


@pytest.mark.parametrize("kind", [OneHotEncoder(handle_unknown="ignore"), StandardScaler()], ids=str)
def test_a_column_transformer_by_name(kind):
    column = "shape" if isinstance(kind, OneHotEncoder) else "age"
    table = frame().assign(shape=np.resize(["round", "flat", "long"], len(X)))
    steps = ColumnTransformer([("some", kind, [column])], remainder="drop")
    model = regressor(make_pipeline(steps, Ridge()), task="store").fit(table, y)
    assert_allclose(
        model.predict(table)[:1], model.estimators_["s0"].predict(table.drop(columns="store")[:1]), rtol=1e-12
    )
