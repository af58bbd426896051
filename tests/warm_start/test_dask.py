"""Models of frames of dask, an extra: `pytest -m dask`, with `skmeta[dask]` installed."""

import pickle
from functools import cache

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, PolynomialFeatures, StandardScaler

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartClusterer, WarmStartRegressor, learn_prior
from skmeta.datasets import make_related_regression
from skmeta.linear_model import StateSpace
from skmeta.tasks import _partitioned_tasks

pytestmark = pytest.mark.dask


@pytest.fixture(autouse=True)
def in_this_thread():
    dask = pytest.importorskip("dask")
    pytest.importorskip("dask.dataframe")
    with dask.config.set(scheduler="synchronous"):
        yield


@cache
def table(n_tasks=30, kind="numbers"):
    """Columns a, b and city, the task column store, the target y; rows in random order, so that tasks straddle partitions."""
    X, y, _ = make_related_regression(n_tasks=n_tasks, n_samples=12, n_features=2, random_state=0)
    y = {"numbers": y, "labels": np.where(y > np.median(y), "yes", "no"), "counts": np.round(np.abs(y))}[kind]
    city = np.array(["Bern", "Oslo", "Rome"])[np.arange(len(y)) % 3]
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1] + 5.0, "city": city, "y": y})
    frame["store"] = [f"s{code:.0f}" for code in X[:, -1]]
    return frame.sample(frac=1, random_state=0).reset_index(drop=True)


def split(frame, *, city=False):
    return frame[["a", "b", *(["city"] if city else []), "store"]], frame["y"]


def parted(frame, n_parts=4):
    import dask.dataframe as dd

    return dd.from_pandas(frame, npartitions=n_parts)


def fitted(estimator, *, city=False, kind="numbers", n_parts=4, **options):
    """The same model fitted to a frame in memory and to one in partitions."""
    shell = WarmStartClassifier if kind == "labels" else WarmStartRegressor
    model, frame = shell(estimator, task="store", **options), table(kind=kind)
    return clone(model).fit(*split(frame, city=city)), model.fit(*split(parted(frame, n_parts), city=city))


def assert_same_prior(found, expected, rtol=1e-8):
    found, expected = (getattr(prior, "prior", prior) for prior in (found, expected))
    for one, other in zip(found.components, expected.components, strict=True):
        assert_allclose(one.expected(), other.expected(), rtol=rtol, atol=rtol)
    assert_allclose(found.components[0].covariance, expected.components[0].covariance, rtol=rtol, atol=rtol)
    assert_allclose(found.weights, expected.weights, rtol=rtol, atol=rtol)


ESTIMATORS = {
    "alone": (Ridge(), "numbers"),
    "scaled": (make_pipeline(StandardScaler(), Ridge()), "numbers"),
    "two steps in turn": (make_pipeline(MinMaxScaler(), StandardScaler(), Ridge()), "numbers"),
    "on a sample": (make_pipeline(StandardScaler(), PolynomialFeatures(2), Ridge()), "numbers"),
    "nothing": (make_pipeline("passthrough", Ridge()), "numbers"),
    "target": (TransformedTargetRegressor(Ridge(), transformer=StandardScaler()), "numbers"),
    "labels": (make_pipeline(StandardScaler(), LogisticRegression()), "labels"),
    "counts": (PoissonRegressor(), "counts"),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_a_frame_in_partitions_teaches_what_one_in_memory_teaches(name):
    estimator, kind = ESTIMATORS[name]
    expected, found = fitted(estimator, kind=kind)
    assert_same_prior(found.prior_, expected.prior_)
    X, _ = split(table(kind=kind))
    X = X.assign(store=X["store"].where(X["store"] != "s3", "new"))
    assert_array_equal(found.feature_names_in_, expected.feature_names_in_)
    if kind == "labels":
        assert_array_equal(found.classes_, expected.classes_)
        assert_allclose(found.predict_proba(X), expected.predict_proba(X), rtol=1e-8)
    assert_predictions(found.predict(X), expected.predict(X))


def assert_predictions(found, expected):
    if expected.dtype.kind == "f":
        assert_allclose(found, expected, rtol=1e-8, atol=1e-9)
    else:
        assert_array_equal(found, expected)


def test_beyond_the_tasks_that_are_brought_together_it_is_the_same(monkeypatch):
    for module in ("_learning_without_rows", "_law_learning", "_learn_in_parts"):
        monkeypatch.setattr(f"skmeta.linear_model.{module}.MANY", 10)
    expected, found = fitted(make_pipeline(StandardScaler(), Ridge()))
    assert_same_prior(found.prior_, expected.prior_)


def test_tasks_run_twice_give_the_same_answer(monkeypatch):
    """What a lost worker held is computed again: here all is, from the same inputs."""
    import dask
    from dask.local import SynchronousExecutor, get_async

    class Twice(SynchronousExecutor):
        def submit(self, fn, *args, **kwargs):
            super().submit(fn, *args, **kwargs).result()
            return super().submit(fn, *args, **kwargs)

    def scheduler(graph, keys, **options):
        return get_async(Twice().submit, 1, graph, keys, **options)

    for module in ("_learning_without_rows", "_law_learning", "_learn_in_parts"):
        monkeypatch.setattr(f"skmeta.linear_model.{module}.MANY", 10)
    expected = fitted(make_pipeline(StandardScaler(), Ridge()))[1]
    with dask.config.set(scheduler=scheduler):
        found = fitted(make_pipeline(StandardScaler(), Ridge()))[1]
    assert_same_prior(found.prior_, expected.prior_, rtol=1e-14)


@pytest.mark.parametrize("method", ["predict", "predict_proba"])
def test_predictions_of_a_frame_in_partitions_are_those_of_its_rows(method):
    expected, found = fitted(LogisticRegression(), kind="labels")
    X, _ = split(table(kind="labels"))
    X = X.assign(store=X["store"].where(X["store"] != "s3", "new"))[X["store"] != "s5"].sort_index()
    for model in (expected, found):
        answer = getattr(model, method)(parted(X, 3))
        assert answer.npartitions == 3
        answer = answer.compute()
        assert_array_equal(answer.index, X.index)
        assert_predictions(answer.to_numpy(), getattr(expected, method)(X))


def test_known_tasks_have_models_of_their_own_when_they_are_asked_for():
    expected, found = fitted(make_pipeline(StandardScaler(), Ridge()))
    assert list(found.estimators_) == list(expected.estimators_)
    X, y = (part.head(5) for part in split(table()))
    features = X[["a", "b"]]
    assert_allclose(found.estimators_["s7"].predict(features), expected.estimators_["s7"].predict(features), rtol=1e-9)
    assert_allclose(
        found.adapt(features, y).predict(features), expected.adapt(features, y).predict(features), rtol=1e-9
    )
    assert list(found.estimators_.labels_of("s7")) == []
    _, classifier = fitted(LogisticRegression(), kind="labels")
    own = table(kind="labels").query("store == 's7'")
    assert_array_equal(classifier.estimators_.labels_of("s7"), np.unique(own["y"]))
    for name, way_out in (("coef_", r"estimators_\[id\]\.coef_"), ("borrowing_", "prior=model.prior_")):
        with pytest.raises(AttributeError, match=f"{name}: wanted tasks in memory, .*{way_out}"):
            getattr(found, name)
    assert_allclose(pickle.loads(pickle.dumps(found)).predict(X), found.predict(X), rtol=1e-12)


def test_learning_goes_on_from_a_prior():
    past = fitted(make_pipeline(StandardScaler(), Ridge()))[0].prior_
    expected, found = fitted(make_pipeline(StandardScaler(), Ridge()), prior=past)
    assert_same_prior(found.prior_, expected.prior_)
    assert found.prior_.n_tasks == 60


def test_steps_without_partial_fit_see_whole_tasks_whatever_the_partitions(monkeypatch):
    monkeypatch.setattr(_partitioned_tasks, "SAMPLE_ROWS", 60)
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder=StandardScaler())
    steps = [
        fitted(make_pipeline(encode, Ridge()), city=True, n_parts=n)[1].prior_.steps.steps[0][1] for n in (1, 3, 5)
    ]
    means = [step.named_transformers_["remainder"].mean_ for step in steps]
    assert not np.allclose(means[0], table()[["a", "b"]].mean())
    assert_allclose(means[1:], [means[0]] * 2, rtol=1e-12)


def test_weights_are_those_of_the_rows():
    frame = table().assign(weight=np.random.default_rng(0).uniform(0.5, 2.0, len(table())))
    model, there = WarmStartRegressor(Ridge(), task="store"), parted(frame)
    expected = clone(model).fit(*split(frame), sample_weight=frame["weight"])
    found = model.fit(*split(there), sample_weight=there["weight"])
    assert_same_prior(found.prior_, expected.prior_)
    assert_allclose(found.predict(split(frame)[0]), expected.predict(split(frame)[0]), rtol=1e-9)


def test_two_targets_are_learned_together():
    frame = table().assign(z=lambda own: own["y"] - own["a"])
    X, there = split(frame)[0], parted(frame)
    expected = WarmStartRegressor(Ridge(), task="store").fit(X, frame[["y", "z"]])
    found = WarmStartRegressor(Ridge(), task="store").fit(split(there)[0], there[["y", "z"]])
    assert_same_prior(found.prior_, expected.prior_)
    assert_allclose(found.predict(parted(X)).compute().to_numpy(), expected.predict(X), rtol=1e-8)


def test_partitions_without_rows_are_legal():
    there = parted(table(), 5)
    X, y = split(there[there["a"].map_partitions(lambda a: a.index.to_series() > 150, meta=("a", bool))])
    expected = WarmStartRegressor(Ridge(), task="store").fit(*split(table().iloc[151:]))
    found = WarmStartRegressor(Ridge(), task="store").fit(X, y)
    assert_same_prior(found.prior_, expected.prior_)
    assert len(found.predict(X).compute()) == len(table()) - 151


def test_what_is_said_of_unknown_tasks_is_said_of_all_rows():
    expected, found = fitted(Ridge())
    X = split(table())[0].head(6)
    some, none = X.assign(store=["new"] + ["s3"] * 5), X.assign(store="new")
    assert_allclose(found.predict(parted(some, 2)).compute(), expected.predict(some), rtol=1e-9)
    with pytest.warns(
        UserWarning, match=r"task: none of 1 id\(s\), such as 'new', is known \(there are 's0', 's1'"
    ) as told:
        answer = found.predict(parted(none, 2))
    assert len(told) == 1
    with pytest.warns(UserWarning, match="'new', is known"):
        assert_allclose(answer.compute(), expected.predict(none), rtol=1e-9)
    with pytest.raises(TypeError, match=r"task: wanted ids like those learned \('s0'\), found 7"):
        found.predict(X.assign(store=7))


def test_tables_without_features_teach_levels():
    frame = table()
    expected = WarmStartRegressor(Ridge(), task="store").fit(frame[["store"]], frame["y"])
    found = WarmStartRegressor(Ridge(), task="store").fit(parted(frame)[["store"]], parted(frame)["y"])
    assert_same_prior(found.prior_, expected.prior_)
    assert_allclose(found.predict(frame[["store"]]), expected.predict(frame[["store"]]), rtol=1e-9)


def test_a_partition_may_have_rows_that_weigh_nothing_alone():
    frame = table().assign(weight=1.0)
    frame.loc[:89, "weight"] = 0.0
    there = parted(frame)
    found = WarmStartRegressor(Ridge(), task="store").fit(*split(there), sample_weight=there["weight"])
    expected = WarmStartRegressor(Ridge(), task="store").fit(*split(frame), sample_weight=frame["weight"])
    assert_same_prior(found.prior_, expected.prior_)


def test_the_threads_of_a_default_scheduler_give_the_same_answer():
    import dask

    expected = fitted(make_pipeline(StandardScaler(), Ridge()))[1]
    with dask.config.set(scheduler="threads"):
        assert_same_prior(fitted(make_pipeline(StandardScaler(), Ridge()))[1].prior_, expected.prior_, rtol=1e-12)


# learn_prior ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("weighted", [False, True])
def test_a_dataset_of_parquet_files_teaches_the_same(tmp_path, weighted):
    frame = table().assign(weight=np.random.default_rng(0).uniform(0.5, 2.0, len(table())))
    for k in range(3):
        frame.iloc[k::3].to_parquet(tmp_path / f"part.{k}.parquet")
    told, weight = [], "weight" if weighted else None
    found = learn_prior(
        str(tmp_path), Ridge(), task="store", target="y", columns=["a", "b"], sample_weight=weight,
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    expected = WarmStartRegressor(Ridge(), task="store")
    expected.fit(*split(frame), sample_weight=frame["weight"] if weighted else None)
    assert_same_prior(found, expected.prior_)
    assert told and told[-1][0] == told[-1][1]


def test_all_other_columns_are_features_and_labels_are_classified():
    there = parted(table(kind="labels").drop(columns="city"))
    found = learn_prior(there, LogisticRegression(), task="store", target="y")
    assert found.feature_names == ("a", "b")
    assert_array_equal(found.classes, ["no", "yes"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "shop"}, r"task: wanted the name of a column of the data, found 'shop'; it has 'a', 'b'"),
        ({"target": "z"}, r"target: wanted the name of a column of the data, found 'z'"),
        ({"columns": ["a", "c"]}, r"columns: wanted the name of a column of the data, found 'c'"),
        ({"sample_weight": "w"}, r"sample_weight: wanted the name of a column of the data, found 'w'"),
    ],
)
def test_a_column_that_is_not_there_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        learn_prior(parted(table()), Ridge(), **{"task": "store", "target": "y"} | options)


# What is refused --------------------------------------------------------------------------------------


def fit(X, y, estimator=None, **options):
    return WarmStartRegressor(Ridge() if estimator is None else estimator, **{"task": "store"} | options).fit(X, y)


def test_targets_must_be_in_the_partitions_of_the_rows():
    X, y = split(parted(table()))
    with pytest.raises(
        TypeError, match="y: wanted a frame or series of dask, found numpy's ndarray; take it from the frame"
    ):
        fit(X, table()["y"].to_numpy())
    with pytest.raises(ValueError, match=r"y: wanted the 4 partition\(s\) of X, found 3 of them"):
        fit(X, parted(table(), 3)["y"])
    other = parted(table().iloc[:300], 4)["y"]
    with pytest.raises(ValueError, match=r"y: wanted the 4 partition\(s\) of X, found others"):
        fit(X, other)
    with pytest.raises(ValueError, match=r"y: wanted the rows of X in every partition, found others in partition \d"):
        fit(X.clear_divisions(), other.clear_divisions())
    with pytest.raises(TypeError, match=r"X: wanted a frame or series of dask, found dask's Array; .*from_dask_array"):
        fit(X[["a", "b"]].to_dask_array(lengths=True), y)


def test_frames_in_memory_and_in_partitions_do_not_mix():
    with pytest.raises(TypeError, match=r"X: wanted a frame in memory, found a DataFrame of dask in 4 parts"):
        fitted(Ridge())[0].adapt(split(parted(table()))[0], table()["y"])


def test_one_dataset_is_fitted_in_memory():
    X, y = split(parted(table()))
    with pytest.raises(ValueError, match=r"task: wanted a column of tasks for a frame in partitions, found None"):
        fit(X, y, task=None)
    with pytest.raises(
        ValueError, match=r"task: wanted a column that tells at least two tasks apart, found 'store' with one"
    ):
        fit(X.assign(store="one"), y)
    with pytest.raises(ValueError, match=r"task: wanted the name of a column of X, found task='shop'"):
        fit(X, y, task="shop")
    with pytest.raises(
        ValueError, match=r"context: wanted none for a frame in partitions, found \['a'\]; X\.compute\(\)"
    ):
        fit(X, y, context=["a"])


def test_classes_drawn_by_design_are_read_in_memory():
    X, y = split(parted(table()))
    model = WarmStartClassifier(LogisticRegression(), task="store", class_prior="past")
    with pytest.raises(
        ValueError, match=r"class_prior: wanted 'rows' for a frame in partitions, found 'past'; X\.comp"
    ):
        model.fit(X, y > 0)


def test_structure_among_tasks_is_learned_in_memory():
    there, here = parted(table()), table()
    with pytest.raises(
        ValueError, match=r"task: wanted one column for a frame in partitions, found \['city', 'store'\]"
    ):
        fit(*split(there, city=True), task=["city", "store"])
    here = here.assign(region=here["store"].str[-1].astype(int) % 3)
    nested = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(here[["a", "b", "region", "store"]], here["y"])
    assert nested.prior_.context_names
    with pytest.raises(
        ValueError, match=r"prior: wanted one of tasks without a structure .* found one that reads 'region'"
    ):
        fit(*split(there), prior=nested.prior_)


def test_unknown_categories_are_named():
    X, y = split(parted(table()), city=True)
    X = X.assign(city=X["city"].astype("category"))
    with pytest.raises(ValueError, match=r"X: wanted columns whose categories are known, found unknown ones in 'city'"):
        fit(X, y)
    assert fit(X.assign(store=X["store"].astype("category"), city=0.0), y).prior_.n_tasks == 30


def test_rows_without_an_id_are_of_a_task_that_nobody_knows():
    here, there = fitted(Ridge())
    X, _ = split(table().copy())
    X.loc[:50, "store"] = None
    assert_allclose(there.predict(X), here.predict(X), rtol=1e-8)
    assert_allclose(there.predict(parted(X)).compute(), here.predict(X), rtol=1e-8)


def test_ids_are_complete_and_of_one_type_in_all_partitions():
    frame = table().copy()
    frame.loc[100, "store"] = None
    with pytest.raises(ValueError, match=r"task='store': wanted an id in every row, found 1 missing id") as told:
        fit(*split(parted(frame)))
    assert "This is said of partition 1 alone" in told.value.__notes__[0] and "X.compute()" in told.value.__notes__[0]
    frame = table().copy()
    frame["store"] = frame["store"].astype(object)
    frame.loc[: len(frame) // 4 - 1, "store"] = 7.0

    import dask
    import dask.dataframe as dd

    with dask.config.set({"dataframe.convert-string": False}):
        there = dd.from_pandas(frame, npartitions=4)
        with pytest.raises(
            TypeError, match=r"ids: wanted ids of one type in all parts, found numbers \(7\.0\) and text"
        ):
            fit(*split(there))


def test_columns_of_text_are_named_as_in_memory():
    X, y = split(parted(table()), city=True)
    with pytest.raises(
        ValueError, match=r"X: wanted numbers, found column\(s\) 'city' \(text such as '(Bern|Oslo|Rome)'\)"
    ):
        fit(X, y)


def test_a_column_that_one_partition_of_a_task_lacks_is_named():
    frame = table().copy()
    frame.loc[(frame["store"] == "s3") & (frame.index < 180), "a"] = np.nan
    with pytest.raises(ValueError, match=r"found column 'a' of task 's3' missing in one part and not in another"):
        fit(*split(parted(frame, 2)))


def test_learners_that_need_all_rows_say_so():
    X, y = split(parted(table()))
    with pytest.raises(
        TypeError, match=r"learner: wanted one that learns from partitions.*SharedModel for RandomForest"
    ):
        fit(X, y, RandomForestRegressor())
    with pytest.raises(ValueError, match=r"HuberRegressor, which asks of each row"):
        fit(X, y, HuberRegressor())

    class Own:
        """A learner of somebody's own."""

        def learn(self, estimator, tasks, prior=None, *, n_jobs=None, progress=None):
            return EmpiricalBayes().learn(estimator, tasks, prior)

    with pytest.raises(TypeError, match=r"learner: wanted one that learns from partitions.*found Own for Ridge"):
        fit(X, y, learner=Own())


def test_rows_without_a_label_are_named():
    frame = table(kind="labels").copy()
    frame["y"] = frame["y"].astype(object)
    frame.loc[5, "y"] = None
    with pytest.raises(ValueError, match=r"y: Input y contains NaN or None in 1 of 90 rows, row\(s\) 5"):
        WarmStartClassifier(LogisticRegression(), task="store").fit(*split(parted(frame)))


def test_clusters_are_learned_in_memory():
    with pytest.raises(TypeError, match=r"learner: wanted one that learns from partitions.*KMeansLearner for KMeans"):
        WarmStartClusterer(KMeans(2), task="store").fit(split(parted(table()))[0])


def test_three_classes_are_learned_in_memory():
    frame = table(kind="labels").copy()
    frame.loc[::3, "y"] = "perhaps"
    with pytest.raises(ValueError, match=r"y: wanted labels of two classes in partitions, found 3; .*X\.compute\(\)"):
        WarmStartClassifier(LogisticRegression(), task="store").fit(*split(parted(frame)))


@pytest.mark.parametrize(
    "learner", [StateSpace(), EmpiricalBayes(half_life=2.0), EmpiricalBayes(crossed=True)], ids=repr
)
def test_what_needs_rows_in_one_place_says_how_to_get_them(learner):
    X, y = split(parted(table()))
    with pytest.raises(ValueError, match=r"X\.compute\(\)"):
        WarmStartRegressor(Ridge(), task="store", learner=learner).fit(X, y)
