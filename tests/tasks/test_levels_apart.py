"""Levels of nested tasks that cannot be told apart, or that come in the wrong order, are named when a model is fitted."""

import warnings

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from variations import varied

from skmeta import WarmStartRegressor
from skmeta.linear_model import StateSpace
from skmeta.tasks._levels_apart import alike_levels

pytestmark = pytest.mark.quick
pd = pytest.importorskip("pandas")

N_REGIONS, N_STORES, N_ROWS = 6, 4, 5


@pytest.fixture(scope="module")
def sales():
    """Stores in regions, in one country, each of one owner; and rows of four years."""
    rng = np.random.default_rng(0)
    region, store, row = (each.ravel() for each in np.indices((N_REGIONS, N_STORES, N_ROWS)))
    store = region * N_STORES + store
    names = {name: [f"{name[0]}{code}" for code in codes] for name, codes in (("region", region), ("store", store))}
    x = rng.normal(size=len(store))
    X = pd.DataFrame({"country": "DE", **names, "owner": [f"o{code}" for code in store], "year": 2000 + row, "x": x})
    y = x + rng.normal(size=N_REGIONS)[region] + rng.normal(size=N_REGIONS * N_STORES)[store]
    return X, y + 0.3 * rng.normal(size=len(x))


def fitted(sales, task, prior=None):
    """A model and what its fit said."""
    X, y = sales
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        model = WarmStartRegressor(Ridge(), task=task, prior=prior).fit(X[[*task, "x"]], y)
    return model, [str(each.message) for each in said]


@varied(
    ("task", "unknown", "out", "left"),
    [
        (["country", "region", "store"], ["country"], "country", "['region', 'store']"),
        (["country", "store"], ["country"], "country", "'store'"),
        (["owner", "store"], ["owner", "store"], "owner", "'store'"),
        (["region", "owner", "store"], ["owner", "store"], "owner", "['region', 'store']"),
    ],
    keep=2,
)
def test_of_levels_that_cannot_be_told_apart_there_is_no_number(sales, task, unknown, out, left):
    model, said = fitted(sales, task)
    assert len(said) == 1 and said[0].startswith("task: wanted several ")
    assert said[0].endswith(f"leave {out!r} out: task={left}.")
    prior, known = model.prior_, [name for name in task if name not in unknown]
    assert [name for name, share in prior.shares.items() if np.isnan(share)] == unknown
    numbers = [sentence for sentence in prior.in_words if "%" in sentence]
    assert len(numbers) == any(name in known for name in task[:-1])
    assert not any(name in sentence for sentence in numbers for name in unknown)
    (without_number,) = [sentence for sentence in prior.in_words if "%" not in sentence]
    assert all(name in without_number for name in unknown)
    # What differs is shared among the levels that differ.
    told = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(sales[0][["region", "store", "x"]], sales[1])
    if "region" in task:
        assert prior.shares["region"] == pytest.approx(told.prior_.shares["region"], rel=1e-3)


def test_of_levels_that_are_told_apart_nothing_is_said(sales):
    model, said = fitted(sales, ["region", "store"])
    assert said == [] and sum(model.prior_.shares.values()) == pytest.approx(1.0)
    X, y = sales
    one = (X.region == "r0").to_numpy()
    # Other regions told levels apart before.
    on, said = fitted((X[one], y[one]), ["region", "store"], model.prior_)
    assert said == [] and not np.isnan(list(on.prior_.shares.values())).any()


def test_levels_are_alike_until_a_second_task_comes(sales):
    X, y = sales
    first = X.owner.isin([f"o{code}" for code in range(12)]).to_numpy()
    model, _ = fitted((X[first], y[first]), ["owner", "store"])
    assert model.prior_.one_task_each
    again, _ = fitted((X[~first], y[~first]), ["owner", "store"], model.prior_)
    assert again.prior_.one_task_each
    known = X[~first].assign(owner=[f"o{int(code[1:]) % 12}" for code in X.owner[~first]])
    with_more, _ = fitted((known, y[~first]), ["owner", "store"], model.prior_)
    assert not with_more.prior_.one_task_each and not np.isnan(list(with_more.prior_.shares.values())).any()


def test_levels_in_the_wrong_order_are_asked_about(sales):
    _, said = fitted(sales, ["store", "region"])
    assert said == [
        "task: wanted columns outermost first, found 24 'store' before 6 'region', each of the first with one of the second "
        "alone; did you mean task=['region', 'store']?"
    ]
    _, said = fitted(sales, ["country", "store", "region"])
    assert any(each.endswith("did you mean task=['country', 'region', 'store']?") for each in said)
    assert not any("crossed" in each for each in said)


def test_a_time_that_is_not_innermost_is_asked_about(sales):
    X, y = sales
    model = WarmStartRegressor(Ridge(), task=["year", "store"], learner=StateSpace())
    with pytest.raises(ValueError, match=r"^store: wanted dates .*did you mean task=\['store', 'year'\]\?"):
        model.fit(X[["year", "store", "x"]], y)


def test_pairs_of_levels_change_together_where_each_node_has_one_below():
    assert alike_levels(["a", "b", "c"], [2, 4, 8]) == []
    assert alike_levels(["a", "b", "c"], [1, 1, 8]) == []  # each is told by being one
    assert alike_levels(["a", "b", "c"], [4, 4, 4]) == [("a", "b"), ("b", "c")]
