"""Bad input: one clear error that names what was wrong, what was wanted and found; nothing is half-fitted."""

import pickle
import re

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import (
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LassoCV,
    LinearRegression,
    LogisticRegression,
    LogisticRegressionCV,
    PoissonRegressor,
    Ridge,
    RidgeCV,
    TweedieRegressor,
)
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick

QUICK = EmpiricalBayes("diagonal", max_iter=5)
NAMES = ["depth", "width", "age"]
rng = np.random.default_rng(0)
N_TASKS, N_ROWS = 6, 8
IDS = np.repeat(np.arange(N_TASKS), N_ROWS)
FEATURES = rng.normal(size=(len(IDS), 3))
COEF = rng.normal(size=(N_TASKS, 3)) + np.array([1.0, -1.0, 0.5])
y = (FEATURES * COEF[IDS]).sum(axis=1) + 0.3 * rng.normal(size=len(IDS))
X = np.column_stack([FEATURES, IDS])
LABELS = np.where(y > 0.5, "tall", "low")
FRAME = pd.DataFrame(FEATURES, columns=NAMES).assign(store=[f"s{i}" for i in IDS])


def regressor(estimator=None, **params):
    return WarmStartRegressor(Ridge() if estimator is None else estimator, learner=QUICK, **params)


def classifier(estimator=None, **params):
    return WarmStartClassifier(estimator or LogisticRegression(), learner=QUICK, **params)


def spoilt(array, value, row=3, column=1):
    copy = np.array(array, dtype=float)
    copy[(row, column) if copy.ndim == 2 else row] = value
    return copy


def with_ids(ids):
    return FRAME.assign(store=ids)


PRIOR = regressor(task=-1).fit(X, y).prior_
NAMED = regressor(task="store").fit(FRAME, y).prior_
LABELLED = classifier(task=-1).fit(X, LABELS).prior_
COUNTED = regressor(PoissonRegressor(), task=-1).fit(X, np.floor(np.abs(y))).prior_

# What is fitted, and the words that its error must have: (model, X, y, options of fit, error, words).
BAD_FITS = {
    # The task column
    "task missing": (regressor(task="shop"), FRAME, y, {}, ValueError, ["task='shop'", "'depth'", "'store'"]),
    "task misspelt": (regressor(task="stroe"), FRAME, y, {}, ValueError, ["'stroe'", "Did you mean 'store'"]),
    "task misspelt, polars": (
        regressor(task="stor"),
        pl.from_pandas(FRAME),
        y,
        {},
        ValueError,
        ["'stor'", "Did you mean 'store'"],
    ),
    "task out of range": (regressor(task=4), X, y, {}, ValueError, ["task=4", "4 columns"]),
    "task name without names": (
        regressor(task="store"),
        X,
        y,
        {},
        ValueError,
        ["'store'", "no column names"],
    ),
    "task no column": (regressor(task=1.5), X, y, {}, TypeError, ["task", "1.5"]),
    "task of one value": (
        regressor(task="store"),
        with_ids("s1"),
        y,
        {},
        ValueError,
        ["task", "at least two tasks", "'s1'", "task=None"],
    ),
    "NaN ids": (
        regressor(task=-1),
        spoilt(X, np.nan, column=3),
        y,
        {},
        ValueError,
        ["1 missing id", "row(s) 3"],
    ),
    "None ids": (
        regressor(task="store"),
        with_ids([None, None, *FRAME["store"][2:]]),
        y,
        {},
        ValueError,
        ["2 missing id", "row(s) 0, 1"],
    ),
    "mixed ids": (
        regressor(task="store"),
        with_ids([7, *FRAME["store"][1:]]),
        y,
        {},
        TypeError,
        ["one type"],
    ),
    # A prior from elsewhere
    "prior of other features": (
        regressor(prior=NAMED),
        FRAME[NAMES].rename(columns={"age": "year"}),
        y,
        {},
        ValueError,
        ["missing ['age'], unexpected ['year']"],
    ),
    "prior of other features, learning on": (
        regressor(prior=NAMED, task="store"),
        FRAME.rename(columns={"age": "year"}),
        y,
        {},
        ValueError,
        ["missing ['age'], unexpected ['year']"],
    ),
    "prior of more columns": (
        regressor(prior=PRIOR),
        FEATURES[:, :2],
        y,
        {},
        ValueError,
        ["X has 2 features", "expecting 3 features"],
    ),
    "prior of fewer columns": (
        regressor(prior=PRIOR),
        np.c_[FEATURES, y],
        y,
        {},
        ValueError,
        ["X has 4 features", "expecting 3 features"],
    ),
    "prior of more columns, by name": (
        regressor(prior=NAMED),
        FRAME[NAMES[:2]],
        y,
        {},
        ValueError,
        ["from: found missing ['age'].", "filled with NaN"],
    ),
    "prior of fewer columns, by name": (
        regressor(prior=NAMED),
        FRAME.drop(columns="store").assign(colour=0.0),
        y,
        {},
        ValueError,
        ["from: found unexpected ['colour']."],
    ),
    "task column left in": (regressor(prior=NAMED), FRAME, y, {}, ValueError, ["unexpected ['store']"]),
    "prior of counts": (
        regressor(prior=COUNTED),
        FEATURES,
        y,
        {},
        ValueError,
        ["prior", "gaussian targets", "poisson targets"],
    ),
    "prior of numbers for labels": (
        classifier(prior=PRIOR),
        FEATURES,
        LABELS,
        {},
        ValueError,
        ["prior", "binomial targets", "gaussian targets"],
    ),
    "prior of labels for numbers": (
        regressor(prior=LABELLED),
        FEATURES,
        y,
        {},
        ValueError,
        ["prior", "gaussian targets", "binomial targets"],
    ),
    "prior by hand without classes": (
        classifier(prior=GaussianPrior(np.zeros(3), 1.0)),
        FEATURES,
        LABELS,
        {},
        ValueError,
        ["classes"],
    ),
    "prior by hand of labels for numbers": (
        regressor(prior=GaussianPrior(np.zeros(3), 1.0, classes=["a", "b"])),
        FEATURES,
        y,
        {},
        ValueError,
        ["prior", "gaussian targets", "binomial targets"],
    ),
    "prior of one output": (
        regressor(prior=PRIOR),
        FEATURES,
        np.c_[y, y],
        {},
        ValueError,
        ["2 output", "found 1"],
    ),
    "prior of other classes": (
        classifier(prior=LABELLED),
        FEATURES,
        np.where(y > 0.5, "big", "small"),
        {},
        ValueError,
        ["['low', 'tall']", "new ['big', 'small']"],
    ),
    "labels of another type": (
        classifier(prior=LABELLED),
        FEATURES,
        (y > 0.5).astype(int),
        {},
        ValueError,
        ["['low', 'tall']", "new [0, 1]"],
    ),
    "new class while learning on": (
        classifier(prior=LABELLED, task=-1),
        X,
        np.r_[["mid"], LABELS[1:]],
        {},
        ValueError,
        ["new ['mid']"],
    ),
    # What is no prior
    "prior is an array": (
        regressor(prior=np.zeros(4)),
        FEATURES,
        y,
        {},
        TypeError,
        ["prior", "GaussianPrior", "ndarray"],
    ),
    "prior is a dict": (regressor(prior={"mean": [0.0]}), FEATURES, y, {}, TypeError, ["prior", "dict"]),
    "prior is a class": (
        regressor(prior=GaussianPrior),
        FEATURES,
        y,
        {},
        TypeError,
        ["prior", "GaussianPrior"],
    ),
    "prior is a model": (
        regressor(prior=regressor(task=-1).fit(X, y)),
        FEATURES,
        y,
        {},
        TypeError,
        ["prior", "give its prior_"],
    ),
    # The estimator
    "no penalty": (
        regressor(LinearRegression(), task=-1),
        X,
        y,
        {},
        TypeError,
        ["LinearRegression, which has no penalty", "use Ridge"],
    ),
    "no penalty, with a prior": (
        regressor(LinearRegression(), prior=PRIOR),
        FEATURES,
        y,
        {},
        TypeError,
        ["use Ridge"],
    ),
    "no penalty, in a pipeline": (
        regressor(make_pipeline(StandardScaler(), DecisionTreeRegressor()), task=-1),
        X,
        y,
        {},
        TypeError,
        ["DecisionTreeRegressor, which has no coefficients", "make_pipeline(SplineTransformer(), Ridge())"],
    ),
    "no penalty, classifier": (
        classifier(SVC(), task=-1),
        X,
        LABELS,
        {},
        TypeError,
        ["SVC, which has no coefficients", "make_pipeline(SplineTransformer(), LogisticRegression())"],
    ),
    "classifier in a regressor": (
        WarmStartRegressor(LogisticRegression()),
        FEATURES,
        y,
        {},
        TypeError,
        ["regressor", "classifier LogisticRegression"],
    ),
    "regressor in a classifier": (
        WarmStartClassifier(Ridge()),
        FEATURES,
        LABELS,
        {},
        TypeError,
        ["classifier", "regressor Ridge"],
    ),
    "a class": (WarmStartRegressor(Ridge), FEATURES, y, {}, TypeError, ["estimator", "Ridge()"]),
    "no estimator": (WarmStartRegressor(None), FEATURES, y, {}, TypeError, ["estimator", "None"]),
    "learner unknown": (
        WarmStartRegressor(Ridge(), task=-1, learner="best"),
        X,
        y,
        {},
        ValueError,
        ["learner", "'best'", "EmpiricalBayes"],
    ),
    "learner is a class": (
        WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes),
        X,
        y,
        {},
        TypeError,
        ["learner", "EmpiricalBayes()"],
    ),
    "learner is none": (
        WarmStartRegressor(Ridge(), task=-1, learner=Ridge()),
        X,
        y,
        {},
        TypeError,
        ["learner", "EmpiricalBayes"],
    ),
    "learner misused": (
        WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes("round")),
        X,
        y,
        {},
        ValueError,
        ["covariance", "'full'", "'round'"],
    ),
    # Features
    "NaN in some rows": (
        regressor(task=-1),
        spoilt(X, np.nan),
        y,
        {},
        ValueError,
        ["NaN in 1 of 8 rows of task", "column 1", "SimpleImputer"],
    ),
    "NaN in several columns": (
        regressor(task="store"),
        FRAME.mask(np.arange(48)[:, None] % 5 == [0, 1, 9, 9]),
        y,
        {},
        ValueError,
        ["NaN in 2 of 8 rows of task 's0', column 'depth'", "in column(s) 'depth', 'width'"],
    ),
    "NaN in a named column": (
        regressor(prior=NAMED),
        pd.DataFrame(spoilt(FEATURES, np.nan), columns=NAMES),
        y,
        {},
        ValueError,
        ["NaN in 1 of 48 rows", "'width'"],
    ),
    "a column nobody has": (
        regressor(task="store"),
        FRAME.assign(age=np.nan),
        y,
        {},
        ValueError,
        ["NaN in every row", "'age'"],
    ),
    "inf in X": (regressor(task=-1), spoilt(X, np.inf), y, {}, ValueError, ["X contains infinity in column(s) 1;"]),
    "inf in named columns": (
        regressor(task="store"),
        FRAME.assign(age=np.inf, depth=[-np.inf, np.nan] * 24),
        y,
        {},
        ValueError,
        ["X contains infinity in column(s) 'depth', 'age';"],
    ),
    "inf in sparse X": (
        regressor(task=-1),
        sparse.csr_array(spoilt(X, np.inf)),
        y,
        {},
        ValueError,
        ["X contains infinity in column(s) 1;"],
    ),
    "NaN in sparse X": (
        regressor(task=-1),
        sparse.csr_array(spoilt(X, np.nan)),
        y,
        {},
        ValueError,
        ["X contains NaN in column(s) 1"],
    ),
    "text in X": (
        regressor(task="store"),
        FRAME.assign(age="old"),
        y,
        {},
        ValueError,
        ["'age' (text such as 'old')", "make_column_transformer((OneHotEncoder(handle_unknown='ignore'), ['age'])"],
    ),
    "text and dates in X": (
        regressor(task="store"),
        FRAME.assign(town=pd.Categorical(["Rome", "Oslo"] * 24), day=pd.Timestamp("2024-01-30")),
        y,
        {},
        ValueError,
        ["'town' (text such as 'Rome'), 'day' (dates)", "['town']", "days since"],
    ),
    "text and dates in X, polars": (
        regressor(task="store"),
        pl.from_pandas(FRAME.assign(town=["Rome", None] * 24, day=pd.Timestamp("2024-01-30"))),
        y,
        {},
        ValueError,
        ["'town' (text such as 'Rome'), 'day' (dates)", "['town']", "days since"],
    ),
    "text in an array": (
        regressor(task=-1),
        FRAME.assign(width="wide").to_numpy(),
        y,
        {},
        ValueError,
        ["1 (text such as 'wide')", "make_column_transformer"],
    ),
    "dates alone": (
        regressor(task="store"),
        FRAME[["store"]].assign(day=pd.date_range("2024-01-01", periods=48)),
        y,
        {},
        ValueError,
        ["'day' (dates)", "make_column_transformer(('drop', ['day'])"],
    ),
    "text for a step that takes numbers": (
        regressor(make_pipeline(StandardScaler(), Ridge()), task="store"),
        FRAME.assign(age="old"),
        y,
        {},
        ValueError,
        ["could not convert", "'age' (text such as 'old')", "make_column_transformer"],
    ),
    "one row as a vector": (
        regressor(prior=PRIOR),
        FEATURES[0],
        y[:1],
        {},
        ValueError,
        ["Expected 2D array", "Reshape"],
    ),
    "no rows": (regressor(prior=PRIOR), FEATURES[:0], y[:0], {}, ValueError, ["0 sample(s)", "zero_shot"]),
    "no rows, with tasks": (regressor(task=-1), X[:0], y[:0], {}, ValueError, ["0 sample(s)", "rows of related tasks"]),
    "no rows, with steps": (
        regressor(make_pipeline(StandardScaler(), Ridge()), task=-1),
        X[:0],
        y[:0],
        {},
        ValueError,
        ["0 sample(s)"],
    ),
    # Targets
    "NaN in y": (
        regressor(task=-1),
        X,
        spoilt(y, np.nan),
        {},
        ValueError,
        ["y contains NaN in 1 of 48 rows, row(s) 3;"],
    ),
    "NaN in many rows of y": (
        regressor(task=-1),
        X,
        np.where(np.arange(48) % 5 == 2, np.nan, y),
        {},
        ValueError,
        ["y contains NaN in 10 of 48 rows, row(s) 2, 7, 12, 17, 22, ...;"],
    ),
    "dates in y": (regressor(task=-1), X, pd.date_range("2024", periods=48), {}, ValueError, ["y", "numbers", "dates"]),
    "inf in y": (
        regressor(prior=PRIOR),
        FEATURES,
        spoilt(y, np.inf),
        {},
        ValueError,
        ["y contains infinity in 1 of 48 rows, row(s) 3;"],
    ),
    "None in y": (regressor(task=-1), X, [None, *y[1:]], {}, ValueError, ["y", "NaN"]),
    "no y": (regressor(task=-1), X, None, {}, ValueError, ["y", "None"]),
    "labels for a regressor": (
        regressor(task=-1),
        X,
        LABELS,
        {},
        ValueError,
        ["y", "numbers for Ridge", "WarmStartClassifier"],
    ),
    "labels behind a transformer": (
        regressor(TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), task=-1),
        X,
        LABELS,
        {},
        ValueError,
        ["y", "numbers"],
    ),
    "numbers for a classifier": (
        classifier(task=-1),
        X,
        y,
        {},
        ValueError,
        ["y", "class labels", "continuous"],
    ),
    "NaN in labels": (
        classifier(task=-1),
        X,
        spoilt(y > 0, np.nan),
        {},
        ValueError,
        ["y", "NaN in 1 of 48 rows, row(s) 3"],
    ),
    "None in labels": (
        classifier(task=-1),
        X,
        [None, *LABELS[1:]],
        {},
        ValueError,
        ["y", "None in 1 of 48 rows, row(s) 0;", "one type"],
    ),
    "mixed labels": (
        classifier(task=-1),
        X,
        np.array([1, *LABELS[1:]], dtype=object),
        {},
        ValueError,
        ["y", "one type", "1"],
    ),
    "several columns of labels": (
        classifier(task=-1),
        X,
        np.c_[y > 0, y > 1],
        {},
        ValueError,
        ["y", "one column"],
    ),
    "one class in all": (
        classifier(task=-1),
        X,
        np.full(len(y), "low"),
        {},
        ValueError,
        ["one class", "'low'"],
    ),
    "negative counts": (
        regressor(PoissonRegressor(), task=-1),
        X,
        y,
        {},
        ValueError,
        ["y", "non-negative", "PoissonRegressor"],
    ),
    "zeros for gamma": (
        regressor(GammaRegressor(), task=-1),
        X,
        np.maximum(y, 0.0),
        {},
        ValueError,
        ["y", "positive", "GammaRegressor"],
    ),
    "negative for Tweedie": (
        regressor(TweedieRegressor(power=1.5), task=-1),
        X,
        y,
        {},
        ValueError,
        ["y", "non-negative", "TweedieRegressor"],
    ),
    "several outputs where there is one": (
        regressor(HuberRegressor(), task=-1),
        X,
        np.c_[y, y],
        {},
        ValueError,
        ["y", "one target for HuberRegressor", "2"],
    ),
    "y too short": (regressor(task=-1), X, y[1:], {}, ValueError, ["y", "48", "47"]),
    "y too short, with a prior": (regressor(prior=PRIOR), FEATURES, y[1:], {}, ValueError, ["y", "48", "47"]),
    "y too short, with steps": (
        regressor(make_pipeline(StandardScaler(), Ridge()), task=-1),
        X,
        y[1:],
        {},
        ValueError,
        ["48", "47"],
    ),
    # Weights
    "a negative weight": (
        regressor(task=-1),
        X,
        y,
        {"sample_weight": spoilt(np.ones(48), -2.0)},
        ValueError,
        ["sample_weight", "-2"],
    ),
    "no weight at all": (
        regressor(prior=PRIOR),
        FEATURES,
        y,
        {"sample_weight": np.zeros(48)},
        ValueError,
        ["sample_weight", "all zero"],
    ),
    "NaN weight": (
        regressor(task=-1),
        X,
        y,
        {"sample_weight": spoilt(np.ones(48), np.nan)},
        ValueError,
        ["sample_weight", "NaN"],
    ),
    "too few weights": (
        classifier(task=-1),
        X,
        LABELS,
        {"sample_weight": np.ones(47)},
        ValueError,
        ["sample_weight", "(48,)", "(47,)"],
    ),
    "a negative weight, with steps": (
        regressor(make_pipeline(StandardScaler(), Ridge()), task=-1),
        X,
        y,
        {"sample_weight": spoilt(np.ones(48), -2.0)},
        ValueError,
        ["sample_weight", "-2"],
    ),
}


def expect(error, words):
    return pytest.raises(error, match="(?s)" + "".join(f"(?=.*{re.escape(word)})" for word in words))


WAYS_OUT = [
    (RidgeCV(), ["chooses the strength of its penalty itself", "use Ridge and", "choose alpha (estimator__alpha)"]),
    (LassoCV(), ["use Lasso and let GridSearchCV choose alpha"]),
    (LogisticRegressionCV(), ["use LogisticRegression and let GridSearchCV choose C (estimator__C)"]),
    (RandomForestRegressor(), ["no coefficients", "RandomTreesEmbedding()"]),
    (HistGradientBoostingClassifier(), ["no coefficients", "make_pipeline(SplineTransformer(), LogisticRegression())"]),
    (SVR(), ["no coefficients", "Nystroem()"]),
    (LinearSVC(), ["a penalty that no prior can replace", "use LogisticRegression"]),
    (LinearRegression(), ["no penalty that a learned prior could act on", "use Ridge"]),
    (GridSearchCV(Ridge(), {}), ["around the warm-started model", "GridSearchCV(WarmStartRegressor(Ridge(), ...))"]),
]


@pytest.mark.parametrize(("estimator", "words"), WAYS_OUT, ids=lambda value: type(value).__name__)
def test_an_estimator_that_takes_no_prior_is_told_the_way_out(estimator, words):
    with expect(TypeError, ["estimator: wanted one of BayesianRidge, ", *words]):
        GaussianPrior(np.zeros(3), 1.0).adapt(estimator, FEATURES, LABELS if is_classifier(estimator) else y)


def test_grids_over_the_strength_are_the_way_out_that_works():
    search = GridSearchCV(regressor(prior=PRIOR), {"estimator__alpha": [0.1, 10.0]}).fit(FEATURES, y)
    assert search.best_params_["estimator__alpha"] in (0.1, 10.0)


@pytest.mark.parametrize(("model", "table", "target", "options", "error", "words"), BAD_FITS.values(), ids=BAD_FITS)
def test_one_clear_error_and_nothing_half_fitted(model, table, target, options, error, words):
    fresh = clone(model, safe=False)
    with expect(error, words) as caught:
        fresh.fit(table, target, **options)
    assert len(str(caught.value)) < 600
    assert not re.search(r"\bnp\.|array\(|Timestamp\(", str(caught.value))
    assert set(vars(fresh)) == set(fresh.get_params(deep=False))


@pytest.mark.parametrize("name", BAD_FITS)
def test_a_failed_refit_leaves_the_model_as_it_was(name):
    bad, table, target, options, error, _ = BAD_FITS[name]
    model = (regressor if isinstance(bad, WarmStartRegressor) else classifier)(task=-1)
    model.__dict__.update(vars(FITTED[type(bad)]))
    model.set_params(**bad.get_params(deep=False))
    before = pickle.dumps({key: value for key, value in vars(model).items() if key not in bad.get_params(deep=False)})
    with pytest.raises(error):
        model.fit(table, target, **options)
    after = {key: value for key, value in vars(model).items() if key not in bad.get_params(deep=False)}
    assert pickle.dumps(after) == before


FITTED = {
    WarmStartRegressor: regressor(task="store").fit(FRAME, y),
    WarmStartClassifier: classifier(task="store").fit(FRAME, LABELS),
}


@pytest.mark.parametrize("columns", [[*NAMES, 7], [*NAMES[:2], "width", "store"]], ids=["mixed names", "doubled name"])
def test_columns_that_have_no_proper_names(columns):
    table = pd.DataFrame(np.column_stack([FEATURES, IDS]), columns=columns)
    model = regressor(task=-1)
    with pytest.raises((TypeError, ValueError), match=r"[Ff]eature names|[Cc]olumn|duplicate|unique"):
        model.fit(table, y)
    assert not hasattr(model, "prior_")


# Adapting and predicting --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "target", "words"),
    [
        (FEATURES, np.where(y > 0, "tall", "vast"), ["new ['vast']", "['low', 'tall']"]),
        (FEATURES[:, :2], LABELS, ["2 features", "3 features"]),
        (spoilt(FEATURES, np.nan), LABELS, ["NaN in 1 of 48 rows"]),
        (spoilt(FEATURES, np.inf), LABELS, ["infinity"]),
        (FEATURES, LABELS[1:], ["48", "47"]),
    ],
)
def test_adapt_refuses_what_fit_refuses(table, target, words):
    model = FITTED[WarmStartClassifier]
    before = pickle.dumps(vars(model))
    named = pd.DataFrame(table, columns=NAMES[: table.shape[1]])
    with expect(ValueError, words):
        LABELLED.adapt(LogisticRegression(), table, target)
    with expect(ValueError, words if table.shape[1] == 3 else ["missing ['age']"]):
        model.adapt(named.assign(store="s9"), target)
    assert pickle.dumps(vars(model)) == before


@pytest.mark.parametrize("labels", [["low"], ["tall"], ["tall", "low"]], ids="+".join)
def test_a_task_may_lack_classes(labels):
    target = np.resize(labels, 6)
    plain = LABELLED.adapt(LogisticRegression(), FEATURES[:6], target)
    assert_array_equal(plain.classes_, ["low", "tall"])
    sure = plain.predict_proba(FEATURES[:6])[:, plain.classes_ == labels[0]]
    assert ((sure > 0) & (sure < 1)).all()
    learned = classifier(task=-1).fit(X, np.where(IDS == 2, "low", LABELS))
    assert_array_equal(learned.estimators_[2].classes_, ["low", "tall"])


def test_an_unlearned_model_cannot_adapt():
    with expect(ValueError, ["adapt", "task=None and prior=None", "task column"]):
        regressor().fit(FEATURES, y).adapt(FEATURES, y)


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (FRAME[NAMES], ValueError, ["'store'"]),
        (FRAME.rename(columns={"store": "shop"}), ValueError, ["'store'", "'shop'"]),
        (FRAME.drop(columns="age"), ValueError, ["age"]),
        (FRAME[[*NAMES[::-1], "store"]], ValueError, ["same order"]),
        (FRAME.assign(store=IDS), TypeError, ["task", "'s0'", "numbers and text"]),
        (with_ids([None, *FRAME["store"][1:]]), ValueError, ["missing id", "row(s) 0"]),
        (FRAME.assign(age=np.inf), ValueError, ["infinity in column(s) 'age'"]),
        (FRAME.assign(age=[np.nan, 1.0] * 24), ValueError, ["NaN in 4 of 8 rows of task 's0', column 'age'"]),
        (FRAME.assign(age="old"), ValueError, ["'age' (text such as 'old')"]),
        (FRAME[:0], ValueError, ["0 sample(s)"]),
    ],
    ids=[
        "no task",
        "misspelt",
        "column missing",
        "other order",
        "numbers as ids",
        "no id",
        "inf",
        "gaps",
        "text",
        "no rows",
    ],
)
def test_predict_refuses_what_it_cannot_read(table, error, words):
    model = FITTED[WarmStartRegressor]
    with expect(error, words):
        model.predict(table)


def test_numbers_and_text_never_match_in_silence():
    model = regressor(task=-1).fit(X, y)
    text = np.column_stack([FEATURES.astype(object), IDS.astype(str).astype(object)])
    with expect(TypeError, ["task", "text and numbers", "Convert"]):
        model.predict(text)
    assert_allclose(model.predict(X.astype(np.float32)), model.predict(X), rtol=1e-4)


def test_dates_are_ids():
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta(IDS, "D")
    model = regressor(task="store").fit(with_ids(days), y)
    assert list(model.estimators_) == list(model.borrowing_) == sorted(set(days.to_numpy()))
    for day in (days[9], days[9].to_pydatetime(), days.to_numpy()[9]):
        assert_array_equal(model.estimators_[day].coef_, model.coef_[IDS[9]])
    assert_allclose(model.predict(with_ids(days)), regressor(task=-1).fit(X, y).predict(X), rtol=1e-10)
    assert_allclose(model.predict(with_ids(days.as_unit("ns"))), model.predict(with_ids(days)))
    with expect(TypeError, ["task", "numbers and dates"]):
        model.predict(with_ids(IDS))


@pytest.mark.parametrize("name", ["prior__mean", "prior__covariance", "prior__strength"])
def test_a_prior_cannot_be_searched_into(name):
    model = regressor(prior=PRIOR)
    search = GridSearchCV(model, {name: [1.0, 2.0]})
    for attempt in (
        lambda: model.set_params(**{name: 1.0}),
        lambda: search.fit(FEATURES, y),
        lambda: make_pipeline(StandardScaler(), model).set_params(**{f"warmstartregressor__{name}": 1.0}),
        lambda: regressor().set_params(**{name: 1.0}),
    ):
        with expect(ValueError, [name, "frozen value", "'prior': [None, prior]", "estimator__alpha"]):
            attempt()
    assert not any(key.startswith("prior__") for key in model.get_params())
    assert model.prior is PRIOR


# Poor but legal data ------------------------------------------------------------------------------------


def test_one_row_is_legal():
    for estimator in (Ridge(), Lasso(), HuberRegressor()):
        plain = PRIOR.adapt(estimator, FEATURES[:1], y[:1])
        mean = PRIOR.zero_shot(Ridge()).predict(FEATURES[:1])
        assert np.abs(plain.predict(FEATURES[:1]) - y[:1]) <= np.abs(mean - y[:1]) + 1e-9
    assert np.isfinite(LABELLED.adapt(LogisticRegression(), FEATURES[:1], LABELS[:1]).coef_).all()
    one_each = regressor(task=-1).fit(X[::N_ROWS], y[::N_ROWS])
    assert np.isfinite(one_each.predict(X)).all()


@pytest.mark.parametrize(
    "columns",
    [
        np.c_[FEATURES, np.full(len(y), 7.0)],
        np.c_[FEATURES, FEATURES[:, 0]],
        np.c_[FEATURES, FEATURES @ [1.0, 2.0, 3.0]],
        np.c_[FEATURES, 1e8 * FEATURES[:, 1], 1e-8 * FEATURES[:, 2]],
        np.c_[FEATURES, IDS == 0],
        np.zeros((len(y), 2)),
        rng.normal(size=(len(y), 12)),
    ],
    ids=["constant", "doubled", "collinear", "scales apart", "constant in most tasks", "nothing", "d > n"],
)
@pytest.mark.parametrize("model", [regressor(task=-1), WarmStartRegressor(Ridge(), task=-1), classifier(task=-1)])
def test_poor_columns_are_legal(columns, model):
    table, target = np.c_[columns, IDS], LABELS if isinstance(model, WarmStartClassifier) else y
    model = clone(model).fit(table, target)
    assert np.isfinite(model.coef_).all()
    assert model.score(table, target) > 0 or not columns.any()
    plain = model.adapt(columns[:5], target[:5])
    assert np.isfinite(plain.coef_).all()


def test_a_constant_target_is_legal():
    model = regressor(task=-1).fit(X, np.full(len(y), 3.0))
    assert_allclose(model.predict(X), 3.0, atol=1e-6)


def test_rows_of_weight_zero_are_no_rows():
    by_hand = GaussianPrior([1.0, -1.0, 0.5], np.eye(3))
    some = np.where(IDS < 3, 0.0, 1.0)
    model = regressor(prior=by_hand).fit(FEATURES, y, sample_weight=some)
    assert_allclose(model.coef_, by_hand.adapt(Ridge(), FEATURES[IDS >= 3], y[IDS >= 3]).coef_, rtol=1e-10)
    left_out = np.where(IDS == 3, 0.0, 1.0)
    with pytest.warns(
        UserWarning, match=r"sample_weight: wanted a positive weight in every task, found none in 1 of 6"
    ):
        learned = regressor(task=-1).fit(X, y, sample_weight=left_out)
    without = regressor(task=-1).fit(X[IDS != 3], y[IDS != 3])
    assert 3 not in learned.estimators_
    assert_allclose(learned.predict(X), without.predict(X), rtol=1e-8)


@pytest.mark.parametrize("n_tasks", [2, 3])
def test_few_tasks_are_legal(n_tasks):
    some = n_tasks > IDS
    for covariance in ("auto", "full", "factor", "diagonal", "spherical"):
        model = WarmStartRegressor(Ridge(), task=-1, learner=EmpiricalBayes(covariance)).fit(X[some], y[some])
        assert model.score(X[some], y[some]) > 0.5


# The classical traps ------------------------------------------------------------------------------------


def test_trap_weights_are_not_swallowed():
    weight = np.where(y > 0, 50.0, 1.0)
    pipeline = make_pipeline(StandardScaler(), Ridge())
    for estimator in (Ridge(), Lasso(0.01), pipeline, TransformedTargetRegressor(Ridge())):
        for params in ({}, {"task": -1}, {"prior": PRIOR if estimator is not pipeline else None}):
            if params.get("prior") is not None and isinstance(estimator, TransformedTargetRegressor):
                continue
            table = X if params.get("task") else FEATURES
            model = regressor(estimator, **params)
            light, heavy = (
                model.fit(table, y).predict(table),
                model.fit(table, y, sample_weight=weight).predict(table),
            )
            assert (heavy - light).mean() > 1e-3


def test_trap_labels_are_not_positions():
    codes = np.where(LABELS == "tall", 9, 4)
    model = classifier(task=-1).fit(X, codes)
    assert set(model.predict(X)) == {4, 9}
    assert_array_equal(model.predict(X) == 9, classifier(task=-1).fit(X, LABELS).predict(X) == "tall")
    ids = np.array([700, -3, 12, 5, 99, 0])[IDS]
    shop = regressor(task=-1).fit(np.c_[FEATURES, ids], y)
    for task in np.unique(ids):
        own = ids == task
        assert_allclose(shop.estimators_[task].predict(FEATURES[own]), shop.predict(np.c_[FEATURES, ids][own]))
    index = rng.permutation(len(y))
    by_label = regressor(task="store").fit(FRAME.set_index(index), pd.Series(y, index=index[::-1]))
    assert_allclose(by_label.coef_, regressor(task="store").fit(FRAME, y).coef_)


def test_trap_no_step_sees_the_id_column():
    class Spy(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            assert list(X.columns) == NAMES
            return super().fit(X, y, sample_weight)

    model = regressor(make_pipeline(Spy(), Ridge()), task="store").fit(FRAME, y)
    model.predict(FRAME)
    assert model.estimators_["s1"].n_features_in_ == 3


def test_trap_history_does_not_grow_on_refit():
    model = regressor(task=-1, prior=PRIOR)
    sizes = [len(pickle.dumps(model.fit(X, y))) for _ in range(3)]
    assert len(set(sizes)) == 1 and model.prior_.n_tasks == 2 * N_TASKS and model.prior is PRIOR


def test_trap_state_is_not_lost_on_clone():
    model = clone(regressor(prior=PRIOR))
    assert model.prior is PRIOR
    assert_array_equal(model.fit(FEATURES, y).coef_, regressor(prior=PRIOR).fit(FEATURES, y).coef_)
    assert clone(model.fit(FEATURES, y)).fit(FEATURES, y).prior is PRIOR


def test_trap_a_batch_does_not_fall_back_for_one_new_task():
    model = FITTED[WarmStartRegressor]
    mixed = with_ids(["nowhere", *FRAME["store"][1:]])
    out = model.predict(mixed)
    assert_array_equal(out[1:], model.predict(FRAME)[1:])
    assert_allclose(out[0], model.prior_.zero_shot(Ridge()).predict(FRAME[NAMES][:1])[0])
    assert out[0] != model.predict(FRAME)[0]
