"""Ids given beside the table, where scikit-learn has its groups; columns where their names belong; what is no table yet."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import (
    NShotSplit,
    SufficientStatistics,
    WarmStartClassifier,
    WarmStartClusterer,
    WarmStartRegressor,
    WarmStartSearchCV,
)
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

pytestmark = pytest.mark.quick

N_TASKS, N_ROWS = 6, 10
RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {"store": np.repeat([f"s{k}" for k in range(N_TASKS)], N_ROWS), "price": RNG.normal(size=N_TASKS * N_ROWS)}
)
FEATURES, IDS = FRAME[["price"]], FRAME["store"]
NUMBERS, LABELS = RNG.normal(size=len(FRAME)), RNG.integers(0, 2, len(FRAME))
ESTIMATORS = {
    "regressor": (WarmStartRegressor(Ridge()), NUMBERS),
    "classifier": (WarmStartClassifier(LogisticRegression()), LABELS),
    "clusterer": (WarmStartClusterer(KMeans(2)), None),
    "own": (OwnModel(Ridge()), NUMBERS),
    "pooled": (PooledModel(Ridge()), NUMBERS),
    "residual": (ResidualModel(Ridge()), NUMBERS),
}


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_ids_beside_the_table_are_told_the_way_out_which_works(kind):
    estimator, y = ESTIMATORS[kind]
    model = sklearn.clone(estimator)
    keywords = ("groups", "group", "task", "tasks")
    for word in keywords:
        with pytest.raises(TypeError) as error:
            model.fit(FEATURES, y, **{word: IDS})
        words = str(error.value)
        assert words.startswith(f"{word}: wanted the ids of tasks in a column of X")
        assert "found 60 value(s) beside X; X.assign(store=...) and the parameter task='store'" in words
    model.set_params(task="store").fit(FEATURES.assign(store=IDS), y)
    for word in keywords:
        with pytest.raises(TypeError, match="task='store' names a column already; leave them out"):
            model.fit(FRAME, y, **{word: IDS.to_numpy()})


@pytest.mark.parametrize("kind", ESTIMATORS)
def test_other_keywords_are_pythons_error(kind):
    estimator, y = ESTIMATORS[kind]
    with pytest.raises(TypeError, match=r"fit\(\) got an unexpected keyword argument 'classes'"):
        estimator.fit(FEATURES, y, classes=[0, 1])


def test_cross_validation_hands_groups_to_the_splitter_alone():
    model, cv = WarmStartRegressor(Ridge(), task="store"), GroupKFold(3)
    with pytest.warns(UserWarning, match="all rows are predicted as those of new tasks"):
        plain = cross_validate(model, FRAME, NUMBERS, groups=IDS, cv=cv)["test_score"]
        searched = GridSearchCV(model, {"estimator__alpha": [1.0]}, cv=cv).fit(FRAME, NUMBERS, groups=IDS)
        with sklearn.config_context(enable_metadata_routing=True):
            routed = cross_validate(model, FRAME, NUMBERS, params={"groups": IDS}, cv=cv)["test_score"]
    np.testing.assert_array_equal(plain, routed)
    assert searched.best_score_ == pytest.approx(plain.mean())


def test_weights_are_the_only_metadata_that_a_fit_asks_for():
    with sklearn.config_context(enable_metadata_routing=True):
        for estimator, _ in ESTIMATORS.values():
            assert set(estimator.get_metadata_routing().fit.requests) == {"sample_weight"}
            estimator.set_fit_request(sample_weight=None)


@pytest.mark.filterwarnings("ignore:.*is known")
def test_a_search_over_datasets_hands_groups_to_the_splitter():
    search = WarmStartSearchCV(Ridge(), {"alpha": [1.0, 2.0]}, n_iter=2, cv=GroupKFold(2), random_state=0)
    assert search.fit(FEATURES, NUMBERS, groups=IDS).n_splits_ == 2


TAKES_TASK = {
    "regressor": lambda task: WarmStartRegressor(Ridge(), task=task).fit(FRAME, NUMBERS),
    "pooled": lambda task: PooledModel(Ridge(), task=task).fit(FRAME, NUMBERS),
    "split": lambda task: list(NShotSplit(task, n_shots=3).split(FRAME)),
    "search": lambda task: WarmStartSearchCV(Ridge(), {"alpha": [1.0]}, n_iter=1, task=task).fit(FRAME, NUMBERS),
    "sums": lambda task: SufficientStatistics.from_table(FRAME, NUMBERS, task=task),
}
NO_NAMES = {
    "a series": (IDS, "found 60 values, which have to stand in X; write task='store'"),
    "a frame": (FRAME[["store"]], "found 60 values, which have to stand in X; write task='store'"),
    "a series that is not in X": (
        IDS.rename("shop"),
        "found 60 values, which have to stand in X; write X.assign(shop=...) and task='shop'",
    ),
    "an array": (IDS.to_numpy(), "found 60 values, which have to stand in X; write X.assign(name=...) and task='name'"),
}


@pytest.mark.parametrize("kind", NO_NAMES)
@pytest.mark.parametrize("taker", TAKES_TASK)
def test_a_column_in_place_of_its_name_is_told_the_name(taker, kind):
    task, words = NO_NAMES[kind]
    with pytest.raises(TypeError) as error:
        TAKES_TASK[taker](task)
    assert str(error.value).startswith("task: wanted the name or the position of a column of X, ")
    assert words in str(error.value)


def test_a_list_of_one_column_is_that_column():
    for fit in TAKES_TASK.values():
        one, listed = fit("store"), fit(["store"])
        ids = [list(getattr(each, "estimators_", getattr(each, "ids", ()))) for each in (one, listed)]
        assert ids[0] == ids[1]
    plain, listed = (WarmStartRegressor(Ridge(), task=task).fit(FRAME, NUMBERS) for task in ("store", ["store"]))
    np.testing.assert_array_equal(plain.predict(FRAME), listed.predict(FRAME))


COLUMNS, ROWS = FRAME.to_dict("list"), FRAME.to_dict("records")
DATASETS = {store: (rows[["price"]], NUMBERS[rows.index]) for store, rows in FRAME.groupby("store")}
FITTED = WarmStartRegressor(make_pipeline(StandardScaler(), Ridge()), task="store").fit(FRAME, NUMBERS)
READERS = {
    "fit": lambda X: WarmStartRegressor(Ridge(), task="store").fit(X, NUMBERS),
    "fit without task": lambda X: WarmStartRegressor(Ridge()).fit(X, NUMBERS),
    "predict": FITTED.predict,
    "adapt": lambda X: FITTED.adapt(X, NUMBERS),
    "prior.adapt": lambda X: FITTED.prior_.adapt(Ridge(), X, NUMBERS),
    "pooled": lambda X: PooledModel(Ridge(), task="store").fit(X, NUMBERS),
    "split": lambda X: list(NShotSplit("store", n_shots=3).split(X)),
    "sums": lambda X: SufficientStatistics.from_table(X, NUMBERS, task="store"),
}
NO_TABLES = {
    "columns": (COLUMNS, "found dict; pandas.DataFrame(X) makes one of columns by name"),
    "rows": (ROWS, "found a list of rows as dicts; pandas.DataFrame(X) makes one"),
    "datasets by task": (DATASETS, "X, y = stack_tasks(X) one of datasets by task"),
    "datasets": (list(DATASETS.values()), "found a list of datasets; X, y = stack_tasks(X) makes one"),
}


@pytest.mark.parametrize("kind", NO_TABLES)
@pytest.mark.parametrize("reader", READERS)
def test_what_is_no_table_yet_is_told_how_it_becomes_one(reader, kind):
    X, words = NO_TABLES[kind]
    with pytest.raises(TypeError) as error:
        READERS[reader](X)
    assert str(error.value).startswith("X: wanted a table, ") and words in str(error.value)


def test_the_name_of_a_target_is_no_target():
    with pytest.raises(ValueError, match="y: wanted a target a row, found 'sales'; give the column itself"):
        WarmStartRegressor(Ridge(), task="store").fit(FRAME.assign(sales=NUMBERS), "sales")
