"""Tasks whose ids are dates and which drift are told what follows drift; others are not bothered."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from variations import varied

from skmeta import EmpiricalBayes, StateSpace, WarmStartClassifier, WarmStartRegressor

pytestmark = pytest.mark.quick
pd = pytest.importorskip("pandas")

QUICK = EmpiricalBayes("diagonal", max_iter=5)
DRIFTS = (
    r"tasks in order of date are more alike than chance \(r = 0.\d+, p < 0.001\): learner=StateSpace\(\) follows drift"
)


def days(drifts=True, n_days=40, n_rows=6):
    rng = np.random.default_rng(0)
    own, day = rng.normal(size=n_days), np.repeat(np.arange(n_days), n_rows)
    level = np.cumsum(own) if drifts else own
    X = pd.DataFrame(
        {"x": rng.normal(size=len(day)), "date": pd.Timestamp("2024-01-30") + pd.to_timedelta(day, unit="D")}
    )
    return X, 0.5 * X["x"] + level[day] + 0.3 * rng.normal(size=len(day))


@pytest.mark.parametrize(
    "estimator", [Ridge(), make_pipeline(StandardScaler(), Ridge()), LogisticRegression()], ids=str
)
def test_days_that_drift_warn(estimator):
    X, y = days()
    labels = isinstance(estimator, LogisticRegression)
    shell = WarmStartClassifier if labels else WarmStartRegressor
    with pytest.warns(UserWarning, match=DRIFTS):
        shell(estimator, task="date", learner=QUICK).fit(X, y > y.median() if labels else y)


@varied(
    ("ids", "estimator", "learner"),
    [
        (lambda X: X["date"], Ridge(), StateSpace()),
        (lambda X: X["date"], KNeighborsRegressor(), "auto"),  # which has no way to follow it
        (lambda X: X["date"].dt.day_of_year, Ridge(), QUICK),  # numbers: the report tells
        (lambda X: X["date"].astype(str), Ridge(), QUICK),
    ],
    ids=["a learner that follows it", "another family", "numbers", "text"],
    keep=3,
)
def test_who_follows_drift_or_cannot_is_not_warned(ids, estimator, learner):
    X, y = days()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WarmStartRegressor(estimator, task="date", learner=learner).fit(X.assign(date=ids(X)), y)


def test_exchangeable_days_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        WarmStartRegressor(Ridge(), task="date", learner=QUICK).fit(*days(drifts=False))
