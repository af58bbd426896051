"""Tasks, priors, estimators and learners that cannot be: one clear error that names what was wanted and found."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from bad_input import (
    COUNTED,
    FEATURES,
    FRAME,
    IDS,
    LABELLED,
    LABELS,
    NAMED,
    NAMES,
    PRIOR,
    X,
    check_refit,
    check_refused,
    classifier,
    expect,
    regressor,
    spoilt,
    with_ids,
    y,
)
from sklearn.base import is_classifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.linear_model import LassoCV, LogisticRegression, LogisticRegressionCV, Ridge, RidgeCV, TheilSenRegressor
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeRegressor

from skmeta import EmpiricalBayes, GaussianPrior, StateSpace, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick

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
    "task column left in": (
        regressor(prior=NAMED),
        FRAME,
        y,
        {},
        ValueError,
        ["unexpected ['store']. (If 'store' says", "task='store'."],
    ),
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
        ["prior: wanted one learned with a regressor", "learned from classes; use WarmStartClassifier"],
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
        ["prior: wanted one learned with a regressor", "learned from classes; use WarmStartClassifier"],
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
        regressor(TheilSenRegressor(), task=-1),
        X,
        y,
        {},
        TypeError,
        ["TheilSenRegressor, which has no penalty", "use Ridge"],
    ),
    "no penalty, with a prior": (
        regressor(TheilSenRegressor(), prior=PRIOR),
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
}


@pytest.mark.parametrize("case", BAD_FITS.values(), ids=BAD_FITS)
def test_one_clear_error_and_nothing_half_fitted(case):
    check_refused(*case)


@pytest.mark.parametrize("case", BAD_FITS.values(), ids=BAD_FITS)
def test_a_failed_refit_leaves_the_model_as_it_was(case):
    check_refit(*case)


WAYS_OUT = [
    (RidgeCV(), ["chooses the strength of its penalty itself", "use Ridge and", "choose alpha (estimator__alpha)"]),
    (LassoCV(), ["use Lasso and let GridSearchCV choose alpha"]),
    (LogisticRegressionCV(), ["use LogisticRegression and let GridSearchCV choose C (estimator__C)"]),
    (RandomForestRegressor(), ["no coefficients", "RandomTreesEmbedding()"]),
    (HistGradientBoostingClassifier(), ["no coefficients", "make_pipeline(SplineTransformer(), LogisticRegression())"]),
    (SVR(), ["no coefficients", "Nystroem()"]),
    (LinearSVC(), ["a penalty that no prior can replace", "use LogisticRegression"]),
    (TheilSenRegressor(), ["no penalty that a learned prior could act on", "use Ridge"]),
    (GridSearchCV(Ridge(), {}), ["around the warm-started model", "GridSearchCV(WarmStartRegressor(Ridge(), ...))"]),
]


@pytest.mark.parametrize(("estimator", "words"), WAYS_OUT, ids=lambda value: type(value).__name__)
def test_an_estimator_that_takes_no_prior_is_told_the_way_out(estimator, words):
    with expect(TypeError, ["estimator: wanted one of BayesianRidge, ", *words]):
        GaussianPrior(np.zeros(3), 1.0).adapt(estimator, FEATURES, LABELS if is_classifier(estimator) else y)


def test_grids_over_the_strength_are_the_way_out_that_works():
    search = GridSearchCV(regressor(prior=PRIOR), {"estimator__alpha": [0.1, 10.0]}).fit(FEATURES, y)
    assert search.best_params_["estimator__alpha"] in (0.1, 10.0)


@pytest.mark.parametrize("columns", [[*NAMES, 7], [*NAMES[:2], "width", "store"]], ids=["mixed names", "doubled name"])
def test_columns_that_have_no_proper_names(columns):
    table = pd.DataFrame(np.column_stack([FEATURES, IDS]), columns=columns)
    model = regressor(task=-1)
    with pytest.raises((TypeError, ValueError), match=r"[Ff]eature names|[Cc]olumn|duplicate|unique"):
        model.fit(table, y)
    assert not hasattr(model, "prior_")


@pytest.mark.parametrize("learner", [StateSpace(), EmpiricalBayes(n_components=2)], ids=["drift", "kinds"])
def test_a_learner_without_tasks_says_that_it_learns_nothing(learner):
    X, y = np.eye(4), np.arange(4.0)
    with pytest.warns(UserWarning, match=rf"learner: wanted tasks for {type(learner).__name__} .*; pass task=") as told:
        model = WarmStartRegressor(Ridge(), learner=learner).fit(X, y)
    assert told[0].filename == __file__
    np.testing.assert_array_equal(model.predict(X), Ridge().fit(X, y).predict(X))
    WarmStartRegressor(Ridge(), learner=learner, prior=GaussianPrior(np.zeros(4), 1.0)).fit(X, y)
