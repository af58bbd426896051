"""What is known of a task is of the type that was learned, one value a name, whoever is asked: predict, given or adapt."""

import datetime

import numpy as np
import pytest
from described import CONTEXT, make_stores
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, WarmStartRegressor
from skmeta.linear_model import StateSpace

pytestmark = pytest.mark.quick
pd = pytest.importorskip("pandas")

ZONE = datetime.timezone(datetime.timedelta(hours=2))


def drifting(zone=None):
    """Rows of forty days whose slope walks."""
    rng = np.random.default_rng(0)
    day, x = np.repeat(np.arange(40), 5), rng.normal(size=200)
    y = x * np.cumsum(rng.normal(size=40))[day] + 0.1 * rng.normal(size=200)
    date = (pd.to_datetime("2024-01-01") + pd.to_timedelta(day, unit="D")).tz_localize(zone)
    return pd.DataFrame({"x": x, "date": date}), y


def nested(seed=0):
    """Rows of stores in regions, ids being numbers."""
    rng = np.random.default_rng(seed)
    region, store, x = np.repeat(np.arange(6), 20), np.repeat(np.arange(24), 5), rng.normal(size=120)
    y = x + rng.normal(size=6)[region] + rng.normal(size=24)[store]
    return pd.DataFrame({"region": region, "store": store, "x": x}), y


@pytest.fixture(scope="module", params=[None, "UTC"], ids=["naive", "zoned"])
def of_days(request):
    X, y = drifting(request.param)
    return WarmStartRegressor(Ridge(), task="date", learner=StateSpace(max_iter=3)).fit(X, y), request.param


def test_dates_of_which_some_have_a_time_zone_are_refused_alike(of_days):
    model, zone = of_days
    X, y = drifting("UTC" if zone is None else None)
    new = X.iloc[:5].assign(date=X.date.iloc[0] + pd.Timedelta(days=60))
    asked = [
        lambda: model.predict(new),
        lambda: model.prior_.given(date=new.date.iloc[0]),
        lambda: model.adapt(new, y[:5]),
        lambda: WarmStartRegressor(Ridge(), task="date", learner=StateSpace(), prior=model.prior_).fit(new, y[:5]),
    ]
    for ask in asked:
        with pytest.raises((TypeError, ValueError), match="time zone") as told:
            ask()
        assert "text" not in str(told.value)


def test_dates_of_another_time_zone_are_the_same_instants():
    X, y = drifting("UTC")
    model = WarmStartRegressor(Ridge(), task="date", learner=StateSpace(max_iter=3)).fit(X, y)
    elsewhere = X.assign(date=X.date.dt.tz_convert(ZONE))
    np.testing.assert_array_equal(model.predict(elsewhere), model.predict(X))
    prior, date = model.prior_, pd.Timestamp("2024-03-01", tz="UTC")
    one, other = (prior.given(date=own).components[0].mean for own in (date, date.tz_convert(ZONE)))
    np.testing.assert_array_equal(one, other)
    assert any("half-life" in said and said.endswith("days") for said in prior.in_words)


def test_a_column_with_time_zones_in_some_rows_is_refused():
    (X, y), (zoned, _) = drifting(), drifting("UTC")
    both = X.assign(date=[*X.date[:100], *zoned.date[100:]])
    with pytest.raises(TypeError, match="wanted dates with a time zone or without, found both"):
        WarmStartRegressor(Ridge(), task="date", learner=StateSpace()).fit(both, y)


@pytest.mark.parametrize("crossed", [False, True])
def test_ids_of_another_type_are_refused_by_given_as_by_predict(crossed):
    X, y = nested()
    X = X.assign(store=X.index % 5) if crossed else X
    model = WarmStartRegressor(Ridge(), task=["region", "store"], learner=EmpiricalBayes(crossed=crossed)).fit(X, y)
    with pytest.raises(TypeError, match="text and numbers never match"):
        model.predict(X.assign(region=X.region.map(str)))
    with pytest.raises(TypeError, match="text and numbers never match"):
        model.prior_.given(region="3")
    assert model.prior_.given(region=np.int64(3)) is not None
    assert model.prior_.given(region=None) is not None


@pytest.fixture(scope="module")
def described():
    X, y, _ = make_stores()
    return WarmStartRegressor(Ridge(), task="store", context=CONTEXT).fit(X, y).prior_


@pytest.mark.parametrize("value", [[1.0, 2.0], np.array([1.0, 2.0]), (1.0,), {"a": 1.0}])
def test_given_wants_one_value_of_each_name(described, value):
    with pytest.raises(TypeError, match=r"^given: wanted one value of each name, found .* as size"):
        described.given(size=value)


def test_of_new_tasks_that_are_described_nothing_is_said():
    X, y, _ = make_stores()
    model = WarmStartRegressor(Ridge(), task="store", context=CONTEXT).fit(X, y)
    new, _, _ = make_stores(n_stores=5, first=100)
    assert np.isfinite(model.predict(new)).all()  # a warning is an error
    bare = WarmStartRegressor(Ridge(), task="store").fit(X[["x0", "x1", "store"]], y)
    with pytest.warns(UserWarning, match="none of 5"):
        bare.predict(new[["x0", "x1", "store"]])


@pytest.mark.parametrize("gone", [["size"], ["city"], CONTEXT])
def test_a_missing_descriptor_can_be_left_open(gone):
    X, y, _ = make_stores()
    model = WarmStartRegressor(Ridge(), task="store", context=CONTEXT).fit(X, y)
    way_out = ", ".join(f"{name}=np.nan" for name in gone)
    with pytest.raises(ValueError) as told:
        model.predict(X.drop(columns=gone))
    assert f"X.assign({way_out})[model.feature_names_in_]" in str(told.value)
    new, _, _ = make_stores(n_stores=5, first=100)
    assert np.isfinite(model.predict(new.assign(**dict.fromkeys(gone, np.nan))[model.feature_names_in_])).all()


def test_descriptors_that_tell_no_task_from_another_are_named_once():
    X, y, _ = make_stores()
    with pytest.warns(UserWarning, match="context: wanted columns that differ") as said:
        WarmStartRegressor(Ridge(), task="store", context=CONTEXT).fit(X.assign(size=1.0, city=None), y)
    assert len(said) == 1
    assert "'size' the same in all (1.0), 'city' missing in all" in str(said[0].message)


def test_the_id_of_an_inner_level_is_no_path():
    X, y = nested()
    model = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, y)
    for wrong in (5, "R1-S1", (1,)):
        with pytest.raises(KeyError, match=r"ids of nested tasks are paths, \('region', 'store'\), such as \(0, 0\)"):
            model.estimators_[wrong]
    with pytest.raises(KeyError, match=r"no task .1, 99. among the 24"):
        model.estimators_[1, 99]
    assert model.estimators_[1, 5].n_features_in_ == 1
