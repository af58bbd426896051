"""Adapting to what cannot be, predicting it and searching into it: one clear error, and the model stays as it was."""

import pickle

import numpy as np
import pandas as pd
import pytest
from bad_input import (
    FEATURES,
    FITTED,
    FRAME,
    IDS,
    LABELLED,
    LABELS,
    NAMES,
    PRIOR,
    X,
    classifier,
    expect,
    regressor,
    spoilt,
    with_ids,
    y,
)
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick


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


@pytest.mark.parametrize("ask", [lambda e: PRIOR.adapt(e, FEATURES, y), PRIOR.zero_shot])
@pytest.mark.parametrize("estimator", [Ridge, None, "ridge"])
def test_a_prior_adapts_estimators(ask, estimator):
    with expect(TypeError, ["estimator: wanted an estimator such as Ridge()", "an instance"]):
        ask(estimator)


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
