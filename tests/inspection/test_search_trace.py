"""SearchTraceDisplay draws the best so far of any search, and where each trial came from."""

import sys

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from sklearn.datasets import load_iris, make_regression
from sklearn.exceptions import NotFittedError
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, ParameterGrid, RandomizedSearchCV
from sklearn.tree import DecisionTreeClassifier

from skmeta import HyperparameterPrior, TrialHistory
from skmeta.inspection import SearchTraceDisplay
from skmeta.tuning._warm_start_search import WarmStartSearchCV

mpl.use("Agg")
import matplotlib.pyplot as plt

pytestmark = pytest.mark.quick

X, y = load_iris(return_X_y=True)
TREE = DecisionTreeClassifier(random_state=0)
GRID = {"max_depth": [1, 2, 3], "min_samples_leaf": [1, 10, 40]}
SETTINGS = {"n_iter": 5, "cv": 3, "random_state": 0}
BOTH = ["filled: better than all before", "hollow: not better"]
HALVING = {"cv": 3, "min_resources": 30, "random_state": 0}


@pytest.fixture(autouse=True)
def close_figures():
    plt.close("all")  # those of examples in docstrings, which run in the same process
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def searches():
    notes = [{**params, "score": -params["min_samples_leaf"]} for params in ParameterGrid(GRID)]
    prior = HyperparameterPrior.from_history(TrialHistory().add(notes, task="notes"))
    made = {
        "warm": WarmStartSearchCV(TREE, GRID, prior=prior, **SETTINGS),
        "cold": WarmStartSearchCV(TREE, GRID, **SETTINGS),
        "random": RandomizedSearchCV(TREE, GRID, **SETTINGS),
        "grid": GridSearchCV(TREE, GRID, cv=3),
        "halving": HalvingGridSearchCV(TREE, GRID, **HALVING),
    }
    return {name: search.fit(X, y) for name, search in made.items()}


def ends(display):
    return [line.get_ydata()[-1] for line in display.lines_]


def marked(display):
    """Trials that have a marker, by the marker's shape and whether it is filled."""
    found = {}
    for line in display.markers_:
        key = line.get_marker(), line.get_markerfacecolor() != "white"
        found.setdefault(key, []).extend(line.get_xdata().tolist())
    return {key: sorted(trials) for key, trials in found.items() if trials}


# What the lines say ----------------------------------------------------------------------------------


def test_every_search_ends_at_its_best_score(searches):
    display = SearchTraceDisplay.from_searches(searches)
    assert [line.get_label() for line in display.lines_] == list(searches)
    assert ends(display) == [search.best_score_ for search in searches.values()]
    for line, search in zip(display.lines_, searches.values(), strict=True):
        assert_array_equal(line.get_xdata(), np.arange(len(search.cv_results_["params"])) + 1)


def test_a_line_is_the_best_score_so_far(searches):
    (line,) = SearchTraceDisplay.from_searches(searches["grid"]).lines_
    scores = searches["grid"].cv_results_["mean_test_score"]
    assert_array_equal(line.get_ydata(), [scores[: i + 1].max() for i in range(len(scores))])
    assert line.get_drawstyle() == "steps-post"  # between two trials nothing better is known


def test_rounds_of_halving_are_not_compared(searches):
    results = searches["halving"].cv_results_
    (line,) = SearchTraceDisplay.from_searches(searches["halving"]).lines_
    assert len(set(results["n_resources"])) > 1
    for own in (results["iter"] == i for i in np.unique(results["iter"])):
        assert_array_equal(line.get_ydata()[own], np.maximum.accumulate(results["mean_test_score"][own]))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.floats(-5, 5), st.just(np.nan)), min_size=1, max_size=8))
def test_lines_only_rise_and_failed_trials_change_nothing(scores):
    succeeded = np.isfinite(scores)
    assume(succeeded.any())
    display = SearchTraceDisplay({"every": scores, "succeeded": np.array(scores)[succeeded]}).plot()
    every, rest = (line.get_ydata() for line in display.lines_)
    plt.close(display.figure_)
    assert np.isnan(every[: succeeded.argmax()]).all()
    assert (np.diff(every[succeeded.argmax() :]) >= 0).all()
    assert_array_equal(every[succeeded], rest)


def test_a_score_of_minus_infinity_is_a_failed_trial():
    display = SearchTraceDisplay({"a": [-np.inf, 1.0, np.inf]}).plot()
    assert_array_equal(display.lines_[0].get_ydata(), [np.nan, 1, 1])
    assert marked(display) == {("P", True): [2]}


def test_several_seeds_are_a_median_and_a_band():
    runs = [[0.1, 0.5], [0.3, 0.2, 0.9], [np.nan, 0.4, 0.4], [0.2, 0.2, 0.2]]
    tables = tuple({"params": [{"a": k} for k, _ in enumerate(run)], "mean_test_score": run} for run in runs)
    display = SearchTraceDisplay.from_result({"warm": tables})
    best = np.array([[0.1, 0.5, 0.5], [0.3, 0.3, 0.9], [np.nan, 0.4, 0.4], [0.2, 0.2, 0.2]])
    assert_array_equal(display.lines_[0].get_ydata(), np.nanmedian(best, axis=0))
    edges = display.fill_between_[0].get_paths()[0].vertices[:, 1]
    low, high = np.nanquantile(best, (0.25, 0.75), axis=0)
    assert edges.min() == low.min() and edges.max() == high.max()
    assert display.markers_ == []
    assert "middle half of the seeds" in display.ax_.get_legend().get_title().get_text()


def test_what_a_search_left_is_drawn_as_the_search(searches):
    names = ("warm", "grid", "halving")
    found = SearchTraceDisplay.from_result({name: searches[name].cv_results_ for name in names})
    wanted = SearchTraceDisplay.from_searches({name: searches[name] for name in names})
    for one, other in zip(found.lines_, wanted.lines_, strict=True):
        assert_array_equal(one.get_ydata(), other.get_ydata())
    assert marked(found) == marked(wanted)
    notes = [{"a": 1, "score": 0.5}, {"a": 2, "score": 0.25}]
    assert ends(SearchTraceDisplay.from_result({"notes": notes})) == [0.5]
    display = SearchTraceDisplay.from_result(
        {"notes": (notes, notes[1:])}
    )  # several seeds are a tuple: a list is a table
    assert display.fill_between_ and ends(display) == [0.375]
    assert ends(SearchTraceDisplay.from_searches({"grid": [searches["grid"]] * 2})) == [searches["grid"].best_score_]


@pytest.mark.parametrize("results", [[{"a": 1, "score": 0.5}], {"params": [{"a": 1}], "mean_test_score": [0.5]}])
def test_results_have_names(results):
    with pytest.raises(TypeError, match="results: wanted a dict from names to results, found"):
        SearchTraceDisplay.from_result(results)


@pytest.mark.parametrize("results", [{}, {"a": ()}])
def test_no_results_are_none(results):
    with pytest.raises(ValueError, match="results: wanted at least one result, found none"):
        SearchTraceDisplay.from_result(results)


def test_one_bad_trial_does_not_squeeze_the_rest():
    scores = [-1e6, *np.linspace(-3, -1, 20)]
    display = SearchTraceDisplay({"warm": scores, "cold": scores[1:]}, scoring="neg_log_loss").plot()
    assert display.ax_.get_ylim()[1] < 4
    assert [text.get_text() for text in display.ax_.texts] == ["not in view:\nwarm: 1 point at 1e+06"]
    assert not SearchTraceDisplay({"a": scores[1:]}).plot().ax_.texts
    seeds = np.tile(scores[1:], (9, 1))
    seeds[:3] = -1e6, *scores[2:]  # of a third of the seeds the first trial
    display = SearchTraceDisplay({"warm": seeds}, scoring="neg_log_loss").plot()
    assert [text.get_text() for text in display.ax_.texts] == ["not in view:\nwarm: band up to 1e+06"]
    assert not SearchTraceDisplay({"a": [0.0, 1.0, 1.0, 1.0, 1.0, 1.0]}).plot().ax_.texts  # a search that is done


# Where trials came from ---------------------------------------------------------------------------------


def test_markers_tell_where_trials_came_from_and_which_were_better():
    scores = {"known": [0.1, 0.3, 0.3, np.nan, 0.5, 0.2], "unknown": [0.1, 0.0]}
    origins = {"known": ["portfolio", "portfolio", "model", "model", "model", "random"]}
    display = SearchTraceDisplay(scores, origins=origins).plot()
    assert marked(display) == {
        ("s", True): [1, 2],
        ("o", False): [3],
        ("o", True): [5],
        ("^", False): [6],
        ("P", True): [1],
        ("P", False): [2],
    }
    for line in display.markers_:
        assert line.get_color() in {own.get_color() for own in display.lines_}
        trace = display.lines_[0].get_ydata() if line.get_marker() != "P" else display.lines_[1].get_ydata()
        assert_array_equal(line.get_ydata(), trace[line.get_xdata() - 1])


def test_origins_are_those_of_the_search(searches):
    display = SearchTraceDisplay.from_searches({name: searches[name] for name in ("warm", "random")})
    shapes = {"portfolio": "s", "model": "o", "random": "^"}
    found = marked(display)
    for origin, shape in shapes.items():
        trials = np.flatnonzero(searches["warm"].cv_results_["origin"] == origin) + 1
        assert sorted(found.get((shape, True), []) + found.get((shape, False), [])) == trials.tolist()
    assert sorted(found["P", True] + found.get(("P", False), [])) == [1, 2, 3, 4, 5]


def test_the_legend_has_the_searches_and_the_origins_met(searches):
    display = SearchTraceDisplay.from_searches({"cold": searches["cold"], "random": searches["random"]})
    met = [f"{o} trial" for o in ("model", "random") if o in searches["cold"].cv_results_["origin"]]
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == ["cold", "random", *met, *BOTH]
    assert "random trial" in met


def words(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_the_legend_has_no_marker_that_is_not_drawn_and_its_markers_are_large():
    rising = SearchTraceDisplay({"a": [0.1, 0.2, np.nan]}, origins={"a": ["portfolio", "portfolio", "model"]}).plot()
    assert words(rising) == [
        "a",
        "portfolio trial",
        BOTH[0],
    ]  # the trial of the model failed, and each other was better
    seeds = SearchTraceDisplay({"a": [[0.1], [0.2]]}, origins={"a": ["exploration"]}).plot()
    assert words(seeds) == ["a"]
    both = SearchTraceDisplay({"a": [0.2, 0.1]}).plot()
    assert words(both) == ["a", *BOTH]
    filled, hollow = both.ax_.get_legend().get_lines()[1:]
    assert filled.get_markerfacecolor() != hollow.get_markerfacecolor()
    assert filled.get_marker() == hollow.get_marker() and min(m.get_markersize() for m in (filled, hollow)) >= 6
    bad = [-1e6, *np.linspace(0, 1, 20)]
    out_of_view = SearchTraceDisplay({"a": bad}, origins={"a": ["random"] + ["model"] * 20}).plot()
    assert "random trial" not in words(out_of_view) and "model trial" in words(out_of_view)


def test_one_search_has_its_class_as_name(searches):
    display = SearchTraceDisplay.from_searches(searches["random"])
    assert display.lines_[0].get_label() == "RandomizedSearchCV"


# Which score --------------------------------------------------------------------------------------------


def test_one_of_several_scores():
    scoring = ["accuracy", "neg_log_loss"]
    search = GridSearchCV(TREE, GRID, scoring=scoring, refit="accuracy", cv=3).fit(X, y)
    display = SearchTraceDisplay.from_searches(search)
    assert display.ax_.get_ylabel() == "Best accuracy so far (higher is better)"
    assert ends(display) == [search.cv_results_["mean_test_accuracy"].max()]
    display = SearchTraceDisplay.from_searches(search, metric="neg_log_loss")
    assert display.ax_.get_ylabel() == "Best log loss so far (lower is better)"
    assert ends(display) == [-search.cv_results_["mean_test_neg_log_loss"].max()]
    with pytest.raises(ValueError, match="metric: wanted a score 'recall', found the scores"):
        SearchTraceDisplay.from_searches(search, metric="recall")
    with pytest.raises(ValueError, match="metric: wanted the name of one score"):
        SearchTraceDisplay.from_searches(GridSearchCV(TREE, GRID, scoring=scoring, refit=False).fit(X, y))


@pytest.mark.parametrize(
    ("scoring", "negate", "y_data", "label"),
    [
        ("neg_mean_absolute_error", None, [3, 2], "Best mean absolute error so far (lower is better)"),
        ("neg_mean_absolute_error", False, [-3, -2], "Best negative mean absolute error so far (higher is better)"),
        ("r2", None, [-3, -2], "Best r2 so far (higher is better)"),
        ("r2", True, [3, 2], "Best negative r2 so far (lower is better)"),
    ],
)
def test_sign_and_name_of_the_score(scoring, negate, y_data, label):
    display = SearchTraceDisplay({"a": [-3.0, -2.0]}, scoring=scoring).plot(negate_score=negate)
    assert_array_equal(display.lines_[0].get_ydata(), y_data)
    assert display.ax_.get_ylabel() == label


def test_a_scorer_without_a_name_is_a_score():
    scorer = make_scorer(mean_absolute_error, greater_is_better=False)
    search = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, scoring=scorer).fit(*make_regression(30, 3, random_state=0))
    display = SearchTraceDisplay.from_searches(search)
    assert display.ax_.get_ylabel() == "Best score so far (higher is better)"
    assert ends(display) == [search.best_score_]


def test_the_name_of_the_score_can_be_given_to_the_display_and_to_the_plot(searches):
    display = SearchTraceDisplay.from_searches(searches["grid"], score_name="Hits")
    assert display.ax_.get_ylabel() == "Hits"
    assert display.plot(score_name="Share of hits").ax_.get_ylabel() == "Share of hits"


# Axes and styles ----------------------------------------------------------------------------------------


def test_axes_may_be_given_and_trials_are_whole(searches):
    ax = plt.subplots()[1]
    display = SearchTraceDisplay.from_searches(searches["cold"], ax=ax, line_kw={"linewidth": 3, "label": "mine"})
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    assert display.lines_[0].get_linewidth() == 3
    assert display.lines_[0].get_label() == "mine"
    display.figure_.canvas.draw()
    assert all(tick == int(tick) for tick in ax.get_xticks())


def test_it_can_be_drawn_twice(searches):
    display = SearchTraceDisplay.from_searches(searches)
    first = ends(display), len(display.markers_)
    display.plot()
    assert (ends(display), len(display.markers_)) == first


def test_matplotlib_is_needed_only_to_draw(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    display = SearchTraceDisplay({"a": [1.0]})
    with pytest.raises(
        ImportError, match=r"SearchTraceDisplay\.plot: wanted matplotlib, .*; pip install 'skmeta\[plot\]'"
    ):
        display.plot()


# What cannot be drawn -----------------------------------------------------------------------------------


def test_a_search_over_many_tasks_is_refused_and_one_of_its_searches_taken():
    table = np.column_stack([X, np.arange(150) % 2])
    search = WarmStartSearchCV(TREE, GRID, task=-1, n_iter=2, cv=3, random_state=0).fit(table, y)
    with pytest.raises(ValueError, match=r"found 'all', which searched 0\.0, 1\.0; pass one .* search\.searches_"):
        SearchTraceDisplay.from_searches({"all": search})
    assert ends(SearchTraceDisplay.from_searches(search.searches_[1.0])) == [search.best_score_[1.0]]


def test_searches_are_scored_alike(searches):
    other = GridSearchCV(TREE, GRID, scoring="neg_log_loss").fit(X, y)
    with pytest.raises(ValueError, match="found 'a' by 'accuracy', 'b' by 'neg_log_loss'; draw them apart"):
        SearchTraceDisplay.from_searches({"a": searches["grid"], "b": other})


@pytest.mark.parametrize(
    ("searches", "error", "words"),
    [
        ({}, ValueError, "searches: wanted at least one fitted search, found none"),
        (GridSearchCV(TREE, GRID), NotFittedError, "wanted a fitted search"),
        (TREE, NotFittedError, "wanted a fitted search"),
        ({"a": [0.1]}, TypeError, r"searches: wanted fitted searches, found 0\.1 as 'a'"),
        ([1, 2], TypeError, r"searches: wanted a dict from names to fitted searches, found a list of 2; name each"),
        (GridSearchCV, TypeError, "searches: wanted fitted searches, found <class"),
    ],
    ids=str,
)
def test_what_is_no_search_is_refused(searches, error, words):
    with pytest.raises(error, match=words):
        SearchTraceDisplay.from_searches(searches)
    assert plt.get_fignums() == []
