"""Priors of nested tasks: what is known of a region, of an unknown one, and what learning on from them keeps."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import Lasso, LogisticRegression, PoissonRegressor, Ridge
from variations import varied

from skmeta import EmpiricalBayes, StateSpace, SufficientStatistics
from skmeta.compose import MixturePrior
from skmeta.linear_model import GaussianPrior, NestedPrior, StructuredMixture
from skmeta.linear_model._structured._nested_prior import Nodes
from skmeta.tasks import Tasks

N_REGIONS, N_STORES, N_ROWS, N_FEATURES = 6, 6, 8, 2


def paths_of(levels):
    found = np.empty(len(next(iter(levels.values()))), dtype=object)
    found[:] = list(zip(*(values.tolist() for values in levels.values()), strict=True))
    return found


def collection(seed=0, kind="numbers", *, n_regions=N_REGIONS, n_stores=N_STORES):
    """Stores whose coefficients lie around those of their region, and the regions' means."""
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(n_regions), n_stores)
    means = rng.normal(size=(n_regions, N_FEATURES + 1))
    W = means[region] + 0.2 * rng.normal(size=(len(region), N_FEATURES + 1))
    X = rng.normal(size=(len(region), N_ROWS, N_FEATURES))
    eta = np.einsum("tnp,tp->tn", X, W[:, :-1]) + W[:, -1:]
    y = {
        "numbers": lambda: eta + 0.3 * rng.normal(size=eta.shape),
        "labels": lambda: (rng.random(eta.shape) < 1 / (1 + np.exp(-2 * eta))).astype(int),
        "counts": lambda: rng.poisson(np.exp(0.5 * eta)).astype(float),
    }[kind]()
    levels = {"region": np.array(list("abcdefghij"))[region], "store": np.arange(len(region))}
    classes = (np.array([0, 1]),) * len(region) if kind == "labels" else None
    codes = np.repeat(np.arange(len(region)), N_ROWS)
    flat = X.reshape(-1, N_FEATURES), y.ravel(), codes
    return Tasks(*flat, paths_of(levels), levels=levels, classes=classes), means


@pytest.fixture(scope="module")
def learned():
    tasks, means = collection()
    learner = EmpiricalBayes()
    return learner, learner.learn(Ridge(), tasks), tasks, means


def mean_of(prior):
    return prior.components[0].mean


def test_a_task_of_a_known_region_starts_there(learned):
    _, prior, _, means = learned
    for name, expected in zip("abcdef", means, strict=True):
        found = prior.given(region=name)
        assert isinstance(found, MixturePrior)
        assert type(found.components[0]) is GaussianPrior
        np.testing.assert_allclose(mean_of(found), expected, atol=0.45)  # four standard errors of six stores


def test_a_task_of_an_unknown_region_starts_from_all(learned):
    _, prior, _, _ = learned
    with pytest.warns(
        UserWarning, match=r"task: region='zz' was in no task that was learned from; it is taken to be at"
    ):
        unseen = prior.given(region="zz")
    for unknown in (unseen, prior.given()):
        np.testing.assert_array_equal(mean_of(unknown), mean_of(prior))
        np.testing.assert_array_equal(unknown.components[0].covariance, prior.covariance)


def test_less_is_known_of_a_region_that_was_never_seen(learned):
    _, prior, _, _ = learned
    known = prior.given(region="a").components[0]
    spread = known.dense_covariance() + known.mean_covariance
    assert np.trace(spread) < np.trace(prior.dense_covariance() + prior.mean_covariance)
    np.testing.assert_allclose(known.dense_covariance(), prior.covariances["store"])
    np.testing.assert_allclose(prior.dense_covariance(), sum(prior.covariances.values()))


def test_names_that_it_does_not_read_raise(learned):
    with pytest.raises(TypeError, match=r"wanted names among \['region'\], found \['regoin'\]"):
        learned[1].given(regoin="a")


def test_known_tasks_start_from_what_the_others_say(learned):
    """One task left out of what is learned, under the same law, has the prior that it is adapted from as a known one."""
    learner, prior, tasks, _ = learned
    adapted = learner.adapt_learned(prior, Ridge(), tasks)
    assert len(adapted.coef_) == len(tasks)
    own = learner._places._prior_of(3, prior.components[0])
    whole = prior.components[0]
    region = next(nodes for nodes in whole.nodes)
    # What region "a" knows is what the others say of it and what task 3 says of it.
    between = np.linalg.inv(region.mean_covariance[0]) - np.linalg.inv(own.mean_covariance)
    assert np.linalg.eigvalsh(between).min() > -1e-6


@varied(("kind", "estimator"), [("numbers", Lasso(0.1)), ("labels", LogisticRegression())])
def test_tasks_adapted_one_by_one_have_plain_estimators_too(kind, estimator):
    tasks, _ = collection(1, kind)
    learner = EmpiricalBayes()
    prior = learner.learn(estimator, tasks)
    adapted = learner.adapt_learned(prior, estimator, tasks)
    rows = adapted.predict(tasks.X[:N_ROWS], np.zeros(N_ROWS, dtype=np.intp))
    np.testing.assert_allclose(rows, adapted.estimator(0).predict(tasks.X[:N_ROWS]))
    assert adapted.borrowed.shape == (len(tasks),)


@varied(("kind", "estimator"), [("labels", LogisticRegression()), ("counts", PoissonRegressor())])
def test_labels_and_counts_have_regions_too(kind, estimator):
    tasks, means = collection(2, kind, n_stores=12)
    prior = EmpiricalBayes().learn(estimator, tasks)
    scale = {"labels": 2.0, "counts": 0.5}[kind]
    off = [np.ravel(mean_of(prior.given(region=name))) - scale * m for name, m in zip("abcdef", means, strict=True)]
    none = [np.ravel(mean_of(prior)) - scale * m for m in means]
    assert np.square(off).mean() < 0.25 * np.square(none).mean()


def test_tasks_of_both_levels_may_come_in_any_order(learned):
    _, prior, tasks, _ = learned
    order = np.random.default_rng(0).permutation(len(tasks))
    turned = EmpiricalBayes().learn(Ridge(), tasks.take(order))
    for name in "abcdef":
        np.testing.assert_allclose(mean_of(turned.given(region=name)), mean_of(prior.given(region=name)), atol=1e-6)


def test_learning_on_is_near_learning_at_once():
    tasks, _ = collection(3)
    first, second = np.arange(0, len(tasks), 2), np.arange(1, len(tasks), 2)
    known = EmpiricalBayes().learn(Ridge(), tasks.take(first))
    further = EmpiricalBayes().learn(Ridge(), tasks.take(second), known)
    at_once = EmpiricalBayes().learn(Ridge(), tasks)
    assert further.n_tasks == at_once.n_tasks == len(tasks)
    for name in "abcdef":
        doubt = np.sqrt(np.diagonal(at_once.given(region=name).components[0].mean_covariance))
        off = mean_of(further.given(region=name)) - mean_of(at_once.given(region=name))
        assert np.all(np.abs(off) < doubt)


def test_learning_on_from_one_task_keeps_what_is_known_of_other_regions(learned):
    _, prior, _, _ = learned
    new, _ = collection(4, n_regions=1, n_stores=1)
    further = EmpiricalBayes().learn(Ridge(), new, prior)
    doubt = np.sqrt(np.diagonal(prior.given(region="e").components[0].mean_covariance))
    off = mean_of(further.given(region="e")) - mean_of(prior.given(region="e"))
    assert np.all(np.abs(off) < 0.2 * doubt)


def test_a_new_region_joins_those_that_are_known(learned):
    prior = learned[1]
    new, _ = collection(5, n_regions=1)
    levels = {"region": np.array(["new"] * len(new)), "store": new.levels["store"]}
    new = Tasks(new.X, new.y, new.codes, paths_of(levels), levels=levels)
    further = EmpiricalBayes().learn(Ridge(), new, prior)
    assert further.nodes[0].ids.tolist() == [*"abcdef", "new"]
    assert np.abs(mean_of(further.given(region="new")) - mean_of(further)).max() > 0.1


def test_a_past_of_other_levels_raises(learned):
    tasks = learned[2]
    flat = EmpiricalBayes().learn(Ridge(), Tasks(tasks.X, tasks.y, tasks.codes, np.arange(len(tasks))))
    with pytest.raises(ValueError, match=r"learned with task=\['region', 'store'\]"):
        EmpiricalBayes().learn(Ridge(), tasks, flat)


def test_what_is_stored_comes_back(learned):
    _, prior, _, _ = learned
    stored = type(prior).from_dict({name: np.asarray(value) for name, value in prior.to_dict().items()})
    for other in (stored, pickle.loads(pickle.dumps(prior))):
        np.testing.assert_array_equal(mean_of(other.given(region="c")), mean_of(prior.given(region="c")))
        assert repr(other) == repr(prior)


def test_more_than_ten_levels_come_back_in_their_order():
    nodes = [Nodes(np.array([f"id{k}"]), np.zeros(1, int), np.full((1, 2), k), np.eye(2)[None]) for k in range(11)]
    levels = tuple(f"level{k}" for k in range(12))
    prior = NestedPrior([0.0, 0.0], np.eye(2), levels=levels, level_covariance=np.ones((12, 2, 2)), nodes=tuple(nodes))
    again = NestedPrior.from_dict(prior.to_dict())
    assert [each.ids.tolist() for each in again.nodes] == [[f"id{k}"] for k in range(11)]


def test_columns_may_come_in_another_order(learned):
    _, prior, _, _ = learned
    turned = prior.components[0].reorder([1, 0]).given(region="b")
    plain = prior.components[0].given(region="b").reorder([1, 0])
    np.testing.assert_array_equal(turned.mean, plain.mean)
    np.testing.assert_array_equal(turned.mean_covariance, plain.mean_covariance)


def test_it_says_what_regions_explain(learned):
    assert type(learned[1]) is StructuredMixture
    prior = learned[1].components[0]
    assert sum(prior.shares.values()) == pytest.approx(1.0)
    assert prior.shares["region"] > 0.8  # of a truth of .96
    assert repr(prior).startswith("NestedPrior(region: 6, store: 36; region explains 9")


def wide_collection():
    """Ten tasks of five rows and 120 columns, with the ids of nested tasks."""
    nested, _ = collection()
    rng, codes = np.random.default_rng(0), np.repeat(np.arange(10), 5)
    return Tasks(rng.normal(size=(50, 120)), rng.normal(size=50), codes, nested.ids[:10])


def of_rows(learner, tasks):
    return learner.learn(Ridge(), tasks)


def of_sums(learner, tasks):
    return learner.learn_statistics(SufficientStatistics.of_tasks(tasks))


@varied("n_stores", [N_STORES, N_STORES + 1])
@pytest.mark.parametrize("learner", [EmpiricalBayes("diagonal"), StateSpace(max_iter=3)], ids=["nested", "drifting"])
def test_other_tasks_are_not_taken_for_those_learned_from(learner, n_stores):
    learner, tasks, other = clone(learner), collection(0)[0], collection(1, n_stores=n_stores)[0]
    prior = learner.learn(Ridge(), tasks)
    assert learner.has_seen(tasks) and not learner.has_seen(other)
    found = learner.adapt_learned(prior, Ridge(), other).predict(other.X, other.codes)
    np.testing.assert_array_equal(found, prior.adapt_tasks(Ridge(), other).predict(other.X, other.codes))


@varied("learn", [of_sums, of_rows])
def test_a_learner_forgets_the_places_of_an_earlier_collection(learn):
    learner, tasks = EmpiricalBayes(n_components=1), wide_collection()
    learner.learn(Ridge(), collection()[0])
    assert learner._places is not None and hasattr(learner, "memberships_")
    prior = learn(learner, tasks)
    assert hasattr(learner, "memberships_") is (learn is of_rows)
    found = learner.adapt_learned(prior, Ridge(), tasks).coefficients
    np.testing.assert_array_equal(found, prior.adapt_tasks(Ridge(), tasks).coefficients)
