"""partial_fit: more rows of known and of new tasks, the prior as it was."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.linear_model import (
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skmeta import (
    EmpiricalBayes,
    SharedModel,
    WarmStartClassifier,
    WarmStartRegressor,
)
from skmeta.datasets import make_related_classification, make_related_regression

N_TASKS, N_ROWS = 9, 10
X, Y, _ = make_related_regression(n_tasks=N_TASKS, n_samples=N_ROWS, n_features=2, random_state=0)
LABELS = make_related_classification(n_tasks=N_TASKS, n_samples=N_ROWS, n_features=2, random_state=0)[1]
TASK, ROW = X[:, -1], np.tile(np.arange(N_ROWS), N_TASKS)
FIRST = (TASK < 6) & (ROW < 5)  # what is fitted; tasks 6 to 8 are new
BATCHES = [(TASK < 6) & (ROW >= 5), (TASK >= 6) & (ROW < 3), (TASK % 2 == 1) & (TASK >= 6) & (ROW >= 3)]
SEEN = FIRST | np.logical_or.reduce(BATCHES)
NAMES = ["a", "b", "store"]


def added(model, y=Y, batches=BATCHES, table=X, **options):
    model.fit(table[FIRST], y[FIRST])
    for batch in batches:
        model.partial_fit(table[batch], y[batch], **options)
    return model


def assert_adapted_to_all_rows(model, y=Y, table=X, atol=1e-10):
    """Every task has the model that `adapt` makes of all its rows at once."""
    made = model.adapt(table[SEEN], y[SEEN])
    assert list(made) == list(model.estimators_)
    for task, estimator in made.items():
        own = table[task == TASK][:, :-1]
        for method in ("predict", "predict_proba"):
            if hasattr(estimator, method):
                expected = getattr(estimator, method)(own)
                assert_allclose(getattr(model.estimators_[task], method)(own), expected, rtol=0, atol=atol)


REGRESSORS = [
    Ridge(),
    make_pipeline(StandardScaler(), Ridge()),
    Lasso(alpha=0.01, tol=1e-12),
]


@pytest.mark.quick
@pytest.mark.parametrize("estimator", REGRESSORS, ids=lambda each: str(each)[:10])
def test_it_is_adapting_to_all_rows_at_once(estimator):
    model = added(WarmStartRegressor(estimator, task=-1))
    assert_adapted_to_all_rows(model)
    asked = X[SEEN]
    assert_array_equal(model.predict(asked).shape, (SEEN.sum(),))
    for task in (0.0, 7.0):
        own = asked[asked[:, -1] == task]
        assert_allclose(model.predict(own), model.estimators_[task].predict(own[:, :-1]), atol=1e-12)


def test_the_same_of_classifiers():
    model = added(WarmStartClassifier(LogisticRegression(), task=-1), LABELS, classes=[0, 1])
    assert_adapted_to_all_rows(model, LABELS)
    assert_allclose(model.predict_proba(X[SEEN]).sum(axis=1), 1.0)


def test_the_same_of_counts():
    counts = np.round(np.exp(np.clip(Y, -1.0, 2.0)))
    assert_adapted_to_all_rows(added(WarmStartRegressor(PoissonRegressor(), task=-1), counts), counts)


@pytest.mark.quick
def test_the_prior_and_the_frozen_steps_stay():
    model = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task=-1).fit(X[FIRST], Y[FIRST])
    prior, mean = model.prior_, model.estimators_[0][0].mean_.copy()
    model.partial_fit(X[~FIRST] + [100.0, 0.0, 0.0], Y[~FIRST])
    assert model.prior_ is prior
    for task in (0, 8):
        assert_array_equal(model.estimators_[task][0].mean_, mean)


@pytest.mark.parametrize("order", [[1, 0, 2], [2, 1, 0]])
def test_the_order_of_batches_is_of_no_matter(order):
    one = added(WarmStartRegressor(Ridge(), task=-1))
    other = added(WarmStartRegressor(Ridge(), task=-1), batches=[BATCHES[k] for k in order])
    assert_allclose(other.coef_, one.coef_, atol=1e-10)
    assert list(other.borrowing_) == list(one.borrowing_)
    assert_allclose(list(other.borrowing_.values()), list(one.borrowing_.values()), rtol=1e-8)
    assert_allclose(other.predict(X, return_std=True), one.predict(X, return_std=True), atol=1e-10)


def test_many_small_batches_stay_in_few_pieces():
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST])
    rest = np.flatnonzero(~FIRST)
    for row in rest:
        model.partial_fit(X[[row]], Y[[row]])
    assert len(model._known.pieces._pieces) <= 2 + np.log2(len(rest))
    once = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST]).partial_fit(X[rest], Y[rest])
    assert_allclose(model.coef_, once.coef_, atol=1e-10)


def test_only_tasks_with_new_rows_are_adapted_anew():
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST])
    before = model.coef_
    some = (TASK == 2) & ~FIRST
    model.partial_fit(X[some], Y[some])
    changed = np.flatnonzero((model.coef_ != before).any(axis=1))
    assert_array_equal(changed, [2])


def test_where_nothing_was_fitted_it_is_fit():
    rows = X[FIRST].copy()
    model = WarmStartRegressor(Ridge(), task=-1).partial_fit(rows, Y[FIRST])
    assert_array_equal(model.coef_, WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST]).coef_)
    rows[:] = np.nan  # a buffer is used again for the next rows
    model.partial_fit(X[BATCHES[0]], Y[BATCHES[0]])
    assert_allclose(model.coef_, added(WarmStartRegressor(Ridge(), task=-1), batches=BATCHES[:1]).coef_, atol=1e-12)


@pytest.mark.parametrize("fitted_before", [True, False])
def test_one_task_from_a_prior(fitted_before):
    prior = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST]).prior_
    new = np.flatnonzero(TASK == 8)
    model, whole = WarmStartRegressor(Ridge(), prior=prior), WarmStartRegressor(Ridge(), prior=prior)
    start = model.fit if fitted_before else model.partial_fit
    start(X[new[:4], :-1], Y[new[:4]])
    model.partial_fit(X[new[4:], :-1], Y[new[4:]])
    whole.fit(X[new, :-1], Y[new])
    assert_allclose(model.coef_, whole.coef_, atol=1e-10)
    assert model.borrowing_ == pytest.approx(whole.borrowing_)
    assert model.prior_ is prior


def test_weights_are_in_the_unit_of_fit():
    batch = BATCHES[0]
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST])
    model.partial_fit(X[batch], Y[batch], sample_weight=np.full(batch.sum(), 2.0))
    rows = FIRST | batch
    made = model.adapt(X[rows], Y[rows], sample_weight=np.where(batch, 2.0, 1.0)[rows])
    assert_allclose(model.estimators_[3].coef_, made[3].coef_, atol=1e-10)


def test_frames_with_ids_as_text_and_sparse_rows():
    frame = pd.DataFrame(X, columns=NAMES).assign(store=[f"s{task:.0f}" for task in TASK])
    model = added(WarmStartRegressor(Ridge(), task="store"), table=frame)
    assert_array_equal(model.feature_names_in_, NAMES)
    assert_array_equal(model.estimators_["s8"].feature_names_in_, NAMES[:-1])
    plain = added(WarmStartRegressor(Ridge(), task=-1))
    assert_allclose(model.coef_, plain.coef_, atol=1e-10)
    rows = added(WarmStartRegressor(Ridge(), task=-1), table=sparse.csr_array(X))
    assert rows.n_features_in_ == 3
    assert_adapted_to_all_rows(rows, table=X, atol=1e-8)


def test_it_is_pickled_and_goes_on():
    model = pickle.loads(pickle.dumps(added(WarmStartRegressor(Ridge(), task=-1), batches=BATCHES[:2])))
    model.partial_fit(X[BATCHES[2]], Y[BATCHES[2]])
    assert_allclose(model.coef_, added(WarmStartRegressor(Ridge(), task=-1)).coef_, atol=1e-12)


def test_kinds_are_of_the_tasks_that_were_learned_from():
    model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(n_components=2))
    assert list(added(model).memberships_) == [0, 1, 2, 3, 4, 5]


def test_a_shared_model_that_has_seen_rows_takes_new_tasks_alone():
    tree = DecisionTreeRegressor(max_depth=2, random_state=0)
    model = WarmStartRegressor(tree, task=-1, learner=SharedModel(None, max_rounds=1, cv=2)).fit(X[FIRST], Y[FIRST])
    answers = model.predict(X[FIRST])
    with pytest.raises(
        ValueError, match=r"new tasks, found some of 0\.0, .* fitted to their rows.* Fit anew with all rows"
    ):
        model.partial_fit(X[BATCHES[0]], Y[BATCHES[0]])
    for batch in BATCHES[1:]:
        model.partial_fit(X[batch], Y[batch])
    assert_array_equal(model.predict(X[FIRST]), answers)
    made = model.adapt(X[TASK == 7], Y[TASK == 7])
    assert_allclose(model.estimators_[7].predict(X[:, :-1]), made.predict(X[:, :-1]), atol=1e-10)


def test_nested_tasks_that_were_learned_from_are_not_counted_twice():
    region = np.where(TASK % 3 == 0, 0.0, 1.0)
    table = np.column_stack([X[:, :-1], region, TASK])
    model = WarmStartRegressor(Ridge(), task=[-2, -1]).fit(table[FIRST], Y[FIRST])
    with pytest.raises(ValueError, match=r"count twice.* Fit anew with all rows"):
        model.partial_fit(table[BATCHES[0]], Y[BATCHES[0]])
    model.partial_fit(table[BATCHES[1]], Y[BATCHES[1]])
    assert (1.0, 7.0) in model.estimators_
    assert_allclose(model.predict(table[TASK == 7]), model.estimators_[1.0, 7.0].predict(X[TASK == 7, :-1]), atol=1e-12)


# What is refused, and leaves the model as it was -------------------------------------------------------------------


BAD = {
    "X: wanted 3 columns, ids of tasks in column .* found 2": (lambda: X[:, 1:], None),
    r"y: wanted targets of the shape that fit had, \(n_rows,\), found \(n_rows, 2\)": (None, lambda: np.c_[Y, Y]),
    "y: wanted as many targets as rows": (None, lambda: Y[1:]),
    "infinity": (lambda: np.r_[X[:-1], [[np.inf, 0.0, 0.0]]], None),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_rows_leave_the_model_as_it_was(message):
    table, y = (default if make is None else make() for make, default in zip(BAD[message], (X, Y), strict=True))
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST])
    before = dict(vars(model))
    with pytest.raises(ValueError, match=message):
        model.partial_fit(table, y)
    assert vars(model) == before


ESTIMATORS = {"sums": Ridge(), "rows": HuberRegressor()}  # what is kept of a task's rows


@pytest.fixture(scope="module")
def half_known():
    """Fitted models whose first task has twenty rows, and twenty more rows of it."""
    table, y, _ = make_related_regression(n_tasks=3, n_samples=40, n_features=2, random_state=0)
    new = np.flatnonzero(table[:, -1] == 0)[20:]
    first = np.delete(table, new, axis=0), np.delete(y, new)
    models = {by: WarmStartRegressor(each, task=-1).fit(*first) for by, each in ESTIMATORS.items()}
    return models, table[new], y[new]


LARGE = r"wanted numbers whose squares can be added up, found one of size 1e\+200;"
IN_ROWS = {
    r"y: Input y contains NaN in 1 of 20 rows, row\(s\) 2;": ((2, 3), np.nan),
    r"y: Input y contains infinity in 1 of 20 rows, row\(s\) 2;": ((2, 3), np.inf),
    f"y: {LARGE}": ((2, 3), 1e200),
    f"X: {LARGE}": ((2, 0), 1e200),
    r"X: Input X contains NaN in 1 of 20 rows of task 0\.0, column 0;": ((2, 0), np.nan),
}


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("by", ESTIMATORS)
@pytest.mark.parametrize("message", IN_ROWS)
def test_messages_count_the_rows_that_were_given(half_known, message, by, weighed):
    models, more, y = half_known
    place, value = IN_ROWS[message]
    bad = np.c_[more, y]
    bad[place] = value
    weight = (
        np.where(np.arange(20) == 2, 0.0, 1.0) if weighed else None
    )  # what weighs nothing is refused too, as by fit
    with pytest.raises(ValueError, match=message):
        models[by].partial_fit(bad[:, :-1], bad[:, -1], sample_weight=weight)


@pytest.mark.parametrize("by", ESTIMATORS)
def test_rows_that_were_summed_up_are_counted_where_a_task_has_a_column_no_more(half_known, by):
    models, more, y = half_known
    lacking = more * [np.nan, 1.0, 1.0]
    with pytest.raises(ValueError, match=r"X: Input X contains NaN in 20 of 40 rows of task 0\.0, column 0;"):
        models[by].partial_fit(lacking, y)


def test_ids_of_another_type_columns_of_other_names_and_new_classes():
    frame = pd.DataFrame(X, columns=NAMES)
    model = WarmStartRegressor(Ridge(), task="store").fit(frame[FIRST], Y[FIRST])
    with pytest.raises(TypeError, match="never match"):
        model.partial_fit(frame.assign(store="s1"), Y)
    with pytest.raises(ValueError, match="Feature names unseen at fit time:\n- c"):
        model.partial_fit(frame.rename(columns={"a": "c"}), Y)
    classifier = WarmStartClassifier(LogisticRegression(), task=-1)
    with pytest.raises(ValueError, match=r"classes: wanted those that the model knows, \[0, 1\], found new 2"):
        classifier.partial_fit(X[FIRST], LABELS[FIRST], classes=[0, 1, 2])
    classifier.partial_fit(X[FIRST], LABELS[FIRST], classes=[0, 1])
    with pytest.raises(ValueError, match=r"y: wanted the classes that the prior knows, \[0, 1\], found new \[2\]"):
        classifier.partial_fit(X[~FIRST], LABELS[~FIRST] + 1)
    with pytest.raises(ValueError, match=r"classes: .* found new 2"):
        classifier.partial_fit(X[~FIRST], LABELS[~FIRST], classes=[1, 2])


def test_what_describes_a_task_stays_what_it_was():
    frame = pd.DataFrame(X, columns=NAMES).assign(size=TASK)
    model = WarmStartRegressor(Ridge(), task="store", context=["size"]).fit(frame[FIRST], Y[FIRST])
    model.learner_._places = None  # whatever was learned, rows of known tasks are looked at
    with pytest.raises(
        ValueError, match=r"context: wanted size=3\.0 for task 3\.0, as its rows had before, found 99\.0"
    ):
        model.partial_fit(frame[TASK == 3].assign(size=99.0), Y[TASK == 3])


def test_set_params_between_fits_is_seen():
    model = WarmStartRegressor(Ridge(), task=-1).fit(X[FIRST], Y[FIRST])
    model.set_params(task=None, prior=model.prior_)
    with pytest.raises(ValueError, match=r"wanted the parameters of the fit, found prior"):
        model.partial_fit(X, Y)


# The plain estimator's own ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fitted_before", [True, False])
def test_without_task_and_prior_it_is_the_estimators_own(fitted_before):
    ours, theirs = WarmStartClassifier(SGDClassifier(random_state=0)), SGDClassifier(random_state=0)
    for model in (ours, theirs):
        if fitted_before:
            model.fit(X[FIRST], LABELS[FIRST])
            model.partial_fit(X[~FIRST], LABELS[~FIRST])
        else:
            model.partial_fit(X[FIRST], LABELS[FIRST], classes=[0, 1], sample_weight=np.ones(FIRST.sum()))
            model.partial_fit(X[~FIRST], LABELS[~FIRST])
    assert_array_equal(ours.estimator_.coef_, theirs.coef_)
    assert_array_equal(ours.classes_, [0, 1])


def test_estimators_without_it_have_none_alone():
    assert not hasattr(WarmStartRegressor(Ridge()), "partial_fit")
    assert hasattr(WarmStartRegressor(SGDRegressor()), "partial_fit")
    assert hasattr(WarmStartRegressor(Ridge(), task=-1), "partial_fit")
