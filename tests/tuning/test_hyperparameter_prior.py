"""What past tuning taught, as a value: made, asked, updated, stored; and what it makes of any history."""

import pickle
import re
import warnings
from dataclasses import FrozenInstanceError, fields
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.testing import assert_array_equal
from round_trips import WAYS
from scipy.stats import loguniform, norm, randint, rv_discrete, uniform
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine, make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from skmeta import HyperparameterPrior, TrialHistory
from skmeta.tuning import _hyperparameter
from skmeta.tuning._hyperparameter import read_prior
from skmeta.tuning._space import Space
from skmeta.tuning._warm_start_search import WarmStartSearchCV

PIPE = make_pipeline(StandardScaler(), SVC())
GRID = {"svc__C": [0.01, 1.0, 100.0], "svc__gamma": [0.01, 0.1]}
SPACE = {"svc__C": loguniform(0.001, 1000), "svc__gamma": loguniform(0.001, 10)}
PAST = {
    "iris": load_iris(return_X_y=True),
    "wine": load_wine(return_X_y=True),
    "made": make_classification(120, 5, random_state=0),
}
X_NEW, Y_NEW = make_classification(90, 6, random_state=1)


def searched(grid=GRID, estimator=PIPE):
    history = TrialHistory()
    for name, (X, y) in PAST.items():
        history.add(GridSearchCV(estimator, grid, cv=3).fit(X, y), task=name)
    return history


HISTORY = searched()
PRIOR = HyperparameterPrior.from_history(HISTORY)


def table(scores, **values):
    """A table of trials: what it was scored, by the values of some parameters."""
    return [
        dict(zip(values, row, strict=True)) | {"score": s} for s, *row in zip(scores, *values.values(), strict=True)
    ]


def bowls(n_tasks=3, n=12, best=0.7, seed=0):
    """A history of parameter x, of which past tasks were best about one place."""
    history = TrialHistory()
    for t in range(n_tasks):
        x = np.random.default_rng([seed, t]).uniform(size=n)
        history.add(table(-np.square(x - best - 0.01 * t), x=x), task=f"t{t}")
    return history


def assert_same_past(one, two):
    assert one.encoder == two.encoder and one.names == two.names
    for field in fields(one):
        if field.name not in ("encoder", "names"):
            np.testing.assert_allclose(
                getattr(one, field.name), getattr(two, field.name), rtol=1e-10, atol=1e-10, err_msg=field.name
            )


# What a user writes -----------------------------------------------------------------------------------------


def test_it_is_made_from_a_history_that_was_saved(tmp_path):
    HISTORY.save(tmp_path / "svc.json")
    prior = HyperparameterPrior.from_history(TrialHistory.load(tmp_path / "svc.json"))
    assert prior.portfolio(4) == PRIOR.portfolio(4)
    assert prior.history == HISTORY and prior.record == PRIOR.record


def test_a_portfolio_is_what_a_grid_search_takes():
    portfolio = PRIOR.portfolio(4)
    assert len(portfolio) == 4 and all(set(candidate) == set(GRID) for candidate in portfolio)
    search = GridSearchCV(PIPE, portfolio, cv=3).fit(X_NEW, Y_NEW)
    assert search.cv_results_["params"] == [{n: v for n, (v,) in candidate.items()} for candidate in portfolio]
    assert len(PRIOR.portfolio(99)) == 6  # all that was tried, each once
    assert len({repr(candidate) for candidate in PRIOR.portfolio(99)}) == 6
    assert PRIOR.portfolio(99)[:4] == portfolio


def test_a_default_is_the_best_on_the_whole():
    model = clone(PIPE).set_params(**PRIOR.default())
    assert model.fit(X_NEW, Y_NEW).score(X_NEW, Y_NEW) > 0.8
    means = {}
    for trial in HISTORY:
        own = [other.mean_test_score for other in HISTORY[trial.task]]
        rank = np.mean(np.array(own) < trial.mean_test_score) + np.mean(np.array(own) <= trial.mean_test_score)
        means.setdefault(tuple(trial.params.items()), []).append(rank)
    best = max(means, key=lambda params: np.mean(means[params]))
    assert PRIOR.default() == dict(best) == {name: value for name, (value,) in PRIOR.portfolio(1)[0].items()}


def test_a_search_starts_from_it():
    settings = {"n_iter": 3, "cv": 3, "random_state": 0}
    search = WarmStartSearchCV(PIPE, SPACE, prior=PRIOR, **settings).fit(X_NEW, Y_NEW)
    assert search.cv_results_["origin"].tolist() == ["portfolio", "model", "model"]
    assert search.prior_.history == PRIOR.history + search.history_
    again = WarmStartSearchCV(PIPE, SPACE, prior=HISTORY, **settings).fit(X_NEW, Y_NEW)
    assert again.cv_results_["params"] == search.cv_results_["params"]


def test_suggestions_by_ask_and_tell():
    space, trials = {"x": uniform(0, 1)}, []
    prior = HyperparameterPrior.from_history(bowls())
    for _ in range(8):  # one of them where nothing was tried
        (params,) = prior.suggest(space, trials, random_state=0)
        trials.append(params | {"score": -abs(params["x"] - 0.75)})
    assert abs(trials[0]["x"] - 0.71) < 0.05
    assert max(trial["score"] for trial in trials) > max(-0.03, trials[0]["score"])
    assert len({trial["x"] for trial in trials}) == len(trials)
    assert all(
        prior.suggest(space, none, random_state=0) == prior.suggest(space, random_state=0)
        for none in ([], TrialHistory())
    )


@pytest.mark.parametrize("method", ["auto", "task_gp", "rgpe", "portfolio", "gp"])
def test_suggestions_are_the_same_given_the_same_seed(method):
    trials = table([0.1, 0.5, 0.3, 0.2], svc__C=[0.1, 1.0, 5.0, 7.0], svc__gamma=[0.1, 0.2, 0.3, 0.5])
    asked = {"trials": trials, "n_suggestions": 3, "method": method}
    one, two = (PRIOR.suggest(SPACE, random_state=seed, **asked) for seed in (0, np.random.RandomState(0)))
    assert one == two and len({repr(params) for params in one}) == 3
    assert PRIOR.suggest(SPACE, random_state=1, **asked) != one


@pytest.mark.parametrize("kind", ["list", "mapping", "pandas", "polars", "search", "history"])
def test_trials_so_far_come_in_any_form(kind):
    trials = table([0.5, 0.75, 0.25], svc__C=[1.0, 2.0, 3.0], svc__gamma=[0.1, 0.2, 0.3])
    frame = pd.DataFrame(trials)
    search = GridSearchCV(PIPE, {"svc__C": [1.0]})
    search.cv_results_ = {"params": [{"svc__C": t["svc__C"], "svc__gamma": t["svc__gamma"]} for t in trials]}
    search.cv_results_["mean_test_score"], search.multimetric_ = frame["score"].to_numpy(), False
    forms = {
        "list": trials,
        "mapping": frame.to_dict(orient="list"),
        "pandas": frame,
        "polars": pl.DataFrame(trials),
        "search": search,
        "history": TrialHistory().add(trials, task="now"),
    }
    assert PRIOR.suggest(SPACE, forms[kind], random_state=0) == PRIOR.suggest(SPACE, trials, random_state=0)


def test_suggestions_among_some_candidates():
    only = [{"svc__C": 1.0, "svc__gamma": 0.1}, {"svc__C": 1e-3, "svc__gamma": 10.0}]
    assert PRIOR.suggest(SPACE, candidates=only) == only[:1]
    assert PRIOR.suggest(SPACE, [only[0] | {"score": 0.0}], candidates=only, n_suggestions=9) == only[1:]


# Today's space, and values of the past ---------------------------------------------------------------------


def test_old_values_outside_the_space_are_never_proposed_but_matter():
    prior = HyperparameterPrior.from_history(bowls(best=0.9))
    low = {"x": uniform(0, 0.6)}
    for asked in (
        lambda space: prior.suggest(space, n_suggestions=8, random_state=0),
        lambda s: flat(prior.portfolio(8, s)),
    ):
        suggestions = asked(low)
        assert all(0 <= params["x"] <= 0.6 for params in suggestions)
        assert suggestions[0]["x"] > 0.55  # towards where it was best
    assert prior.portfolio(1)[0]["x"][0] > 0.8
    assert flat(prior.portfolio(3, {"x": [0.0, 0.5, 0.4]})) == [{"x": 0.5}, {"x": 0.4}, {"x": 0.0}]


def flat(portfolio):
    return [{name: value for name, (value,) in candidate.items()} for candidate in portfolio]


def test_a_parameter_that_was_left_alone_has_the_value_it_then_had():
    history = TrialHistory()
    for name, kernel, scores in (("a", "rbf", [3.0, 5.0]), ("b", "rbf", [4.0, 6.0]), ("c", "linear", [1.0, 0.5])):
        search = GridSearchCV(SVC(kernel=kernel), {"C": [1.0, 10.0]})
        search.cv_results_, search.multimetric_ = (
            {"params": [{"C": 1.0}, {"C": 10.0}], "mean_test_score": scores},
            False,
        )
        history.add(search, task=name)
    history.add(table([1.0, 9.0, 2.0], C=[1.0, 1.0, 10.0], kernel=["linear", "rbf", "linear"]), task="d")
    prior = HyperparameterPrior.from_history(history)
    assert prior.searched == ("C", "kernel")
    assert {"C": [10.0], "kernel": ["rbf"]} in prior.portfolio(9)  # whole candidates, of tasks that searched C alone
    assert {"C": [1.0], "kernel": ["linear"]} in prior.portfolio(9)
    assert prior.default({"C": [10.0], "kernel": ["linear", "rbf"]})["kernel"] == "rbf"
    assert {"C": 10.0, "kernel": "rbf"} in prior.adopted(Space.of({"C": loguniform(1, 100), "kernel": ["rbf"]}))


def test_a_portfolio_of_a_space_has_none_twice_and_no_more_than_there_are():
    for space, n in (({"x": [0.1, 0.5]}, 2), ({"x": [0.1, 0.5], "new": ["a", "b", "a"]}, 4)):
        portfolio = HyperparameterPrior.from_history(bowls()).portfolio(9, space)
        assert len({repr(candidate) for candidate in portfolio}) == len(portfolio) == n
    whole = flat(HyperparameterPrior.from_history(bowls()).portfolio(3, {"x": uniform(0, 1), "n": randint(0, 3)}))
    assert all(isinstance(params["n"], int) for params in whole)


def test_a_portfolio_of_a_space_has_what_was_best_in_the_past():
    names, history = "abcdef", TrialHistory()
    for t in range(4):
        rows = [np.full(6, 0.7), *np.random.default_rng(t).uniform(size=(20, 6))]
        history.add([dict(zip(names, x, strict=True)) | {"score": -np.square(x - 0.7).sum()} for x in rows], task=t)
    prior = HyperparameterPrior.from_history(history)
    assert prior.default({name: uniform(0, 1) for name in names}) == dict.fromkeys(names, 0.7) == prior.default()


def test_estimators_in_a_history_need_the_space():
    steps = [SVC(C=1.0), LogisticRegression()]
    grid = {"svc": steps, "standardscaler": [StandardScaler(), MinMaxScaler()]}
    prior = HyperparameterPrior.from_history(searched(grid))
    for asked in (prior.default, lambda: prior.portfolio(2)):
        with pytest.raises(ValueError, match="param_distributions: wanted the space, as past values are no plain data"):
            asked()
    portfolio = prior.portfolio(4, grid)
    assert len(portfolio) == 4 and all(repr(own["svc"][0]) in map(repr, steps) for own in portfolio)
    assert GridSearchCV(PIPE, portfolio, cv=3).fit(X_NEW, Y_NEW).best_score_ > 0.5
    fresh = {"svc": [SVC(C=1.0), RandomForestClassifier(5)], "svc__random_state": [0]}
    chosen = prior.suggest(fresh, n_suggestions=2, random_state=0)
    assert {repr(params["svc"]) for params in chosen} == {repr(step) for step in fresh["svc"]}
    # Told as a fitted search, which keeps descriptions alone, they are known again.
    told = RandomizedSearchCV(PIPE, {"svc": fresh["svc"], "svc__random_state": [0]}, n_iter=1, cv=2, random_state=0)
    told.fit(X_NEW, Y_NEW)
    (left,) = prior.suggest(fresh, told, n_suggestions=9)
    assert repr(left["svc"]) in map(repr, fresh["svc"]) and repr(left) != repr(told.best_params_)


def test_trials_told_with_other_kinds_of_numbers_are_known_again():
    prior = HyperparameterPrior.from_history(bowls())
    space = {"x": [0.0, 1.0], "n": [1, 2]}
    told = pd.DataFrame(table([1.0, 2.0, 3.0], x=[0, 1, 0], n=[1.0, 2.0, 2.0]))
    assert prior.suggest(space, told, n_suggestions=9) == [{"x": 1.0, "n": 1}]


def test_nothing_in_common_warns_and_is_cold():
    space = {"alpha": loguniform(0.01, 1), "beta": [1, 2, 3]}
    with pytest.warns(UserWarning, match="the search starts cold") as told:
        assert PRIOR.suggest(space, random_state=0)[0].keys() == space.keys()
    assert told[0].filename == __file__
    for asked in (partial(PRIOR.default, space), partial(PRIOR.portfolio, 3, space)):
        with pytest.raises(ValueError, match=r"one of \['svc__C', 'svc__gamma'\], found \['alpha', 'beta'\]"):
            asked()


@pytest.mark.parametrize(
    ("law", "possible"),
    [
        (rv_discrete(values=([1, 2, 5], [0.2, 0.5, 0.3])), {1, 2, 5}),
        (norm(3.0, 0.2), {3.0}),  # two and four are five deviations off
        (SimpleNamespace(rvs=lambda random_state: int(random_state.choice([2, 4, 6]))), {2, 4, 6}),
        (SimpleNamespace(rvs=lambda random_state: random_state.choice([0.5, 2.0])), {0.5, 2.0}),
    ],
    ids=["discrete", "normal", "few whole numbers", "few numbers"],
)
def test_nothing_of_the_past_is_given_that_is_not_drawn(law, possible):
    prior = HyperparameterPrior.from_history(
        TrialHistory().add([{"degree": d, "score": -abs(d - 3)} for d in (1, 2, 3, 4, 5)], task="a")
    )
    for law_of_draws in ({"degree": law}, [{"degree": law}]):
        adopted = {own["degree"] for own in prior.adopted(Space.of(law_of_draws))}
        assert adopted == possible & {1, 2, 3, 4, 5}


def test_estimators_that_are_given_are_the_receivers():
    space = [{"svc": [SVC()], "svc__C": [0.1, 10.0]}]
    history = TrialHistory().add([{"svc": SVC(), "svc__C": 10.0, "score": 1.0}], task="a")
    prior = HyperparameterPrior.from_history(history)
    (given,) = prior.suggest(space, random_state=0)
    for own in (prior.default(space), given, {"svc": prior.portfolio(1, space)[0]["svc"][0]}):
        assert own["svc"] is not space[0]["svc"][0] and repr(own["svc"]) == "SVC()"


# A value ------------------------------------------------------------------------------------------------------


def test_nothing_of_it_can_be_changed():
    with pytest.raises(FrozenInstanceError):
        PRIOR.record = ""
    with pytest.raises(FrozenInstanceError):
        del PRIOR.past
    assert not hasattr(PRIOR, "fit") and not hasattr(PRIOR, "get_params") and not hasattr(PRIOR, "set_params")
    assert not hasattr(PRIOR, "__len__") and not hasattr(PRIOR, "__getitem__")
    assert_frozen(PRIOR)


def assert_frozen(prior):
    arrays = [value for value in vars(prior.past).values() if isinstance(value, np.ndarray)]
    assert len(arrays) >= 6 and not any(array.flags.writeable for array in arrays)


def test_clone_shares_it():
    search = WarmStartSearchCV(PIPE, SPACE, prior=PRIOR)
    assert clone(PRIOR) is PRIOR and clone(search).prior is PRIOR


def test_it_is_equal_to_one_of_the_same_trials():
    again = HyperparameterPrior.from_history(HISTORY)
    assert again == PRIOR and hash(again) == hash(PRIOR) and again is not PRIOR
    assert PRIOR.update([{"svc__C": 1.0, "score": 1.0}], task="more") != PRIOR and PRIOR != HISTORY


def test_what_is_asked_of_it_does_not_change_it():
    history = TrialHistory().add([{"w": [1, 2], "score": 1.0}, {"w": [3, 4], "score": 2.0}], task="t")
    prior = HyperparameterPrior.from_history(history)
    before = pickle.dumps(prior)
    prior.default()["w"].append(99)
    prior.history.add([{"w": [5], "score": 9.0}], task="t")
    prior.history["t"][0].params["w"] = "gone"
    history.add([{"w": [5], "score": 9.0}], task="t")
    prior.suggest({"w": [[1, 2], [7]]}, n_suggestions=2)
    prior.update([{"w": [5], "score": 9.0}], task="t")
    assert pickle.dumps(prior) == before
    assert prior.default() == {"w": [3, 4]} and len(prior.history) == 2
    assert prior.portfolio(9) == [{"w": [[3, 4]]}, {"w": [[1, 2]]}]


def test_its_face_is_one_line():
    assert repr(PRIOR) == "HyperparameterPrior(n_tasks=3, n_trials=18, searched=['svc__C', 'svc__gamma'])"
    many = TrialHistory().add([dict.fromkeys("gfedcba", 1) | {"score": 1.0}], task=7)
    prior = HyperparameterPrior.from_history(many)
    assert repr(prior) == "HyperparameterPrior(n_tasks=1, n_trials=1, searched=['a', 'b', 'c', 'd', 'e', '...'])"
    assert prior.tasks == (7,) and PRIOR.tasks == ("iris", "made", "wine") and PRIOR.searched == tuple(GRID)


MIXED = HyperparameterPrior.from_history(
    searched({"svc": [SVC(), LogisticRegression()]}).add(
        [{"svc__C": 1, "odd": None, "score": np.nan}, {"svc__C": 2.5, "odd": (1, "x"), "score": 0.5}], task=3
    )
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("prior", [PRIOR, MIXED], ids=["numbers", "all kinds"])
def test_it_comes_back_the_same(prior, way, tmp_path):
    again = way(prior, tmp_path)
    space = SPACE if prior is PRIOR else {"svc": [SVC(), LogisticRegression()]}
    assert_frozen(again)
    assert_same_past(again.past, prior.past)
    assert clone(again) is again and repr(again) == repr(prior) and again.history == prior.history
    assert repr(again.portfolio(4, space)) == repr(prior.portfolio(4, space))
    trials = [] if prior is MIXED else table([0.5, 0.75], svc__C=[1.0, 2.0], svc__gamma=[0.1, 0.2])
    asked = [value.suggest(space, trials, n_suggestions=2, random_state=0) for value in (again, prior)]
    assert repr(asked[0]) == repr(asked[1])


# What makes another one of it -----------------------------------------------------------------------------------


def test_an_update_is_made_of_the_sum():
    more = bowls(2, seed=5)
    prior = HyperparameterPrior.from_history(bowls())
    new = prior.update(more)
    wanted = HyperparameterPrior.from_history(bowls() + more)
    assert new.history == wanted.history and new.record == wanted.record
    assert_same_past(new.past, wanted.past)
    assert prior.update(more).portfolio(3) == wanted.portfolio(3)
    assert len(prior.history) == 36  # as it was


def test_an_update_takes_any_search():
    grid = GridSearchCV(PIPE, {"svc__C": [1.0, 5.0]}, cv=3).fit(X_NEW, Y_NEW)
    new = PRIOR.update(grid, task="new")
    assert new.history == PRIOR.history + TrialHistory().add(grid, task="new")
    warm = WarmStartSearchCV(PIPE, SPACE, prior=PRIOR, n_iter=2, cv=3, random_state=0).fit(X_NEW, Y_NEW)
    assert PRIOR.update(warm).history == warm.prior_.history
    assert PRIOR.update(warm, task="named").tasks == ("iris", "made", "named", "wine")
    several = GridSearchCV(PIPE, {"svc__C": [1.0]}, scoring=["accuracy", "f1"], refit=False, cv=3).fit(X_NEW, Y_NEW)
    with pytest.warns(UserWarning, match="the score of the other tasks"):
        new = PRIOR.update(several, task="new", metric="f1")
    assert new.history["new"][0].scoring == "f1"


def test_the_same_trials_again_change_nothing():
    assert_same_past(PRIOR.update(HISTORY).past, PRIOR.past)
    assert PRIOR.update(HISTORY).record == PRIOR.record


def test_the_order_of_tasks_changes_nothing():
    parts = [bowls(1, n=8, seed=seed) for seed in range(3)]
    named = []
    for i, part in enumerate(parts):
        named.append(TrialHistory().add([t.params | {"score": t.mean_test_score} for t in part], task=f"n{i}"))
    one = HyperparameterPrior.from_history(named[0] + named[1] + named[2])
    two = HyperparameterPrior.from_history(named[2] + named[0] + named[1])
    assert_same_past(one.past, two.past)
    assert one.portfolio(5) == two.portfolio(5) and one.tasks == two.tasks


def test_failed_trials_teach_nothing():
    failed = [{"x": 500.0, "score": np.nan}, {"x": -3.0, "score": -np.inf}]
    prior = HyperparameterPrior.from_history(bowls().add(failed, task="t0"))
    assert prior.portfolio(9) == HyperparameterPrior.from_history(bowls()).portfolio(9)
    with pytest.warns(UserWarning, match="a score in each task, found none of 'broken'"):
        prior = HyperparameterPrior.from_history(bowls().add(failed, task="broken"))
    assert prior.tasks == ("t0", "t1", "t2") and len(prior.history) == 38


@pytest.mark.parametrize("n_trials", [1, 2, 4])
@pytest.mark.parametrize("n_tasks", [1, 2])
@pytest.mark.parametrize("score", [0.1, None], ids=["constant", "different"])
def test_the_smallest_histories(n_tasks, n_trials, score):
    history = TrialHistory()
    for t in range(n_tasks):
        x = np.linspace(0.1, 0.9, n_trials)
        history.add(table(x if score is None else np.full(n_trials, score), x=x), task=t)
    prior = HyperparameterPrior.from_history(history)
    assert len(prior.portfolio(9)) == n_trials
    if score is None:
        assert prior.default() == {"x": np.linspace(0.1, 0.9, n_trials)[-1]}
    for trials in ([], table([1.0], x=[0.5]), table([1.0, 1.0, np.nan, 2.0, 3.0], x=[0.5, 0.6, 0.7, 0.3, 0.2])):
        (params,) = prior.suggest({"x": uniform(0, 1)}, trials, random_state=0)
        assert 0 <= params["x"] <= 1


# Bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "error", "words"),
    [
        (
            lambda: HyperparameterPrior.from_history(TrialHistory()),
            ValueError,
            "history: wanted past trials, found none",
        ),
        (lambda: HyperparameterPrior.from_history([1]), TypeError, "history: wanted a TrialHistory, found list"),
        (lambda: HyperparameterPrior.from_history(None), TypeError, "history: wanted a TrialHistory, found NoneType"),
        (
            lambda: HyperparameterPrior.from_history(TrialHistory().add([{"x": 1, "score": np.nan}], task="t")),
            ValueError,
            "history: wanted trials with scores, found 1 whose scores are all nan",
        ),
        (lambda: PRIOR.portfolio(0), ValueError, "k: wanted a whole number of at least 1, found 0"),
        (lambda: PRIOR.portfolio(-1), ValueError, "k: wanted .* found -1"),
        (lambda: PRIOR.portfolio(2.0), ValueError, "k: wanted .* found 2.0"),
        (lambda: PRIOR.portfolio(True), ValueError, "k: wanted .* found True"),
        (lambda: PRIOR.portfolio(None), ValueError, "k: wanted .* found None"),
        (lambda: PRIOR.portfolio(2, {}), ValueError, "param_distributions: wanted"),
        (lambda: PRIOR.default({"svc__C": 3.0}), TypeError, "param_distributions"),
        (lambda: PRIOR.suggest(SPACE, n_suggestions=0), ValueError, "n_suggestions: wanted .* found 0"),
        (lambda: PRIOR.suggest(SPACE, method="atuo"), ValueError, "method: wanted one of .*'auto'.* found 'atuo'"),
        (lambda: PRIOR.suggest(SPACE, method=None), ValueError, "method: wanted one of .* found None"),
        (lambda: PRIOR.suggest(SPACE, 5), TypeError, "search: wanted a fitted search"),
        (lambda: PRIOR.suggest(SPACE, [{"svc__C": 1.0}]), ValueError, "metric: wanted the name of one score"),
        (lambda: PRIOR.suggest([1]), TypeError, "param_distributions"),
        (lambda: PRIOR.update([{"x": 1, "score": 1.0}]), ValueError, "task: wanted the name of the dataset that list"),
        (lambda: PRIOR.update(GridSearchCV(PIPE, GRID)), ValueError, "task: wanted .*GridSearchCV searched on"),
        (lambda: PRIOR.update(GridSearchCV(PIPE, GRID), task="t"), ValueError, "search: wanted a fitted search"),
        (
            lambda: PRIOR.update(GridSearchCV(PIPE, GRID, scoring="f1_macro", cv=3).fit(*PAST["wine"]), task="wine"),
            ValueError,
            "task: wanted trials of 'wine' scored by 'accuracy'",
        ),
        (lambda: read_prior({"C": 1}), TypeError, "prior: wanted a HyperparameterPrior .* found a dict"),
        (lambda: read_prior("auto"), TypeError, "prior: wanted a HyperparameterPrior .* found str"),
    ],
)
def test_what_makes_no_sense_is_said(made, error, words):
    with pytest.raises(error, match=words):
        made()


def test_what_a_user_may_pass_as_a_prior():
    assert read_prior(None) is None and read_prior(PRIOR) is PRIOR
    assert read_prior(HISTORY).portfolio(3) == PRIOR.portfolio(3)


def test_many_trials_are_asked_in_no_time():
    """Each step once was a look at the whole record."""
    rng, history = np.random.default_rng(0), TrialHistory()
    for t in range(6):
        x, y = rng.uniform(size=(2, 40))
        history.add(table(-np.square(x - 0.5) - y, x=x, y=y), task=t)
    prior = HyperparameterPrior.from_history(history)
    reads = []
    original = TrialHistory.from_text

    def counted(text):
        reads.append(text)
        return original(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrialHistory, "from_text", staticmethod(counted))
        prior.portfolio(5)
        prior.suggest({"x": uniform(0, 1), "y": uniform(0, 1)}, random_state=0)
        repr(prior)
    assert len(reads) <= 1
    assert_array_equal(prior.past.known.sum(axis=1), 40)


def test_of_very_many_the_best_of_each_task_are_looked_at(monkeypatch):
    monkeypatch.setattr(_hyperparameter, "_MAX_PORTFOLIO_PAST", 6)
    monkeypatch.setattr(_hyperparameter, "_MAX_ADOPTED", 3)
    prior = HyperparameterPrior.from_history(bowls())
    ranked = {name: sorted(prior.history[name], key=lambda t: -t.mean_test_score) for name in prior.tasks}
    assert {params["x"] for params in flat(prior.portfolio(99))} == {
        t.params["x"] for r in ranked.values() for t in r[:2]
    }
    assert prior.adopted(Space.of({"x": uniform(0, 1)})) == [trials[0].params for trials in ranked.values()]


def test_it_says_where_a_warning_comes_from():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        HyperparameterPrior.from_history(bowls().add([{"x": 1.0, "score": np.nan}], task="broken"))
        PRIOR.suggest({"other": [1, 2]})
    assert [Path(warning.filename).name for warning in caught] == [Path(__file__).name] * 2
    assert re.match("history: ", str(caught[0].message)) and re.match("prior: ", str(caught[1].message))


def test_errors_of_today_are_read_as_the_user_says():
    space, prior = {"x": uniform(0, 1)}, HyperparameterPrior.from_history(bowls())
    errors = [{"x": x, "rmse": abs(x - 0.3)} for x in np.linspace(0, 1, 9)]
    scores = [{"x": each["x"], "score": -each["rmse"]} for each in errors]
    said = {"metric": "rmse", "greater_is_better": False}
    assert prior.suggest(space, errors, random_state=0, **said) == prior.suggest(space, scores, random_state=0)
    assert prior.update(errors, task="now", **said).default() == prior.update(scores, task="now").default()
