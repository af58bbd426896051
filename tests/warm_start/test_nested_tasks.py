"""Tasks that lie in others: ids are paths, an unknown task is predicted from what is known of its place."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from toy_places import REGIONS, ROWS, STORES, PlaceLearner, make_places
from variations import varied

from skmeta import EmpiricalBayes, NShotSplit, WarmStartClassifier, WarmStartClusterer, WarmStartRegressor
from skmeta.cluster import KMeansLearner
from skmeta.compose import MixturePrior
from skmeta.model_selection import BoostedModel, OwnModel, PooledModel, ResidualModel, shot_curve
from skmeta.tasks import split_tasks

pytestmark = [
    pytest.mark.quick,
    pytest.mark.filterwarnings("ignore:task. wanted ids of .* that stand under one"),
    pytest.mark.filterwarnings("ignore:task. wanted several ids of"),  # some tables have one region
]

FRAME, Y = make_places()
TASK = ["region", "store"]
LABELS = np.where(FRAME["region"].map({"east": 10.0, "north": 20.0, "west": 30.0}) < Y, "high", "low")
JOINED = FRAME.assign(id=FRAME["region"] + "/" + FRAME["store"])[["id", "price", "width"]]
PATHS = [(region, store) for region in REGIONS for store in STORES]


class Flat(EmpiricalBayes):
    """Makes no use of levels, as families that do not read them."""

    def _structure_among(self, tasks, past):
        return None


QUICK = Flat("diagonal", max_iter=5)
NUMBERS = np.column_stack(
    [*(np.unique(FRAME[name], return_inverse=True)[1] for name in TASK), FRAME[["price", "width"]]]
)


def placed(**options):
    return WarmStartRegressor(Ridge(), **({"task": TASK, "learner": PlaceLearner()} | options)).fit(FRAME, Y)


def level(prior, *path):
    return prior.levels[path]


def rows_of(prior, frame, known):
    """What the prior of a place says of rows."""
    return prior.at(known).zero_shot(Ridge()).predict(frame[["price", "width"]])


# What a list of columns is -------------------------------------------------------------------------------


def tables():
    yield "pandas", FRAME, TASK
    yield "by position", FRAME, [0, 1]
    yield "name and position", FRAME, ["region", 1]
    yield "tuple", FRAME, tuple(TASK)
    yield "polars", pl.from_pandas(FRAME), TASK
    yield "categories last", FRAME[["price", "width", *TASK]].astype(dict.fromkeys(TASK, "category")), TASK
    yield "array of objects", FRAME.to_numpy(dtype=object), [0, 1]
    yield "numbers", NUMBERS, [0, 1]
    yield "from the end", NUMBERS[:, [2, 1, 3, 0]], [-1, 1]
    yield "sparse", sparse.csr_array(NUMBERS), [0, 1]


@varied(("table", "task"), [t[1:] for t in tables()], ids=[t[0] for t in tables()], keep=4)
def test_nested_ids_are_those_of_one_joined_column(table, task):
    joined = WarmStartRegressor(Ridge(), task="id", learner=QUICK).fit(JOINED, Y)
    nested = WarmStartRegressor(Ridge(), task=task, learner=QUICK).fit(table, Y)
    assert_allclose(nested.coef_, joined.coef_, rtol=1e-12)
    assert_allclose(nested.predict(table), joined.predict(JOINED), rtol=1e-12)
    assert list(nested.borrowing_.values()) == pytest.approx(list(joined.borrowing_.values()), rel=1e-9)
    assert all(type(path) is tuple and len(path) == 2 for path in nested.estimators_)


def test_one_joined_column_gives_the_same_to_the_last_digit():
    joined = WarmStartRegressor(Ridge(), task="id", learner=Flat()).fit(JOINED, Y)
    nested = WarmStartRegressor(Ridge(), task=TASK, learner=Flat()).fit(FRAME, Y)
    ours, theirs = (each.prior_.to_dict() for each in (nested, joined))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        assert_array_equal(value, theirs[name])
    assert_array_equal(nested.predict(FRAME, return_std=True), joined.predict(JOINED, return_std=True))
    new = FRAME[:3].assign(store="new")
    both = pd.concat([FRAME, new]), pd.concat([JOINED, JOINED[:3].assign(id="new")])
    assert_array_equal(nested.predict(both[0]), joined.predict(both[1]))


@pytest.mark.parametrize(
    ("model", "target"),
    [
        (WarmStartClassifier(LogisticRegression(), learner=QUICK), LABELS),
        (OwnModel(Ridge()), Y),
        (PooledModel(Ridge()), Y),
        (ResidualModel(Ridge()), Y),
        (ResidualModel(LogisticRegression()), LABELS),
        (BoostedModel(HistGradientBoostingRegressor(min_samples_leaf=2)), Y),
    ],
    ids=lambda each: type(each).__name__,
)
def test_every_model_takes_a_list(model, target):
    nested, joined = clone(model).set_params(task=TASK), clone(model).set_params(task="id")
    new, other = FRAME[:2].assign(region=None), JOINED[:2].assign(id="x")
    found = nested.fit(FRAME, target).predict(pd.concat([FRAME, new]))
    assert_array_equal(found, joined.fit(JOINED, target).predict(pd.concat([JOINED, other])))


def test_clusterers_take_a_list():
    few = slice(2 * ROWS)
    nested, joined = (
        WarmStartClusterer(KMeans(2, n_init=1, random_state=0), task=task, learner=KMeansLearner(max_tasks=2)).fit(
            X[few]
        )
        for task, X in ((TASK, FRAME), ("id", JOINED))
    )
    assert_array_equal(nested.labels_, joined.labels_)
    assert list(nested.estimators_) == PATHS[:2]
    listed = clone(nested).set_params(task=[0, 1]).fit(NUMBERS[few].tolist())
    assert_array_equal(nested.labels_, listed.labels_)


def test_ids_are_paths_wherever_they_are_shown():
    model = placed()
    assert list(model.estimators_) == PATHS == list(model.borrowing_)
    assert type(model.estimators_["north", "b"]) is Ridge
    for wrong in ("north", ("north",), ("north", "b", "c"), ["north", "b"], ("b", "north"), ("north", None), 3):
        assert wrong not in model.estimators_ if isinstance(wrong, str | tuple | int) else True
        with pytest.raises(KeyError, match=r"(among the 9 .*|are paths, .*)\('east', 'a'\)"):
            model.estimators_[wrong]
    with pytest.raises(AttributeError, match=r"task=\['region', 'store'\] .* estimators_\[\('east', 'a'\)\]"):
        _ = model.estimator_
    assert list(pickle.loads(pickle.dumps(model)).estimators_) == PATHS


def test_dates_in_paths_are_found_as_they_are_written():
    days = pd.Timestamp("2024-05-01") + pd.to_timedelta(np.tile(np.arange(3), 3).repeat(ROWS), unit="D")
    model = WarmStartRegressor(Ridge(), task=["region", "day"], learner=QUICK)
    model.fit(FRAME.assign(day=days).drop(columns="store"), Y)
    day = pd.Timestamp("2024-05-02")
    same = [("north", each) for each in (day, day.to_pydatetime(), day.to_datetime64(), day.date())]
    for path in same:
        assert_array_equal(model.estimators_[path].coef_, model.estimators_["north", day].coef_)
    with pytest.raises(KeyError, match=r"\('north', 2024-06-02\) among .*\('east', 2024-05-01"):
        model.estimators_["north", pd.Timestamp("2024-06-02")]


def test_split_tasks_takes_a_list():
    parts = split_tasks(FRAME, Y, task=TASK)
    assert list(parts) == PATHS
    assert list(parts["west", "c"][0].columns) == ["price", "width"]
    assert_array_equal(parts["west", "c"][1], Y[-ROWS:])


# Unknown tasks -------------------------------------------------------------------------------------------


def test_an_unknown_task_is_predicted_from_the_innermost_place_that_is_known():
    model, prior = placed(), placed().prior_.prior
    new = FRAME.groupby("region").head(2).reset_index(drop=True)
    asked = model.prior_.prior.asked
    for changed, known in (
        (new.assign(store="z"), [{"region": region} for region in REGIONS]),
        (new.assign(store=np.nan), [{"region": region} for region in REGIONS]),
        (new.assign(region="south"), [{"region": "south"}] * 3),
        (new.assign(region=None), [{}] * 3),
        (new.assign(region=None, store=None), [{}] * 3),
    ):
        del asked[:]
        expected = [rows_of(prior, new[2 * k : 2 * k + 2], each) for k, each in enumerate(known)]
        assert_allclose(model.predict(changed), np.concatenate(expected), rtol=1e-12)
        assert sorted(map(str, asked)) == sorted({str(each) for each in known if each})


def test_many_unknown_tasks_of_a_region_ask_once():
    model = placed()
    table = pd.concat([FRAME, FRAME.assign(store=[f"new {k}" for k in range(len(FRAME))])])
    del model.prior_.prior.asked[:]
    found = model.predict(table)
    assert len(model.prior_.prior.asked) == len(REGIONS)
    assert_array_equal(found[: len(FRAME)], model.predict(FRAME))
    own = np.concatenate([model.estimators_[path].predict(part[["price", "width"]]) for path, part in by_path(FRAME)])
    assert_allclose(found[: len(FRAME)], own, rtol=1e-12)


def by_path(frame):
    return frame.groupby(TASK, sort=False)


def test_a_deeper_level_is_not_known_without_those_above_it():
    table = FRAME.assign(country=np.where(FRAME["region"] == "west", "B", "A"))[["country", *FRAME]]
    model = WarmStartRegressor(Ridge(), task=["country", *TASK], learner=PlaceLearner(2)).fit(table, Y)
    prior, new = model.prior_.prior, table[:2]
    for changed, known in (
        ({"store": None}, {"country": "A", "region": "east"}),
        ({"region": None}, {"country": "A"}),
        ({"country": None}, {}),
        ({"region": "west"}, {"country": "A", "region": "west"}),  # another one than that of B
    ):
        assert_allclose(model.predict(new.assign(**changed)), rows_of(prior, new, known), rtol=1e-12)
    assert level(prior, "B", "west") != level(prior, "A")


def test_a_task_that_nothing_is_known_of_asks_the_root():
    model = WarmStartRegressor(Ridge(), task=[0, 1], learner=PlaceLearner()).fit(NUMBERS, Y)
    table = NUMBERS[:4].copy()
    table[:2, 1], table[2:, 0] = np.nan, np.nan
    means = [model.prior_.prior.at(known).mean for known in ({"x0": 0.0}, {"x0": 0.0}, {}, {})]
    expected = [row[2:] @ mean[:2] + mean[2] for row, mean in zip(table, means, strict=True)]
    assert_allclose(model.predict(table), expected, rtol=1e-12)


# Adapting ------------------------------------------------------------------------------------------------


def test_adapt_takes_the_columns_that_are_known():
    model, prior = placed(), placed().prior_.prior
    X, y = FRAME[-ROWS:], Y[-ROWS:]
    features = X[["price", "width"]]
    several = model.adapt(FRAME, Y)
    assert list(several) == PATHS
    known = prior.at({"region": "west"}).adapt(Ridge(), features, y)
    for table in (X, X.drop(columns="store"), X.assign(store="new")):
        assert_allclose(model.adapt(table, y).predict(features), known.predict(features), rtol=1e-10)
    for table in (features, X.drop(columns="region"), X.drop(columns="store").assign(region="south")):
        root = prior.at({}).adapt(Ridge(), features, y)
        assert_allclose(model.adapt(table, y).predict(features), root.predict(features), rtol=1e-10)
    assert_allclose(several["west", "c"].predict(features), known.predict(features), rtol=1e-10)


def test_a_model_whose_prior_reads_no_place_adapts_all_the_same():
    model = WarmStartRegressor(Ridge(), task=TASK, learner=QUICK).fit(FRAME, Y)
    X, y = FRAME[-ROWS:], Y[-ROWS:]
    features = X[["price", "width"]]
    tables = (X, X.drop(columns="store"), X.drop(columns="region"), features)
    found = [model.adapt(table, y).predict(features) for table in tables]
    for each in found[1:]:
        assert_allclose(each, found[0], rtol=1e-12)


def test_rows_of_several_regions_are_no_one_task():
    model = placed()
    with pytest.raises(
        ValueError, match=r"task: wanted rows of one task, found 'region' with 'east', 'north'; give .*task="
    ):
        model.adapt(FRAME.drop(columns="store"), Y)
    for fit in (
        lambda X: WarmStartRegressor(Ridge(), prior=model.prior_).fit(X, Y[: len(X)]),
        lambda X: model.prior_.adapt(Ridge(), X, Y[: len(X)]),
    ):
        with pytest.raises(ValueError, match="task: wanted rows of one task, found 'store' with 'a', 'b'"):
            fit(FRAME[: 2 * ROWS])


# A prior that knows the columns --------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(), (StandardScaler(),)], ids=["alone", "behind steps"])
def test_a_prior_finds_its_columns_in_the_table_of_a_new_task(steps):
    estimator = make_pipeline(*steps, Ridge()) if steps else Ridge()
    prior = WarmStartRegressor(estimator, task=TASK, learner=PlaceLearner()).fit(FRAME, Y).prior_
    X, y = FRAME[-ROWS:].sample(frac=1.0, random_state=0), Y[-ROWS:]
    features = X[["price", "width"]]
    assert prior.context_names == ("region", "size")
    west, root = (prior.given(region=region).adapt(Ridge(), features, y).predict(features) for region in ("west", "x"))
    assert np.abs(west - root).max() > 0.1
    for table, expected in (
        (X, west),
        (X.drop(columns="store"), west),
        (X.assign(store=None), west),
        (X.drop(columns="region"), root),
        (X.assign(region=np.nan), root),
        (features, root),
    ):
        model = WarmStartRegressor(Ridge(), prior=prior).fit(table, y)
        assert_allclose(model.predict(table), expected, rtol=1e-10)
        assert_allclose(model.estimator_.predict(features), expected, rtol=1e-10)
        assert_allclose(prior.adapt(Ridge(), table, y).predict(features), expected, rtol=1e-10)
        assert_allclose(model.adapt(X, y).predict(features), west, rtol=1e-10)  # its prior is of all places still
        assert model.prior_.context_names == prior.context_names


def test_a_prior_of_arrays_finds_its_columns_by_their_number():
    prior = WarmStartRegressor(Ridge(), task=[0, 1], learner=PlaceLearner()).fit(NUMBERS, Y).prior_
    X, y = NUMBERS[-ROWS:], Y[-ROWS:]
    given = prior.given(x0=2.0).adapt(Ridge(), X[:, 2:], y)
    for fitted in (WarmStartRegressor(Ridge(), prior=prior).fit(X, y), prior.adapt(Ridge(), X, y)):
        assert_array_equal(fitted.predict(X if fitted.n_features_in_ == 4 else X[:, 2:]), given.predict(X[:, 2:]))
    without = WarmStartRegressor(Ridge(), prior=prior).fit(X[:, 2:], y)
    assert_array_equal(without.predict(X[:, 2:]), prior.prior.at({}).adapt(Ridge(), X[:, 2:], y).predict(X[:, 2:]))
    with pytest.raises(ValueError, match="5"):  # neither all of its columns nor none
        WarmStartRegressor(Ridge(), prior=prior).fit(np.c_[X, y], y)


def test_a_prior_that_reads_no_ids_takes_no_column_of_them():
    prior = WarmStartRegressor(Ridge(), task=TASK, learner=QUICK).fit(FRAME, Y).prior_
    assert prior.context_names == ()
    with pytest.raises(ValueError, match=r"unexpected \['region', 'store'\]"):
        WarmStartRegressor(Ridge(), prior=prior).fit(FRAME[:ROWS], Y[:ROWS])


@pytest.mark.parametrize("kind", ["frame", "array"])
def test_context_stands_beside_ids(kind):
    sizes = FRAME["store"].map({"a": 1.0, "b": 2.0, "c": 3.0}).to_numpy()
    frame = FRAME.assign(size=sizes)
    table, options = (frame, {"context": ["size"]}) if kind == "frame" else (np.c_[NUMBERS, sizes], {"context": [4]})
    task = TASK if kind == "frame" else [0, 1]
    model = WarmStartRegressor(Ridge(), task=task, learner=PlaceLearner(), **options)
    if kind == "array":  # the toy reads "size" alone
        with pytest.warns(
            UserWarning, match="context: wanted columns that the prior reads, found 4, of which it makes no use"
        ):
            prior = model.fit(table, Y).prior_
        X, y = table[-ROWS:], Y[-ROWS:]
        expected = prior.given(x0=2.0).adapt(Ridge(), X[:, 2:4], y).predict(X[:, 2:4])
        for columns, known in ((slice(0, 5), {"x0": 2.0}), (slice(2, 5), {}), (slice(2, 4), {})):
            found = WarmStartRegressor(Ridge(), prior=prior).fit(X[:, columns], y).predict(X[:, columns])
            other = prior.prior.at(known).adapt(Ridge(), X[:, 2:4], y).predict(X[:, 2:4])
            assert_array_equal(found, other if known == {} else expected)
        return
    prior = model.fit(table, Y).prior_.prior
    new = table[:4].assign(store="new", size=[5.0, 5.0, 7.0, 7.0])
    with pytest.raises(ValueError, match=r"context: .* found 'size' with 5\.0 and 7\.0 in task \('east', 'new'\)"):
        model.predict(new)
    new = new.assign(store=["new", "new", "newer", "newer"])
    expected = [rows_of(prior, new[k : k + 2], {"region": "east", "size": size}) for k, size in ((0, 5.0), (2, 7.0))]
    assert_allclose(model.predict(new), np.concatenate(expected), rtol=1e-12)
    gone = new.assign(size=np.nan, store=None)
    assert_allclose(model.predict(gone), rows_of(prior, new, {"region": "east"}), rtol=1e-12)


def test_learning_goes_on_in_nested_tasks():
    first, second = FRAME[:-ROWS], FRAME[-ROWS:]
    prior = WarmStartRegressor(Ridge(), task=TASK, learner=PlaceLearner()).fit(first, Y[:-ROWS]).prior_
    on = WarmStartRegressor(Ridge(), task=TASK, learner=PlaceLearner(), prior=prior).fit(second, Y[-ROWS:])
    assert on.prior_.n_tasks == 9 and list(on.estimators_) == [("west", "c")]
    assert level(on.prior_, "east") == level(prior, "east")
    assert level(on.prior_, "west") == Y[-ROWS:].mean()
    assert_allclose(on.predict(FRAME[:2]), rows_of(on.prior_, FRAME[:2], {"region": "east"}), rtol=1e-12)


def test_a_mixture_reads_what_its_components_read():
    place, gaussian = placed().prior_.prior, WarmStartRegressor(Ridge(), task=TASK, learner=QUICK).fit(FRAME, Y).prior_
    mixture = MixturePrior([place, gaussian.components[0]], weights=[0.6, 0.4])
    assert mixture.context_names == ("region", "size")
    given = mixture.given(region="west")
    assert given.components[1] is mixture.components[1]
    assert_array_equal(given.components[0].mean, place.at({"region": "west"}).mean)


# scikit-learn --------------------------------------------------------------------------------------------


def test_scikit_learn_takes_lists():
    model = WarmStartRegressor(Ridge(), learner=QUICK)
    assert clone(model.set_params(task=TASK)).get_params()["task"] == TASK
    cv = NShotSplit(TASK, n_shots=2, n_splits=3, random_state=0)
    one, other = (cross_val_score(clone(model).set_params(task=task), X, Y, cv=cv.split(FRAME)) for task, X in
                  ((TASK, FRAME), ("id", JOINED)))  # fmt: skip
    assert_array_equal(one, other)
    grid = GridSearchCV(model, {"task": [TASK, [0, 1]]}, cv=cv, error_score="raise")
    one, other = grid.fit(FRAME, Y).cv_results_["mean_test_score"]
    assert one == other
    assert_array_equal(pickle.loads(pickle.dumps(grid)).predict(FRAME), grid.predict(FRAME))


def test_curves_take_lists():
    models = {"own": OwnModel(Ridge(), task=TASK), "pooled": PooledModel(Ridge(), task=TASK)}
    curve = shot_curve(models, FRAME, Y, task=TASK, n_shots=(0, 3), n_splits=3, random_state=0)
    assert curve.n_tasks == 9


# Bad input -----------------------------------------------------------------------------------------------

WRONG = {
    "no column": ([], ValueError, "task: wanted at least one column, found an empty list; write task='store', or None"),
    "one column twice": (["store", "store"], ValueError, "task: wanted each column once, found 'store' twice"),
    "by name and position": (["store", 1], ValueError, "task: wanted each column once, found 1 twice"),
    "unknown": (
        ["regon", "store"],
        ValueError,
        "task: wanted the name of a column of X, found task='regon'. Did you mean",
    ),
    "no name": (
        [["region"], "store"],
        TypeError,
        "task: wanted the name or the position of a column of X, found ['region']",
    ),
    "the target": (["region", "sales"], ValueError, "different numbers such as"),
    "a measurement": (["region", "price"], ValueError, "found 54 different numbers such as"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_list_that_is_none_of_columns_raises(kind):
    task, error, words = WRONG[kind]
    with pytest.raises(error) as caught:
        WarmStartRegressor(Ridge(), task=task).fit(FRAME.assign(sales=Y), Y)
    assert words in str(caught.value)


IDS = {
    "a region without stores": (
        {"store": ["a", None] * 27},
        ValueError,
        "task='store': wanted an id in every row, found 27",
    ),
    "no region": (
        {"region": [np.nan, "b"] * 27},
        ValueError,
        "task='region': wanted an id in every row, found 27 missing",
    ),
    "text and numbers": (
        {"store": ["a", 3] * 27},
        TypeError,
        "task='store': wanted ids of one type, found 1 that are numbers",
    ),
    "lists": (
        {"store": [["a"]] * 54},
        TypeError,
        "task='store': wanted ids that are text, numbers or dates, found lists",
    ),
}


@pytest.mark.parametrize("kind", IDS)
def test_ids_of_every_level_are_checked(kind):
    columns, error, words = IDS[kind]
    with pytest.raises(error) as caught:
        WarmStartRegressor(Ridge(), task=TASK).fit(FRAME.assign(**columns), Y)
    assert words in str(caught.value)


def test_text_and_numbers_never_match_at_any_level():
    model = placed()
    for column, known in (("region", "east"), ("store", "a")):
        with pytest.raises(
            TypeError, match=rf"task: wanted ids like those learned \('{known}'\), found 7; numbers and text"
        ):
            model.predict(FRAME[:2].assign(**{column: [7, 7]}))
        with pytest.raises(TypeError, match=r"found 7(\.0)?; numbers"):
            model.predict(FRAME[:2].assign(**{column: [7, None]}))


def test_one_task_is_named_by_its_path():
    with pytest.raises(ValueError, match=r"found \['region', 'store'\] with the one value \('east', 'a'\)"):
        WarmStartRegressor(Ridge(), task=TASK).fit(FRAME[:ROWS], Y[:ROWS])


def test_a_task_of_no_weight_is_named_by_its_path():
    weight = ((FRAME["region"] != "north") | (FRAME["store"] != "b")).to_numpy(dtype=float)
    with pytest.warns(UserWarning, match=r"found none in 1 of 9 task\(s\): \('north', 'b'\)\. They are left out"):
        model = WarmStartRegressor(Ridge(), task=TASK, learner=QUICK).fit(FRAME, Y, sample_weight=weight)
    assert ("north", "b") not in model.estimators_ and len(model.estimators_) == 8


def crossed(model, table):
    with pytest.warns(UserWarning) as said:
        model.fit(table, Y)
    return [str(each.message) for each in said if "that stand under one" in str(each.message)]


@pytest.mark.filterwarnings("default:task. wanted ids of .* that stand under one")
def test_an_inner_id_under_two_outer_ones_is_told_once_a_fit():
    model = WarmStartRegressor(Ridge(), task=TASK, learner=QUICK)
    (words,) = crossed(model, FRAME)
    assert words.startswith(
        "task: wanted ids of 'store' that stand under one 'region' each, found 3 that stand under several ('a', 'b', 'c'), "
        "such as 'a' under 'east' and 'north': "
    )
    assert "Crossed groups, where they are the same thing, are not nested" in words and "such as 'east/a'." in words
    deep = FRAME.assign(country="A")[["country", *FRAME]]
    assert len(crossed(clone(model).set_params(task=["country", *TASK]), deep)) == 1
    twice = FRAME.assign(till=1)
    assert len(crossed(clone(model).set_params(task=[*TASK, "till"]), twice)) == 2


@pytest.mark.filterwarnings("error")
def test_nested_ids_of_their_own_and_models_that_do_not_learn_say_nothing():
    own = FRAME.assign(store=FRAME["region"] + "/" + FRAME["store"])
    model = WarmStartRegressor(Ridge(), task=TASK, learner=PlaceLearner()).fit(own, Y)
    model.predict(FRAME[:2])
    model.adapt(FRAME, Y)
    list(NShotSplit(TASK, n_shots=1, n_splits=3).split(FRAME))
    OwnModel(Ridge(), task=TASK).fit(FRAME, Y)
