"""Tasks that something is known of before their first row: maps from descriptors to coefficients."""

import pickle
import warnings
from functools import cache

import numpy as np
import pytest
from described import CONTEXT, make_stores, pd
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import HuberRegressor, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor
from variations import varied

from skmeta import EmpiricalBayes, NShotSplit, StateSpace, SufficientStatistics, WarmStartRegressor
from skmeta.linear_model import DescribedPrior
from skmeta.linear_model._structured import _described_learning
from skmeta.linear_model._structured._nested_learning import learned_output

TABLE, Y, _ = make_stores()
NEW, TARGET, NEW_W = make_stores(12, 3, first=500)
FOREST = RandomForestRegressor(12, random_state=0)


def model(context=CONTEXT, estimator=None, **options):
    learner = EmpiricalBayes(**options) if options else "auto"
    return WarmStartRegressor(
        Ridge() if estimator is None else estimator, task="store", context=context, learner=learner
    )


def inner(fitted):
    """The described prior in what a model has learned."""
    return fitted.prior_.split()[1].learned


def predicted(fitted, table):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="task: none of")
        return fitted.predict(table)


@cache
def learned(kind="linear", **options):
    table, y, _ = make_stores(kind=kind)
    return model(**options).fit(table, y)


@pytest.mark.quick
def test_a_new_store_without_rows_is_predicted_from_its_descriptors():
    described, plain = learned(), model(context=None).fit(TABLE.drop(columns=CONTEXT), Y)
    errors = [np.mean((predicted(described, NEW) - TARGET) ** 2)]
    errors.append(np.mean((predicted(plain, NEW.drop(columns=CONTEXT)) - TARGET) ** 2))
    assert errors[0] < 0.6 * errors[1]
    assert inner(described).taken and sum(inner(described).explained.values()) > 0.5


@pytest.mark.quick
def test_what_is_given_is_what_stores_of_the_table_start_from():
    fitted, one = learned(), NEW[NEW["store"] == "store 500"]
    given = fitted.prior_.given(size=one["size"].iloc[0], city=one["city"].iloc[0])
    X, y = one[["x0", "x1"]], TARGET[: len(one)]
    assert_allclose(fitted.adapt(one, y).coef_, given.adapt(Ridge(), X, y).coef_, rtol=1e-5)
    assert_allclose(predicted(fitted, one), given.zero_shot(Ridge()).predict(X), rtol=1e-10)


def test_units_of_descriptors_change_nothing():
    other = model().fit(TABLE.assign(size=1e4 - 3e3 * TABLE["size"]), Y)
    assert_allclose(predicted(other, NEW.assign(size=1e4 - 3e3 * NEW["size"])), predicted(learned(), NEW), rtol=1e-7)


def test_the_order_of_tasks_rows_and_descriptors_changes_nothing():
    order = np.random.default_rng(1).permutation(len(TABLE))
    other = model(CONTEXT[::-1]).fit(TABLE.iloc[order], Y[order])
    assert_allclose(predicted(other, NEW), predicted(learned(), NEW), rtol=1e-6)


@pytest.mark.filterwarnings("ignore:context. wanted columns that differ between tasks")
def test_what_is_the_same_in_all_stores_says_nothing():
    more = {"country": "CH", "floors": 1.0}
    other = model([*CONTEXT, *more]).fit(TABLE.assign(**more), Y)
    assert_allclose(predicted(other, NEW.assign(**more)), predicted(learned(), NEW), rtol=1e-10)
    found = other.prior_.given(country="CH", floors=2.0, size=1.0).components[0]
    assert_allclose(found.mean, learned().prior_.given(size=1.0).components[0].mean, rtol=1e-10)


@pytest.mark.filterwarnings("ignore:context. wanted columns that differ between tasks")
def test_only_descriptors_that_are_constant():
    fitted = model(["country"]).fit(TABLE.drop(columns=CONTEXT).assign(country="CH"), Y)
    assert (
        not inner(fitted).taken and np.isfinite(predicted(fitted, NEW.drop(columns=CONTEXT).assign(country="CH"))).all()
    )


def test_fewer_tasks_than_descriptors():
    rng = np.random.default_rng(0)
    table, y, _ = make_stores(8)
    names = [f"z{j}" for j in range(12)]
    store = np.unique(table["store"], return_inverse=True)[1]
    more = dict(zip(names, rng.normal(size=(12, 8))[:, store], strict=True))
    fitted = model([*CONTEXT, *names]).fit(table.assign(**more), y)
    assert np.isfinite(fitted.predict(table.assign(**more))).all()


@pytest.mark.quick
def test_a_category_that_was_never_seen_is_at_the_mean_and_warns():
    prior = inner(learned())
    with pytest.warns(UserWarning, match="city='Genf' was in no task"):
        found = prior.given(size=0.3, city="Genf")
    assert_array_equal(found.mean, prior.given(size=0.3).mean)
    assert_array_equal(found.covariance, prior.given(size=0.3, city=None).covariance)


@pytest.mark.quick
def test_what_is_not_said_is_at_the_mean_and_widens_what_is_not_known():
    prior = inner(learned())
    whole, part, nothing = prior.given(size=0.3, city="Bern"), prior.given(size=0.3, city=float("nan")), prior.given()
    trace = [np.trace(each.covariance) for each in (whole, part, nothing)]
    assert trace[0] < trace[1] < trace[2]
    assert_allclose(nothing.mean, prior.mean)
    assert_allclose(nothing.covariance, prior.covariance, rtol=1e-10)
    with pytest.raises(
        ValueError, match="size: wanted a number, as of the tasks learned from, found 'large'; leave it out"
    ):
        prior.given(size="large")


def test_a_descriptor_that_is_missing_in_some_stores():
    gone = TABLE["store"].isin(["store 003", "store 007"])
    fitted = model().fit(TABLE.assign(size=TABLE["size"].mask(gone)), Y)
    assert inner(fitted).taken


def test_a_descriptor_that_varies_within_a_store():
    with pytest.raises(ValueError, match=r"constant within each task, found 'size'.* in task 'store 002'"):
        model().fit(TABLE.assign(size=TABLE["size"].where(TABLE.index != 17, 9.0)), Y)


def test_infinite_descriptors_are_refused():
    with pytest.raises(ValueError, match="size: wanted finite numbers"):
        model().fit(TABLE.assign(size=np.where(TABLE["store"] == "store 001", np.inf, TABLE["size"])), Y)


# Descriptors that say nothing -----------------------------------------------------------------------------


def test_descriptors_that_say_nothing_are_not_taken():
    taken = []
    for seed in range(3):
        table, y, _ = make_stores(24, kind="noise", seed=seed)
        fitted = model().fit(table, y)
        taken.append(inner(fitted).taken)
        if not taken[-1]:
            plain = model(context=None).fit(table.drop(columns=CONTEXT), y)
            assert_array_equal(fitted.predict(table), plain.predict(table.drop(columns=CONTEXT)))
            assert "size, city explain nothing of what differs between tasks" in fitted.prior_.in_words
            assert_array_equal(inner(fitted).given(size=3.0, city="Bern").mean, inner(fitted).mean)
    assert sum(taken) <= 1  # one in six, where gains are normal


# Any regressor as the map ---------------------------------------------------------------------------------


@varied(
    "regressor",
    [
        pytest.param(FOREST, id="forest"),
        pytest.param(MLPRegressor(hidden_layer_sizes=(10,), solver="lbfgs", alpha=1.0, random_state=0), id="net"),
        pytest.param(DecisionTreeRegressor(max_depth=2, random_state=0), id="tree"),
    ],
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_regressors_find_a_step(regressor):
    new, target, _ = make_stores(12, 3, kind="step", first=500)
    found = learned("step", context_model=regressor)
    plain = learned("step")
    assert inner(found).taken and type(regressor).__name__ in repr(found.prior_)
    mean = np.mean((target - np.mean(target)) ** 2)
    assert np.mean((predicted(found, new) - target) ** 2) < min(
        mean, 1.3 * np.mean((predicted(plain, new) - target) ** 2)
    )


@pytest.mark.variations
def test_a_forest_beats_the_line_where_there_is_a_step():
    errors = []
    for context_model in (FOREST, None):
        new, target, _ = make_stores(60, 3, kind="step", first=900)
        fitted = learned("step", context_model=context_model)
        errors.append(np.mean((predicted(fitted, new) - target) ** 2))
    assert errors[0] < errors[1]


def test_a_regressor_of_one_target_is_fitted_to_each_coefficient():
    class Mean(DecisionTreeRegressor):
        def fit(self, X, y, sample_weight=None):
            if np.ndim(y) > 1:
                raise ValueError("y should be a 1d array")
            return super().fit(X, y, sample_weight)

        def __sklearn_tags__(self):
            tags = super().__sklearn_tags__()
            tags.target_tags.multi_output = False
            return tags

    table, y, _ = make_stores(kind="step")
    one = model(context_model=Mean(max_depth=1)).fit(table, y)
    assert inner(one).taken and "Mean of size, city" in repr(one.prior_)


def test_a_forest_that_saw_a_store_has_no_say_of_it():
    """A tree without limits says of each store what it was told of it: believed, its own rows would count twice."""
    table, y, _ = make_stores(kind="noise", seed=3)
    fitted = model(context_model=DecisionTreeRegressor(random_state=0)).fit(table, y)
    assert not inner(fitted).taken


def test_a_regressor_cannot_be_written_as_plain_arrays():
    with pytest.raises(ValueError, match=r"found models of tuple; store it with joblib\.dump"):
        inner(learned("step", context_model=FOREST)).to_dict()


def test_a_context_model_that_is_none():
    with pytest.raises(TypeError, match=r"context_model=...\): wanted a regressor"):
        model(context_model="forest").fit(TABLE, Y)


@pytest.mark.parametrize(
    ("table", "task", "context", "options", "message"),
    [
        (TABLE.drop(columns=CONTEXT), "store", None, {}, r"wanted None without context, found .*; name the columns"),
        (TABLE, ["store", "city"], ["size"], {"crossed": True}, "wanted None with crossed=True, found .*; leave one"),
    ],
    ids=["nothing", "crossed"],
)
def test_a_context_model_that_nothing_would_be_asked_of(table, task, context, options, message):
    learner = EmpiricalBayes(context_model=FOREST, **options)
    with pytest.raises(ValueError, match=rf"context_model=\.\.\.\): {message}"):
        WarmStartRegressor(Ridge(), task=task, context=context, learner=learner).fit(table, Y)


def test_sums_know_nothing_that_a_context_model_reads():
    table = TABLE.drop(columns=CONTEXT)
    sums = SufficientStatistics.from_table(table, Y, task="store")
    with pytest.raises(ValueError, match=r"context_model=.*wanted None for statistics, .*; learn from the rows"):
        EmpiricalBayes(context_model=FOREST).learn_statistics(sums)


def test_a_prior_of_tasks_in_time_has_no_context_model():
    days = TABLE.assign(day=np.arange(len(TABLE)) // 8).drop(columns=["store", *CONTEXT])
    walk = Y + np.repeat(np.cumsum(np.random.default_rng(0).normal(size=40)), 8)
    drifting = WarmStartRegressor(Ridge(), task="day", learner=StateSpace(half_life=1e3)).fit(days, walk)
    learner = EmpiricalBayes(context_model=FOREST)
    with pytest.raises(ValueError, match=r"context_model=.*wanted None with a prior of tasks in time"):
        WarmStartRegressor(Ridge(), task="day", learner=learner, prior=drifting.prior_).fit(days.assign(day=99), Y)


# Values and scikit-learn ------------------------------------------------------------------------------------


@pytest.mark.quick
def test_a_described_prior_is_a_value():
    fitted = learned()
    prior = inner(fitted)
    read = DescribedPrior.from_dict(prior.to_dict())
    again = pickle.loads(pickle.dumps(fitted))
    for other in (read, inner(again), clone(prior)):
        for name in ("mean", "covariance", "mean_covariance"):
            found, wanted = (getattr(each.given(size=1.2, city="Chur"), name) for each in (other, prior))
            assert_array_equal(found, wanted)
    assert_array_equal(predicted(again, NEW), predicted(fitted, NEW))
    assert set(prior.context_names) == set(CONTEXT) == set(fitted.prior_.context_names)


@pytest.mark.quick
def test_columns_in_another_order():
    prior = inner(learned())
    turned = prior.aligned(["x1", "x0"]).given(size=1.2, city="Chur")
    plain = prior.given(size=1.2, city="Chur").aligned(["x1", "x0"])
    for name in ("mean", "covariance", "mean_covariance"):
        assert_allclose(getattr(turned, name), getattr(plain, name), rtol=1e-12)
    forest = inner(learned("step", context_model=FOREST))
    turned, plain = forest.aligned(["x1", "x0"]).given(size=1.0), forest.given(size=1.0).aligned(["x1", "x0"])
    assert_allclose(turned.mean, plain.mean, rtol=1e-12)


def test_names_that_nobody_reads():
    with pytest.raises(TypeError, match=r"given: wanted names among \['size', 'city'\], found \['colour'\]"):
        learned().prior_.given(colour="red")


@pytest.mark.variations
def test_pipelines_searches_and_cross_validation():
    pipeline = model(estimator=make_pipeline(StandardScaler(), Ridge()))
    pipeline.fit(TABLE, Y)
    assert_allclose(predicted(pipeline, NEW), predicted(learned(), NEW), rtol=0.05, atol=0.05)
    few = TABLE["store"] < "store 014"
    searched = model(context_model=None, covariance="diagonal")
    tree = DecisionTreeRegressor(max_depth=2, random_state=0)
    cv = NShotSplit("store", n_shots=2, n_splits=2, random_state=0)
    search = GridSearchCV(searched, {"learner__context_model": [None, tree]}, cv=cv, error_score="raise")
    search.fit(TABLE[few], Y[few])
    assert search.best_params_["learner__context_model"] is None
    assert cross_val_score(searched, TABLE[few], Y[few], cv=cv).mean() > 0.5


@pytest.mark.variations
def test_robust_models_read_descriptors_too():
    fitted = model(estimator=HuberRegressor()).fit(TABLE, Y)
    assert inner(fitted).taken
    assert_allclose(predicted(fitted, NEW), predicted(learned(), NEW), atol=0.3)


@pytest.mark.variations
def test_several_targets():
    fitted = model().fit(TABLE, np.c_[Y, 2.0 - 3.0 * Y])
    found = predicted(fitted, NEW)
    assert_allclose(found[:, 1], 2.0 - 3.0 * found[:, 0], rtol=1e-6)
    assert_allclose(found[:, 0], predicted(learned(), NEW), atol=0.02)
    forest = model(context_model=FOREST).fit(TABLE, np.c_[Y, -Y])
    assert_allclose(predicted(forest, NEW)[:, 0], -predicted(forest, NEW)[:, 1], atol=1e-6)


# Learning on --------------------------------------------------------------------------------------------------


def test_learning_on_counts_what_the_past_says_of_the_map():
    first = TABLE["store"] < "store 025"
    options = {"covariance": "full", "noise": "shared"}
    past = model(**options).fit(TABLE[first], Y[first])
    on = model(**options).set_params(prior=past.prior_).fit(TABLE[~first], Y[~first])
    alone = model(**options).fit(TABLE[~first], Y[~first])
    whole = model(**options).fit(TABLE, Y)
    at = {"size": 1.0, "city": "Bern"}
    wanted = inner(whole).given(**at)
    error = [np.abs(inner(each).given(**at).mean - wanted.mean).max() for each in (on, past, alone)]
    assert error[0] < 0.05 and error[0] < min(error[1:])
    assert_allclose(np.diag(inner(on).given(**at).mean_covariance), np.diag(wanted.mean_covariance), rtol=0.3)
    assert inner(on).n_tasks == 40


def test_learning_on_starts_from_the_variances_of_effects_that_the_past_learned(monkeypatch):
    past, started = learned().prior_, []

    def watched(learning, of, tree, noise, start, *how):
        started.append(start.effects)
        return learned_output(learning, of, tree, noise, start, *how)

    monkeypatch.setattr(_described_learning, "learned_output", watched)
    further = model().set_params(prior=past).fit(NEW, TARGET).prior_
    assert_array_equal(started, [past.learned.effect_variance])
    # A dozen stores more say nearly the same of them as the forty did.
    assert_allclose(further.learned.effect_variance, past.learned.effect_variance, rtol=0.25)


def of_one_line(seed, n_tasks, first):
    """Stores of 15 rows whose six coefficients deviate along one line, beside what their size says; their city says nothing."""
    rng, store = np.random.default_rng(seed), np.repeat(np.arange(n_tasks), 15)
    size = rng.normal(size=n_tasks)
    W = size[:, None] + 0.3 * np.outer(rng.normal(size=n_tasks), rng.normal(size=5))
    X = rng.normal(size=(len(store), 5))
    y = (X * W[store]).sum(axis=1) + size[store] + 0.3 * rng.normal(size=len(store))
    city = np.array(["Bern", "Chur", "Thun"])[store % 3]
    table = pd.DataFrame(X, columns=list("abcde"))
    return table.assign(store=store + first, size=size[store], city=city), y


def test_a_past_that_deviates_in_few_directions_is_learned_on_from():
    old = model(covariance="full", pseudo_tasks=0).fit(*of_one_line(0, 30, 0))
    assert np.linalg.eigvalsh(inner(old).inner.covariance[:6, :6])[0] < 1e-12
    table, y = of_one_line(1, 6, 1000)
    new = clone(old).set_params(prior=old.prior_).fit(table, y)  # raised: a search ended at no variance along that line
    own = [Ridge(1e-9).fit(rows[list("abcde")], y[rows.index]) for _, rows in table.groupby("store")]
    spread = np.array([each.coef_ for each in own]).var(axis=0).mean()
    assert np.mean((new.predict(table) - y) ** 2) < spread


def test_more_columns_than_rows_are_refused_and_the_ways_out_work():
    rng, store = np.random.default_rng(0), np.repeat(np.arange(12), 4)
    size = rng.normal(size=12)[store]
    X, y = np.c_[rng.normal(size=(48, 101)), store, size], rng.normal(size=48) + size
    wide = WarmStartRegressor(Ridge(), task=101, context=[102])
    says = r"context: wanted at most 100 columns, or tasks .*found 101 columns and fewer rows in every task; .*PCA"
    with pytest.raises(ValueError, match=says):
        wide.fit(X, y)
    few = clone(wide).set_params(estimator=make_pipeline(PCA(2), Ridge())).fit(X, y)
    assert np.isfinite(few.predict(X)).all()
    alone = WarmStartRegressor(Ridge(), task=101).fit(X[:, :102], y)
    assert np.isfinite(alone.predict(X[:, :102])).all()


def test_pasts_that_cannot_be_learned_on_from():
    plain = model(context=None).fit(TABLE.drop(columns=CONTEXT), Y)
    with pytest.raises(ValueError, match=r"learned with context=\['size', 'city'\], found"):
        model().set_params(prior=plain.prior_).fit(TABLE, Y)
    forest = learned("step", context_model=FOREST)
    with pytest.raises(ValueError, match="wanted a linear map to learn on from, found RandomForestRegressor"):
        model(context_model=FOREST).set_params(prior=forest.prior_).fit(*make_stores(kind="step")[:2])


# Levels and descriptors ---------------------------------------------------------------------------------------


def in_regions(seed, effect, n_regions=16, n_stores=5, p=3):
    """Stores in regions that two numbers describe, of that effect on the region's mean, and the same of new regions."""
    rng = np.random.default_rng(seed)
    mean, effects = rng.normal(size=p), effect * rng.normal(size=(2, p))

    def draw(prefix):
        z = rng.normal(size=(n_regions, 2))
        means = mean + z @ effects + 0.4 * rng.normal(size=(n_regions, p))
        W = np.repeat(means, n_stores, axis=0) + 0.2 * rng.normal(size=(n_regions * n_stores, p))
        table, _, _ = make_stores(len(W), 8, p - 1, first=1000)
        store = np.repeat(np.arange(len(W)), 8)
        X = np.c_[table[[f"x{j}" for j in range(p - 1)]], np.ones(len(table))]
        region = store // n_stores
        table = table.drop(columns=CONTEXT).assign(region=[f"{prefix} {r}" for r in region])
        table = table.assign(z1=z[region, 0], z2=z[region, 1])
        return table, (X * W[store]).sum(axis=1) + 0.5 * rng.normal(size=len(X)), z, means

    return draw("region"), draw("new")


def nested(context):
    return WarmStartRegressor(Ridge(), task=["region", "store"], context=context)


def test_descriptors_of_regions_are_not_counted_as_if_stores_were_independent():
    """Deviations of new regions' means from what is expected, in units of what is said not to be known."""
    squares = {"nested": [], "flat": []}
    for seed in range(2):
        (table, y, _, _), (_, _, z, means) = in_regions(seed, 1.0)
        flat = model(["z1", "z2"]).fit(table.drop(columns="region"), y)
        for name, fitted in (("nested", tree := nested(["z1", "z2"]).fit(table, y)), ("flat", flat)):
            priors = [inner(fitted).given(z1=one, z2=two) for one, two in z]
            wrong = np.array([each.mean for each in priors]) - means
            squares[name].append(
                np.mean([e @ np.linalg.solve(each.mean_covariance, e) for e, each in zip(wrong, priors, strict=True)])
            )
        effects = inner(tree).inner.mean_covariance
        assert np.trace(effects[3:, 3:]) > 2.0 * np.trace(inner(flat).inner.mean_covariance[3:, 3:])
    assert np.mean(squares["nested"]) < 0.5 * np.mean(squares["flat"])


def test_a_known_region_is_known_together_with_what_its_descriptors_say():
    (table, y, _, means), _ = in_regions(0, 1.0)
    fitted = nested(["z1", "z2"]).fit(table, y)
    prior = inner(fitted)
    assert prior.taken and set(prior.context_names) == {"z1", "z2", "region"}
    for k in (0, 3, 7):
        at = table[table["region"] == f"region {k}"].iloc[0]
        known, new = prior.given(region=at["region"], z1=at["z1"], z2=at["z2"]), prior.given(z1=at["z1"], z2=at["z2"])
        assert np.linalg.norm(known.mean - means[k]) < 0.5
        # Apart, neither the region's mean at the mean of descriptors nor their effects are known as well as their sum.
        apart = prior.given(region=at["region"]).mean_covariance
        assert np.trace(known.mean_covariance) < np.trace(apart) and np.trace(known.covariance) < np.trace(
            new.covariance
        )


@pytest.mark.variations
def test_a_regressor_and_levels():
    (table, y, _, _), _ = in_regions(1, 1.5, n_regions=30)
    learner = EmpiricalBayes(context_model=FOREST)
    fitted = nested(["z1", "z2"]).set_params(learner=learner).fit(table, y)
    assert inner(fitted).taken and "around NestedPrior" in repr(fitted.prior_)
    at = table.iloc[0]
    assert np.isfinite(fitted.prior_.given(region=at["region"], z1=at["z1"], z2=at["z2"]).components[0].mean).all()


@pytest.mark.variations
def test_descriptors_of_regions_that_say_nothing_are_not_taken():
    taken = [inner(nested(["z1", "z2"]).fit(*in_regions(seed, 0.0)[0][:2])).taken for seed in range(3)]
    assert sum(taken) <= 1
