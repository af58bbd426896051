"""Errors about columns behind steps name them as the user does, in every verb and whoever found them."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.compose import make_column_transformer
from sklearn.linear_model import Ridge
from sklearn.naive_bayes import CategoricalNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler
from sklearn.svm import SVR
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartClassifier, WarmStartRegressor
from skmeta.compose import first_component
from skmeta.datasets import make_related_regression
from skmeta.tasks import read_tasks

pytestmark = pytest.mark.quick

N_TASKS, N_ROWS = 4, 8


def one_hot(**options):
    return OneHotEncoder(handle_unknown="ignore", **options)


STEPS = {
    "none": lambda: "passthrough",
    "of one column each": lambda: make_column_transformer((one_hot(), ["city"]), remainder="passthrough"),
    "that make a sparse matrix": lambda: make_column_transformer(
        (one_hot(), ["city"]), remainder="passthrough", sparse_threshold=1.0
    ),
    "that make a frame": lambda: make_column_transformer(
        (one_hot(sparse_output=False), ["city"]), remainder="passthrough"
    ).set_output(transform="pandas"),
    "of other steps": lambda: make_pipeline(
        make_column_transformer((one_hot(), ["city"]), remainder="passthrough"), StandardScaler(), "passthrough"
    ),
    "beside each other": lambda: make_column_transformer(
        (make_union("passthrough", PolynomialFeatures(1)), ["size", "price"]), remainder="drop"
    ),
    "without names": lambda: make_column_transformer(
        (one_hot(), ["city"]), (FunctionTransformer(np.negative), ["price"]), remainder="passthrough"
    ),
}
BAD = {"NaN": np.nan, "infinity": np.inf, "text": "dear"}


def make_table(seed=0):
    rng = np.random.default_rng(seed)
    n = N_TASKS * N_ROWS
    frame = pd.DataFrame({
        "store": np.repeat([f"s{k}" for k in range(N_TASKS)], N_ROWS),
        "city": rng.choice(["Oslo", "Rome"], n),
        "size": rng.normal(size=n),
        "price": rng.normal(size=n),
    })  # fmt: skip
    return frame, rng.normal(size=n)


def spoilt(frame, bad):
    worse = frame.astype({"price": object}) if bad == "text" else frame
    return worse.assign(price=worse["price"].where(np.arange(len(frame)) != 3, BAD[bad]))


def told(error):
    """Message and notes of an error, as a traceback prints them."""
    return "\n".join([str(error.value), *getattr(error.value, "__notes__", ())])


def verbs(model, frame, y):
    """What may meet a bad cell: a fit, and a fitted model's verbs."""
    new, rows = frame.drop(columns="store"), slice(0, N_ROWS)
    return {
        "fit": lambda: model().fit(frame, y),
        "predict": lambda: FITTED[model].predict(frame),
        "adapt": lambda: FITTED[model].adapt(new[rows], y[rows]),
        "adapt several": lambda: FITTED[model].adapt(frame, y),
        "prior.adapt": lambda: FITTED[model].prior_.adapt(model().estimator, new[rows], y[rows]),
        "adapt_tasks": lambda: FITTED[model].prior_.adapt_tasks(
            model().estimator, read_tasks(frame, y, task="store")
        ),
        "fit from a prior": lambda: model().set_params(task=None, prior=FITTED[model].prior_).fit(new[rows], y[rows]),
    }  # fmt: skip


class Fitted(dict):
    """Models fitted to a table that is right, each when it is first asked for."""

    def __missing__(self, model):
        return self.setdefault(model, model().fit(*make_table()))


FITTED = Fitted()


def warm(steps, estimator):
    def make():
        return WarmStartRegressor(make_pipeline(STEPS[steps](), estimator), task="store")

    return make


RIDGES = {steps: warm(steps, Ridge()) for steps in STEPS if steps != "none"}


@pytest.mark.parametrize("bad", BAD)
@varied("steps", RIDGES, keep=2)
def test_a_column_behind_steps_is_named_as_the_user_wrote_it(steps, bad):
    frame, y = make_table()
    for name, verb in verbs(RIDGES[steps], spoilt(frame, bad), y).items():
        with pytest.raises((TypeError, ValueError)) as error:
            verb()
        words = told(error)
        assert "'price'" in words or "functiontransformer of price" in words, (name, words)
        assert "'size'" not in words and "column 2" not in words and "column(s) 2" not in words, (name, words)


NEIGHBORS = {steps: warm(steps, KNeighborsRegressor(2)) for steps in ("of one column each", "that make a frame")}


@pytest.mark.parametrize("steps", NEIGHBORS)
@pytest.mark.parametrize("bad", BAD)
def test_an_error_of_a_model_itself_is_told_the_columns(steps, bad):
    frame, y = make_table()
    with pytest.raises((TypeError, ValueError)) as error:
        NEIGHBORS[steps]().fit(spoilt(frame, bad), y)
    assert "Columns of X that hold" in told(error) and "'price'" in told(error)


@pytest.mark.parametrize("estimator", [KNeighborsRegressor(2), SVR()], ids=str)
def test_names_are_told_without_steps(estimator):
    frame, y = make_table()
    with pytest.raises(ValueError, match="contains NaN") as error:
        WarmStartRegressor(estimator, task="store").fit(spoilt(frame, "NaN").drop(columns="city"), y)
    assert error.value.__notes__[-1] == "Columns of X that hold NaN: 'price'."


@pytest.mark.parametrize("dtype", ["boolean", "Int64", "Float64"])
def test_gaps_of_nullable_types_are_told(dtype):
    frame, y = make_table()
    gappy = pd.array([None if k == 3 else k % 2 for k in range(len(frame))], dtype=dtype)
    with pytest.raises((TypeError, ValueError)) as error:
        WarmStartRegressor(SVR(), task="store").fit(frame[["store", "size"]].assign(price=gappy), y)
    assert error.value.__notes__[-1] == "Columns of X that hold NaN: 'price'."


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize("verb", ["fit", "predict"])
def test_a_step_that_cannot_read_a_column_names_it(verb, bad):
    frame, y = make_table()
    numbers = frame.drop(columns="city")
    worse = spoilt(numbers, bad)
    model = WarmStartRegressor(make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()), task="store")
    with pytest.raises((TypeError, ValueError)) as error:
        model.fit(worse, y) if verb == "fit" else model.fit(numbers, y).predict(worse)
    assert "Columns of X that hold" in told(error) and "'price'" in told(error) and "'size'" not in told(error)


@varied("task", [0, -1, 1, 2], keep=2)
@pytest.mark.parametrize("steps", [(), (StandardScaler(),)], ids=str)
def test_positions_are_those_of_the_users_own_array(task, steps):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(32, 4)), rng.normal(size=32)
    X[:, task] = np.repeat(np.arange(4), 8)
    for bad in set(range(4)) - {task % 4}:
        worse = X.copy()
        worse[3, bad] = np.nan
        model = WarmStartRegressor(make_pipeline(*steps, Ridge()), task=task)
        for verb in (lambda: model.fit(worse, y), lambda: model.fit(X, y).predict(worse)):  # noqa: B023 - called at once
            with pytest.raises(ValueError, match=rf"in 1 of 8 rows of task 0.0, column {bad};"):
                verb()


@pytest.mark.parametrize("task", [0, 2, -1])
@pytest.mark.parametrize("as_frame", [True, False])
def test_the_way_out_for_text_works_as_it_is_written(task, as_frame):
    frame, y = make_table()
    X = frame[["city", "size", "price"]].astype(object)
    X.insert(task % 4, "store", frame["store"])
    model = WarmStartRegressor(Ridge(), task="store" if as_frame else task)
    with pytest.raises(ValueError, match="Make numbers of them in a step before the model") as error:
        model.fit(X if as_frame else X.to_numpy(), y)
    written = str(error.value).split("before the model: ")[1].removesuffix(".")
    label = "city" if as_frame else X.columns.get_loc("city")
    assert f"found column(s) {label!r} (text such as " in str(error.value)
    model.set_params(estimator=eval(written)).fit(X if as_frame else X.to_numpy(), y)


def test_sums_of_an_array_count_its_own_columns():
    X = np.column_stack([np.repeat([0.0, 1.0], 4), np.ones(8), np.arange(8.0)])
    X[3, 2] = np.nan
    with pytest.raises(ValueError, match=r"in 1 of 4 rows of task 0\.0, column 2;"):
        SufficientStatistics.from_table(X, np.arange(8.0), task=0)


@pytest.mark.filterwarnings("ignore:context. wanted columns that the prior reads")
def test_context_columns_are_counted_too():
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(8.0), 8)
    X, y = np.column_stack([task**2, task, rng.normal(size=(64, 2))]), rng.normal(size=64)
    worse = X.copy()
    worse[3, 3] = np.nan
    model = WarmStartRegressor(Ridge(), task=1, context=[0])
    for verb in (lambda: model.fit(worse, y), lambda: model.fit(X, y).predict(worse)):
        with pytest.raises(ValueError, match="column 3;"):
            verb()


def test_a_family_of_its_own_names_columns_too():
    rng = np.random.default_rng(0)
    X, y = pd.DataFrame(rng.integers(0, 3, (64, 2)), columns=["colour", "shape"]), rng.integers(0, 2, 64)
    prior = WarmStartClassifier(CategoricalNB(), task="store").fit(X.assign(store=np.repeat(range(4), 16)), y).prior_
    worse = X[:16].assign(shape=9)
    for verb in (
        lambda: prior.adapt(CategoricalNB(), worse, y[:16]),
        lambda: WarmStartClassifier(CategoricalNB(), prior=prior).fit(worse, y[:16]),
    ):
        with pytest.raises(ValueError, match="wanted categories below 3 in column 'shape'"):
            verb()


def test_what_was_learned_is_named_too():
    model = FITTED[RIDGES["of one column each"]]
    expected = ["onehotencoder__city_Oslo", "onehotencoder__city_Rome", "size", "price", "intercept"]
    assert model.prior_.to_frame()["feature"].tolist() == expected
    frame, y = make_table()
    X = frame[["size", "price"]].to_numpy()
    prior = WarmStartRegressor(
        make_pipeline(StandardScaler(), PolynomialFeatures(2, include_bias=False), Ridge()), task=-1
    )
    found = (
        prior.fit(np.column_stack([X, frame["store"].str[1:].astype(float)]), y).prior_.to_frame()["feature"].tolist()
    )
    assert found == ["x0", "x1", "x0^2", "x0 x1", "x1^2", "intercept"]


def test_columns_that_vary_are_named_as_the_user_does_or_as_the_steps_do():
    frame, y = make_table()

    def covariance(name):
        model = RIDGES["of one column each"]().set_params(learner=EmpiricalBayes(varying=[name]))
        return np.asarray(first_component(model.fit(frame, y).prior_.prior).covariance)

    assert np.array_equal(covariance("price"), covariance(3))
    assert np.array_equal(covariance("onehotencoder__city_Oslo"), covariance(0))
    with pytest.raises(ValueError, match="'cost'"):
        covariance("cost")


@pytest.mark.parametrize("kind", [sparse.coo_matrix, sparse.coo_array, sparse.csr_matrix, sparse.dok_array])
def test_steps_may_make_sparse_tables_of_every_kind(kind):
    """Those of coordinates cannot be cut."""
    X, y, _ = make_related_regression(n_tasks=6, n_samples=5, n_features=2, random_state=0)
    step = FunctionTransformer(lambda Z: kind(np.asarray(Z)))
    model = WarmStartRegressor(make_pipeline(step, Ridge()), task=-1).fit(X, y)
    plain = WarmStartRegressor(make_pipeline(FunctionTransformer(sparse.csr_matrix), Ridge()), task=-1).fit(X, y)
    assert_array_equal(model.predict(X), plain.predict(X))
