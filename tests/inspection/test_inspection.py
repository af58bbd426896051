"""Displays draw the numbers they were given, in scikit-learn's Display style."""

import gc
import sys
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from weakref import ref

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.calibration import calibration_curve
from sklearn.compose import make_column_transformer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures, StandardScaler

from skmeta import EmpiricalBayes, GaussianPrior, NShotSplit, WarmStartClassifier, WarmStartRegressor
from skmeta.inspection import PriorDisplay, ShotCalibrationDisplay, ShotCurveDisplay
from skmeta.inspection._colors import COLORS, colors_of
from skmeta.inspection._role_names import ROLE_NAMES, names_in_words
from skmeta.inspection._short_names import shortened
from skmeta.inspection._task_coefficients import coefficients_of_tasks
from skmeta.linear_model import Units
from skmeta.model_selection import OwnModel, PooledModel, ShotCurve, make_baselines, shot_curve
from skmeta.model_selection._table_size import TableSize

mpl.use("Agg")
import matplotlib.pyplot as plt

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")


@pytest.fixture(autouse=True)
def close_figures():
    plt.close("all")  # those of examples in docstrings, which run in the same process
    yield
    plt.close("all")


@pytest.fixture
def ax():
    return plt.subplots()[1]


# Shot curves --------------------------------------------------------------------------------------------

SCORES = np.array([[[-4.0, -2.0], [-2.0, -1.0], [-1.0, -1.0]], [[-2.0, -2.0], [-2.0, -2.0], [-1.5, -2.5]]])


ROLES = ("own", "pooled", "residual", "boosted", "warm")


def make_curve(scoring="neg_root_mean_squared_error"):
    return ShotCurve(SCORES, ("own", "pooled"), (0, 1, 20), scoring, n_tasks=6)


def band(collection):
    """Lower and upper edge of a `fill_between`, by x."""
    points = collection.get_paths()[0].vertices
    return {x: (points[points[:, 0] == x, 1].min(), points[points[:, 0] == x, 1].max()) for x in (0, 1, 20)}


def test_lines_are_means_and_bands_the_middle_half_of_the_folds():
    display = ShotCurveDisplay.from_result(make_curve())
    assert [line.get_label() for line in display.lines_] == ["own model only", "one pooled model"]
    for line in display.lines_:
        assert_array_equal(line.get_xdata(), [0, 1, 20])
    assert_array_equal(display.lines_[0].get_ydata(), [3, 1.5, 1])
    assert_array_equal(display.lines_[1].get_ydata(), [2, 2, 2])
    assert band(display.fill_between_[0]) == {0: (2.5, 3.5), 1: (1.25, 1.75), 20: (1, 1)}
    assert band(display.fill_between_[1]) == {0: (2, 2), 1: (2, 2), 20: (1.75, 2.25)}
    assert display.errorbar_ is None


def test_error_bars_go_from_quantile_to_quantile():
    display = ShotCurveDisplay.from_result(make_curve(), band_style="errorbar")
    (bars,) = display.errorbar_[1].lines[2]
    assert_allclose([segment[:, 1] for segment in bars.get_segments()], [[2, 2], [2, 2], [1.75, 2.25]])
    assert display.fill_between_ is None


def test_the_spread_can_be_left_out():
    display = ShotCurveDisplay.from_result(make_curve(), band_style=None)
    assert display.fill_between_ is None
    assert display.errorbar_ is None
    assert len(display.ax_.collections) == 0


@pytest.mark.parametrize(
    ("scoring", "negate", "first", "title"),
    [
        ("neg_root_mean_squared_error", None, 3, "Root mean squared error (lower is better)"),
        ("neg_root_mean_squared_error", False, -3, "Negative root mean squared error (higher is better)"),
        ("neg_log_loss", True, 3, "Log loss (lower is better)"),
        ("r2", None, -3, "R2 (higher is better)"),
        ("r2", True, 3, "Negative r2 (lower is better)"),
    ],
)
def test_sign_and_name_of_the_score(scoring, negate, first, title):
    display = ShotCurveDisplay.from_result(make_curve(scoring), negate_score=negate)
    assert display.lines_[0].get_ydata()[0] == first
    assert display.ax_.get_ylabel() == title


def test_the_name_of_the_score_can_be_given_to_the_display_and_to_the_plot():
    display = ShotCurveDisplay.from_result(make_curve(), score_name="Error in mm")
    assert display.ax_.get_ylabel() == "Error in mm"
    assert display.plot(score_name="Error in inches").ax_.get_ylabel() == "Error in inches"


def test_axes_show_every_number_of_shots_zero_too(ax):
    display = ShotCurveDisplay.from_result(make_curve(), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is ax.figure
    display.figure_.canvas.draw()
    assert_array_equal(ax.get_xticks(), [0, 1, 20])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "1", "20"]
    places = ax.transData.transform([(n, 0) for n in (0, 1, 20)])[:, 0]
    assert places[1] - places[0] > 0.2 * (places[2] - places[0])  # on a linear axis a twentieth
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["own model only", "one pooled model"]


def test_lines_and_their_spread_take_styles_and_share_colours(ax):
    ax.plot([0, 1], [0, 1])  # so that the next line has not the colour of the next band
    styles = {"line_kw": {"marker": "s"}, "fill_between_kw": {"alpha": 0.5}}
    display = ShotCurveDisplay.from_result(make_curve(), ax=ax, **styles)
    assert {line.get_marker() for line in display.lines_} == {"s"}
    for line, spread in zip(display.lines_, display.fill_between_, strict=True):
        assert_allclose(spread.get_facecolor()[0], mpl.colors.to_rgba(line.get_color(), 0.5))
    assert display.lines_[0].get_color() != display.lines_[1].get_color()


def test_from_estimators_scores_and_draws(ax):
    rng = np.random.default_rng(0)
    ids = np.repeat(np.arange(6), 8)
    X, y = np.column_stack([rng.normal(size=48), ids]), rng.normal(size=48) + ids
    models = {"own": OwnModel(Ridge(), task=-1), "pooled": PooledModel(Ridge(), task=-1)}
    parameters = {
        "task": -1,
        "n_shots": (0, 3),
        "n_splits": 3,
        "order": 0,
        "scoring": "neg_mean_absolute_error",
        "n_jobs": 1,
        "random_state": 0,
    }
    display = ShotCurveDisplay.from_estimators(models, X, y, **parameters, ax=ax, line_kw={"marker": "s"})
    assert (
        display.curve.table == ("column -1", 6, 48) and display.curve.table.in_words == "6 tasks (column -1), 48 rows"
    )
    assert_array_equal(display.curve.scores, shot_curve(models, X, y, **parameters).scores)
    assert display.ax_ is ax
    assert display.ax_.get_ylabel() == "Mean absolute error (lower is better)"
    assert display.lines_[0].get_marker() == "s"


def test_errors_of_folds_that_differ_ever_so_much_have_no_band_below_zero(ax):
    scores = -np.array([[[0.1, 0.1, 0.2, 0.1, 90.0]] * 3])
    display = ShotCurveDisplay.from_result(ShotCurve(scores, ("own",), (0, 1, 20), "neg_log_loss", 9), ax=ax)
    low, high = np.transpose(list(band(display.fill_between_[0]).values()))
    assert (low == 0.1).all() and (high == 0.2).all()


def test_folds_of_several_seeds_are_taken_together():
    curves = [replace(make_curve(), scores=SCORES + shift) for shift in (0.0, -1.0)]
    display = ShotCurveDisplay.from_result(curves)
    assert_allclose(display.lines_[0].get_ydata(), [3.5, 2.0, 1.5])
    assert "4 folds" in display.ax_.get_legend().get_title().get_text()
    with pytest.raises(
        ValueError, match=r"curve: wanted one ShotCurve, or several of the same names, .* found 2 kinds"
    ):
        ShotCurveDisplay.from_result([curves[0], make_curve("neg_log_loss")])


def test_one_model_that_diverged_does_not_squeeze_the_others():
    scores = -np.arange(24.0).reshape(4, 6, 1)
    scores[2, 1] = -1e6
    display = ShotCurveDisplay.from_result(ShotCurve(scores, tuple("abcd"), (0, 1, 2, 5, 10, 20), "neg_log_loss", 9))
    assert display.ax_.get_ylim()[1] < 30
    assert [text.get_text() for text in display.ax_.texts] == ["not in view:\nc: 1 point at 1e+06"]
    assert not ShotCurveDisplay.from_result(make_curve()).ax_.texts


def spread_out(scores, **plot_kw):
    """A display of two models of which the second has one bad fold."""
    return ShotCurveDisplay.from_result(ShotCurve(-scores, ("own", "warm"), (0, 1, 20), "neg_log_loss", 9), **plot_kw)


NEAR = 1.03 + 0.001 * np.arange(6.0).reshape(2, 3, 1) + np.zeros(4)


def test_a_band_that_is_cut_is_said_and_whose_it_is():
    scores = NEAR.copy()
    scores[1, 0] = [1.03, 1.03, 1.03, 9.0]
    display = spread_out(scores, quantiles=(0.0, 1.0))
    low, high = display.ax_.get_ylim()
    assert [text.get_text() for text in display.ax_.texts] == ["not in view:\nwarm: 1 point at 3.02, band up to 9"]
    assert high < 1.2 and high - low >= 0.05 * 1.03  # no four decimals of an axis
    assert not spread_out(NEAR, quantiles=(0.0, 1.0)).ax_.texts
    assert [t.get_text() for t in spread_out(scores, band_style=None).ax_.texts] == [
        "not in view:\nwarm: 1 point at 3.02"
    ]


def test_bands_that_all_are_wide_are_in_view():
    wide = NEAR + np.array([-0.5, -0.4, 0.4, 0.5])  # folds differ, means hardly
    display = spread_out(wide, quantiles=(0.0, 1.0))
    low, high = display.ax_.get_ylim()
    assert low < wide.min() and wide.max() < high and not display.ax_.texts


@pytest.mark.parametrize("shift", [-1.0, 1.0])
def test_a_point_in_view_may_have_a_band_that_is_not(shift):
    scores = np.tile(np.linspace(1, 2, 6).reshape(2, 3, 1), 99)
    scores[0, 1, 0] += 40 * shift
    display = spread_out(scores, quantiles=(0.0, 1.0))
    way = "up to" if shift > 0 else "down to"
    assert [t.get_text() for t in display.ax_.texts] == [
        f"not in view:\nown model only: band {way} {scores[0, 1, 0]:.3g}"
    ]


def falling_and_full():
    """Curves that leave the upper right free, and such whose bands leave no place free."""
    steps = np.array([9.0, 3.0, 1.0]).reshape(1, 3, 1)
    narrow, full = steps + np.linspace(-0.5, 0.5, 4), np.full((1, 3, 1), 5.0) + np.linspace(-5, 5, 4)
    return [ShotCurve(-scores, ("own",), (0, 1, 20), "neg_log_loss", 9) for scores in (narrow, full)]


def test_the_legend_covers_no_band():
    falling, full = falling_and_full()
    for curve, is_inside in ((falling, True), (full, False)):
        display = ShotCurveDisplay.from_result(curve, quantiles=(0, 1))
        display.figure_.canvas.draw()
        box = display.ax_.get_legend().get_window_extent()
        assert display.ax_.bbox.containsx(box.x0) == is_inside
        (path,) = display.fill_between_[0].get_paths()
        assert not path.transformed(display.ax_.transData).intersects_bbox(box, True)
        assert display.figure_.bbox.containsx(box.x1)
        line = display.lines_[0]
        assert not line.get_path().transformed(line.get_transform()).intersects_bbox(box, False)
    (ax, other) = plt.figure().subplots(1, 2)  # without a layout there is no room beside axes
    ShotCurveDisplay.from_result(full, quantiles=(0, 1), ax=ax)
    assert ax.get_legend().get_window_extent().x1 < other.bbox.x0


def test_the_title_says_how_much_was_scored(ax):
    curve = make_curve()
    assert ShotCurveDisplay.from_result(curve).ax_.get_title() == "Errors on 6 tasks held out"
    curve = replace(curve, table=TableSize("store", 8, 1200), scoring="r2")
    title = "8 tasks (store), 1,200 rows; scores on 6 tasks held out"
    assert ShotCurveDisplay.from_result(curve).ax_.get_title() == title
    assert ShotCurveDisplay.from_result([curve, curve]).ax_.get_title() == title
    ax.set_title("mine")
    assert ShotCurveDisplay.from_result(curve, ax=ax).ax_.get_title() == "mine"


@pytest.mark.parametrize("quantiles", [(0.75, 0.25), (0.1, 1.1), (0.5,)])
def test_quantiles_are_two_shares_in_order(quantiles, ax):
    with pytest.raises(ValueError, match="quantiles: wanted two shares between 0 and 1, the lower first, found"):
        ShotCurveDisplay.from_result(make_curve(), ax=ax, quantiles=quantiles)
    assert not ax.has_data()


def test_a_role_has_one_colour_in_all_figures_and_no_two_models_of_one_share_it():
    every = ["own model only", "one pooled model", "pooled + own residual", "boosting, id as category", "warm"]
    assert dict(zip(every, colors_of(every), strict=True)) == dict(zip(every, map(COLORS.get, ROLES), strict=True))
    assert colors_of(["warm", "cold"]) == [COLORS["warm"], COLORS["own"]]
    names = ["grid", "warm", "warm, few trees", "owner"]
    assert len(set(colors_of(names))) == 4 and colors_of(names)[1] == COLORS["warm"]
    assert ShotCurveDisplay.from_result(make_curve()).lines_[1].get_color() == COLORS["pooled"]


def test_legends_have_the_names_of_the_command_line():
    keys = make_baselines(Ridge(), task=-1)
    assert [*keys, "warm"] == list(ROLE_NAMES)  # none without words
    display = ShotCurveDisplay.from_result(make_curve())
    assert words_of(display) == [ROLE_NAMES["own"], ROLE_NAMES["pooled"]]
    calibrated = ShotCalibrationDisplay.from_result([0, 1], {"boosted": [0.1, 0.9], "mine": [0.1, 0.9]}, n_bins=1)
    assert words_of(calibrated)[-2:] == [ROLE_NAMES["boosted"], "mine"]
    assert names_in_words(["own", "own model only"]) == ["own", "own model only"]


def words_of(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def test_an_unknown_style_is_refused_before_anything_is_drawn(ax):
    with pytest.raises(ValueError, match="band_style: wanted 'fill_between', 'errorbar' or None, found 'x'"):
        ShotCurveDisplay.from_result(make_curve(), ax=ax, band_style="x")
    assert not ax.has_data()


# Priors -------------------------------------------------------------------------------------------------


make_prior = partial(GaussianPrior, n_tasks=9)  # learned: the last coefficient is the intercept


def points_and_bars(display, k=0):
    """Points and ends of bars of one series, the intercept's last."""
    parts = [errorbars[k].lines for errorbars in (display.errorbar_, display.intercept_errorbar_)]
    points = np.concatenate([line.get_xdata() for line, *_ in parts])
    return points, np.array([segment[:, 0] for *_, (bars,) in parts for segment in bars.get_segments()])


def tick_labels(display):
    return [label.get_text() for ax in (display.ax_, display.intercept_ax_) for label in ax.get_yticklabels()]


MEAN = np.array([1.0, -2.0, 5.0])
FACTOR = np.array([[1.0, 2.0], [0.0, 1.0], [3.0, 0.0]])
DIAGONAL = np.array([4.0, 3.0, 0.0])
SD = np.sqrt(DIAGONAL + np.array([5.0, 1.0, 9.0]))


@pytest.mark.parametrize(
    ("covariance", "factor"),
    [
        (np.diag(DIAGONAL) + FACTOR @ FACTOR.T, None),
        (np.diag(DIAGONAL), FACTOR),
        (DIAGONAL, FACTOR),
        (SD**2, None),
    ],
    ids=["dense", "dense and factor", "diagonal and factor", "diagonal"],
)
@pytest.mark.parametrize("several", [False, True], ids=["one output", "as many outputs as coefficients"])
def test_points_are_means_and_bars_one_deviation_between_tasks(covariance, factor, several):
    scales = np.array([1.0, 2.0, 3.0]) if several else np.array(1.0)
    prior = make_prior(
        np.multiply.outer(scales, MEAN),
        np.multiply.outer(scales**2, covariance),
        factor=None if factor is None else np.multiply.outer(scales, factor),
    )
    display = PriorDisplay.from_result(prior)
    assert len(display.errorbar_) == scales.size
    for k, scale in enumerate(np.atleast_1d(scales)):
        points, bars = points_and_bars(display, k)
        assert_allclose(points, scale * MEAN)
        assert_allclose(bars, scale * np.column_stack([MEAN - SD, MEAN + SD]))


def test_coefficients_are_named_and_the_first_stands_on_top(ax):
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL, feature_names=("age", "price")), ax=ax)
    assert tick_labels(display) == ["age", "price", "intercept"]
    heights = display.ax_.transData.transform([(0, k) for k in range(2)])[:, 1]
    assert (np.diff(heights) < 0).all()
    assert display.intercept_ax_.get_position().y1 < display.ax_.get_position().y0
    assert display.ax_ is ax
    assert display.figure_ is ax.figure


def test_without_names_features_are_named_as_in_scikit_learn():
    assert tick_labels(PriorDisplay.from_result(make_prior(MEAN, DIAGONAL))) == ["x0", "x1", "intercept"]


@pytest.mark.parametrize(
    ("classes", "words"), [(["bad", "good"], ["bad", "good"]), (None, ["0", "1"])], ids=["classes", "outputs"]
)
def test_outputs_stand_beside_each_other_and_have_a_legend(classes, words):
    prior = make_prior([MEAN, -MEAN], [DIAGONAL, DIAGONAL], classes=classes)
    display = PriorDisplay.from_result(prior)
    assert [text.get_text() for text in display.ax_.get_legend().get_texts()] == words
    first, second = (errorbar.lines[0].get_ydata() for errorbar in display.errorbar_)
    assert (first < second).all()
    assert (np.round(first) == np.arange(2)).all()
    assert (np.round(second) == np.arange(2)).all()


def test_of_many_coefficients_the_weightiest_are_shown_in_their_order():
    mean, variance = np.zeros(1001), np.full(1001, 0.01)
    mean[700], mean[1000], variance[3], variance[40] = -5, 4, 9, 0.02
    display = PriorDisplay.from_result(make_prior(mean, variance), max_coefs=3)
    assert tick_labels(display) == ["x3", "x40", "x700", "intercept"]
    assert_array_equal(points_and_bars(display)[0], [0, 0, -5, 4])
    assert len(tick_labels(display.plot())) == 31


def shown_of(mean, scale, units=True):
    spread = Units(np.zeros(len(scale)), scale) if units else None
    return PriorDisplay.from_result(make_prior(mean, np.square(mean) / 4, units=spread), max_coefs=2)


@pytest.mark.parametrize("factor", [np.array([1000.0, 1.0, 0.001, 1.0]), np.array([0.01, 100.0, 1.0, 7.0])])
def test_which_coefficients_are_shown_does_not_follow_the_units_of_columns(factor):
    mean, scale = np.array([3.0, 0.1, 1.0, 2.0, 5.0]), np.array([0.1, 1.0, 5.0, 4.0])
    other = np.append(mean[:-1] / factor, mean[-1])
    display = shown_of(other, scale * factor)
    assert tick_labels(display) == ["x2", "x3", "intercept"]
    assert display.ax_.get_xlabel().endswith("\n2 of 4 coefficients: those that move a prediction most")
    unknown = shown_of(other, scale * factor, units=False)  # then no more is said than what was done
    largest = np.sort(np.argsort(-other[:-1])[:2])
    assert tick_labels(unknown) == [*(f"x{j}" for j in largest), "intercept"]
    assert unknown.ax_.get_xlabel().endswith("\n2 of 4 coefficients: those with the largest numbers")
    assert "of 4" not in unknown.plot(max_coefs=4).ax_.get_xlabel()


def test_bars_take_a_style():
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), errorbar_kw={"fmt": "s", "color": "red"})
    assert display.errorbar_[0].lines[0].get_marker() == "s"
    assert display.errorbar_[0].lines[0].get_color() == "red"


NUMBERS = ["price", "size"]
MIXED = make_column_transformer((StandardScaler(), NUMBERS), (OneHotEncoder(), ["region"]))
STEPS = {
    "a scaler": ([StandardScaler()], ["price", "size"]),
    "two steps": ([StandardScaler(), "passthrough", PolynomialFeatures(2, include_bias=False)],
                  ["price", "size", "price^2", "price size", "size^2"]),
    "a column transformer": ([MIXED], ["price", "size", "region_north", "region_south"]),
    "a step that cannot tell": ([FunctionTransformer(np.asarray)], ["x0", "x1"]),
}  # fmt: skip


def fit_shops(steps):
    rng = np.random.default_rng(0)
    shops = pd.DataFrame(rng.normal(size=(40, 2)), columns=NUMBERS).assign(shop=np.arange(40) % 5)
    if MIXED in steps:
        shops["region"] = np.where(rng.random(40) < 0.5, "north", "south")
    learner = EmpiricalBayes("diagonal", max_iter=2)
    model = WarmStartRegressor(make_pipeline(*steps, Ridge()), task="shop", learner=learner)
    return model.fit(shops, rng.normal(size=40))


@pytest.mark.parametrize("name", STEPS)
def test_behind_frozen_steps_coefficients_have_the_names_that_these_give(name):
    steps, names = STEPS[name]
    model = fit_shops(steps)
    display = PriorDisplay.from_estimator(model)
    assert tick_labels(display) == [*names, "intercept"]
    assert_array_equal(points_and_bars(display)[0], model.prior_.mean)


def test_each_task_is_a_dot_around_the_typical_one_and_the_axis_says_behind_what():
    model = fit_shops([StandardScaler()])
    display = PriorDisplay.from_estimator(model)
    dots = np.array([line.get_xdata() for line in display.members_])
    assert_allclose(dots, [each[-1].coef_ for each in model.estimators_.values()])
    assert_allclose(
        np.ravel([line.get_xdata() for line in display.intercept_members_]),
        [each[-1].intercept_ for each in model.estimators_.values()],
    )
    assert display.ax_.get_xlabel() == "Coefficient per unit of the column behind StandardScaler"
    assert "single tasks" in [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert PriorDisplay.from_result(model.prior_).members_ == []


def test_of_many_tasks_some_are_drawn_at_random_and_the_legend_says_how_many():
    tasks = {i: Ridge().fit([[0.0], [1.0]], [i, 2.0 * i]) for i in range(3)}
    models = {i: SimpleNamespace(coef_=np.array([float(i)]), intercept_=0.0) for i in range(3000)}
    found = coefficients_of_tasks(SimpleNamespace(estimators_=models), np.zeros(2))[:, 0]
    assert len(set(found)) == 200 and (np.diff(found) > 0).all()
    assert abs(found.mean() / 3000 - 0.5) < 4 / np.sqrt(12 * 200)  # the first ones have a mean of 0.03
    assert_array_equal(found, coefficients_of_tasks(SimpleNamespace(estimators_=models), np.zeros(2))[:, 0])
    every = coefficients_of_tasks(SimpleNamespace(estimators_=tasks), np.zeros(2))
    assert_allclose(every, [[each.coef_[0], each.intercept_] for each in tasks.values()])
    display = PriorDisplay(
        np.zeros(2), np.ones(2), ["price", "intercept"], tasks=np.zeros((200, 2)), n_tasks=3000
    ).plot()
    assert display.ax_.get_legend().get_texts()[-1].get_text() == "200 of 3,000 tasks"


@pytest.mark.parametrize("labels", [("bad", "good"), ("high", "low", "mid")])
def test_dots_of_classifiers_are_what_rows_and_prior_say_and_are_not_moderated(labels):
    rng = np.random.default_rng(0)
    X, y, k = rng.normal(size=(12, 2)), np.resize(labels, 12), len(labels) if len(labels) > 2 else 1
    prior = GaussianPrior(np.zeros((k, 3)), np.tile([1.0, 1.0, 1e8], (k, 1)), classes=labels, n_tasks=9)
    warm = prior.adapt(LogisticRegression(), X, y)
    dots = coefficients_of_tasks(SimpleNamespace(estimators_={"a": warm}), prior.mean)
    cold = LogisticRegression(tol=1e-10).fit(X, y)  # whose penalty is this prior
    assert warm.moderation_ < 0.95
    assert_allclose(np.reshape(dots, (k, 3))[:, :-1], cold.coef_, atol=1e-5)


def test_classes_have_colours_that_no_model_has():
    display = PriorDisplay.from_result(make_prior([MEAN, -MEAN, MEAN], [DIAGONAL] * 3, classes=["high", "low", "mid"]))
    colors = {bar.lines[0].get_color() for bar in display.errorbar_}
    assert len(colors) == 3 and colors.isdisjoint(COLORS.values())
    assert PriorDisplay.from_result(make_prior(MEAN, DIAGONAL)).errorbar_[0].lines[0].get_color() == COLORS["warm"]


@pytest.mark.parametrize("own_place", [False, True])
def test_what_is_drawn_again_on_the_same_axes_finds_the_room_that_was_made(own_place):
    ax = plt.figure().add_axes([0.2, 0.1, 0.5, 0.8]) if own_place else plt.subplots(2, 1)[1][1]
    before = list(ax.figure.axes)
    first = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), ax=ax)
    first.figure_.canvas.draw()
    places = [each.get_position().bounds for each in (first.ax_, first.intercept_ax_)]
    below = first.intercept_ax_
    for display in (
        first.plot(ax),
        first.plot(first.ax_),
        PriorDisplay.from_result(make_prior(-MEAN, DIAGONAL), ax=ax),
    ):
        assert display.ax_ is ax and display.intercept_ax_ is below
    display.figure_.canvas.draw()
    assert [each.get_position().bounds for each in (ax, below)] == places
    assert ax.figure.axes == [*before, below]


def test_axes_below_that_were_taken_away_are_made_again(ax):
    first = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), ax=ax).intercept_ax_
    first.remove()
    second = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), ax=ax).intercept_ax_
    assert second is not first and ax.figure.axes == [ax, second]


def test_figures_that_are_done_with_are_forgotten():
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL))
    axes = ref(display.ax_)
    plt.close(display.figure_)
    del display
    gc.collect()
    assert axes() is None


def test_the_intercept_may_be_left_out_and_alone_has_all_the_room():
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), intercept=False)
    assert display.intercept_ax_ is None and display.intercept_errorbar_ == []
    assert len(display.figure_.axes) == 1 and len(display.errorbar_[0].lines[0].get_xdata()) == 2
    display = PriorDisplay.from_result(make_prior([5.0], [1.0]))
    assert display.intercept_ax_ is display.ax_ and [t.get_text() for t in display.ax_.get_yticklabels()] == [
        "intercept"
    ]


def test_axes_at_a_place_of_their_own_keep_it():
    ax = plt.figure().add_axes([0.2, 0.1, 0.5, 0.8])
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL), ax=ax)
    upper, lower = (each.get_position() for each in (display.ax_, display.intercept_ax_))
    assert_allclose([upper.x0, upper.y1, lower.x0, lower.y0, lower.x1], [0.2, 0.9, 0.2, 0.1, 0.7])
    assert lower.y1 < upper.y0


def test_no_label_is_cut():
    names = ("one_hot__" + "region " * 20, "price")
    display = PriorDisplay.from_result(make_prior(MEAN, DIAGONAL, feature_names=names))
    display.figure_.canvas.draw()
    width = display.figure_.bbox.width
    for label in display.ax_.get_yticklabels():
        assert 0 <= label.get_window_extent().x0 < label.get_window_extent().x1 < width


def test_names_are_short_where_they_still_differ():
    long = ["a" * 40 + tail for tail in ("x", "y")]
    assert shortened(["scale__price", "a__x", "b__x", *long]) == [
        "price",
        "a__x",
        "b__x",
        *(f"{15 * 'a'}…{14 * 'a'}{t}" for t in "xy"),
    ]
    alike = ["a" * 20 + middle + "a" * 20 for middle in "xy"]
    assert shortened(alike) == [f"…{14 * 'a'}{middle}{15 * 'a'}…" for middle in "xy"]


@settings(max_examples=50, deadline=None)
@given(st.sets(st.text("ab_", min_size=30, max_size=36), min_size=1, max_size=5).map(sorted))
def test_short_names_differ_as_names_do(names):
    assert len(set(shortened(names))) == len(names)


@pytest.mark.filterwarnings("error")
def test_many_coefficients_with_long_names_have_room_and_all_words():
    names = [f"average_monthly_number_of_returned_orders_of_category_{j:02d}_last_12_months" for j in range(25)]
    tasks = np.linspace(-1, 1, 4)[:, None] + np.zeros(26)
    display = PriorDisplay(np.ones(26), np.ones(26), [*names, "intercept"], tasks=tasks).plot()
    display.figure_.canvas.draw()  # the warning that axes collapsed is an error here
    inside = display.figure_.bbox.padded(1).containsx
    legend = display.ax_.get_legend().get_texts()
    assert [text.get_text() for text in legend] == ["mean ± standard deviation between tasks", "single tasks"]
    for text in (*legend, *display.ax_.get_yticklabels()):
        assert inside(text.get_window_extent().x0) and inside(text.get_window_extent().x1)
    mean, dots = display.errorbar_[0].lines[0], display.members_[0]
    assert mean.get_marker() != dots.get_marker()
    places = [display.ax_.transData.transform((0, line.get_ydata()[0]))[1] for line in (mean, dots)]
    points = abs(np.diff(places)[0]) * 72 / display.figure_.dpi
    assert (
        points > (mean.get_markersize() + dots.get_markersize() / 2) / 2
    )  # none lies over the other; "." is half as large
    heights = [PriorDisplay(np.ones(n), np.ones(n), ["x"] * n).plot().figure_.get_figheight() for n in (15, 25, 31)]
    assert heights == sorted(set(heights))


# Probabilities ------------------------------------------------------------------------------------------


def test_calibration_is_that_of_scikit_learn_on_rows_of_new_tasks():
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(6), 20)
    X, y = np.column_stack([rng.normal(size=120), task]), np.where(rng.random(120) < 0.5, "no", "yes")
    X[:, 0] += y == "yes"
    model = PooledModel(LogisticRegression(), task=-1)
    parameters = {"task": -1, "n_shots": 2, "n_splits": 3, "random_state": 0}
    display = ShotCalibrationDisplay.from_estimators({"one pooled model": model}, X, y, **parameters, n_bins=4)
    splits = list(NShotSplit(-1, 2, 3, random_state=0).split(X))
    proba = np.concatenate([model.fit(X[train], y[train]).predict_proba(X[test])[:, 1] for train, test in splits])
    truth = np.concatenate([y[test] for _, test in splits])
    true, predicted = calibration_curve(truth == "yes", proba, n_bins=4, strategy="quantile")
    assert_allclose(display.displays_[0].prob_pred, predicted)
    assert_allclose(display.displays_[0].prob_true, true)
    assert display.displays_[0].line_.get_color() == COLORS["pooled"]
    assert display.ax_.get_title() == "2 rows known of a new task"


def test_of_several_classes_one_has_to_be_named(ax):
    y_prob = {"warm": [0.2, 0.3, 0.9]}
    with pytest.raises(ValueError, match="pos_label: wanted one of the 3 classes 'a', 'b', 'c', found None; say whose"):
        ShotCalibrationDisplay.from_result(list("abc"), y_prob, ax=ax)
    with pytest.raises(ValueError, match=r"pos_label: wanted one of the 3 classes .*, found 'd'"):
        ShotCalibrationDisplay.from_result(list("abc"), y_prob, pos_label="d", ax=ax)
    assert not ax.has_data()
    display = ShotCalibrationDisplay.from_result(list("abc"), y_prob, pos_label="c", n_bins=1, strategy="uniform")
    assert_allclose(display.displays_[0].prob_true, 1 / 3)


def test_what_is_no_prior_is_told_where_the_prior_is(ax):
    model = WarmStartRegressor(Ridge())
    with pytest.raises(TypeError, match="found WarmStartRegressor; pass its prior_, or use PriorDisplay"):
        PriorDisplay.from_result(model)
    with pytest.raises(TypeError, match=r"wanted one with a mean and a covariance .* model's prior_, found NoneType"):
        PriorDisplay.from_result(None)
    with pytest.raises(NotFittedError):
        PriorDisplay.from_estimator(model)
    for plain in (model, Ridge()):
        with pytest.raises(ValueError, match=r"with a prior_, found none; fit a WarmStart.* a task column or a prior"):
            PriorDisplay.from_estimator(plain.fit([[0.0], [1.0]], [0.0, 1.0]), ax=ax)
    assert not ax.has_data()


# Without matplotlib -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "draw",
    [
        lambda: ShotCurveDisplay.from_result(make_curve()),
        lambda: PriorDisplay.from_result(make_prior(MEAN, DIAGONAL)),
        lambda: ShotCalibrationDisplay.from_result([0, 1], {"warm": [0.1, 0.9]}),
    ],
    ids=["ShotCurveDisplay", "PriorDisplay", "ShotCalibrationDisplay"],
)
def test_without_matplotlib_it_says_what_to_install(draw, request, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    name = request.node.callspec.id
    with pytest.raises(ImportError, match=rf"{name}.plot: wanted matplotlib, .*; pip install 'skmeta\[plot\]'"):
        draw()


@pytest.mark.parametrize(
    ("estimator", "target", "towards", "intercept"),
    [
        (Ridge(), np.arange(24.0), "", "target"),
        (LogisticRegression(), np.tile(["high", "low"], 12), ", towards 'low'", "linear predictor"),
    ],
    ids=["numbers", "labels"],
)
def test_a_picture_of_coefficients_says_towards_what_and_in_which_unit(estimator, target, towards, intercept):
    shell = WarmStartClassifier if towards else WarmStartRegressor
    X = np.column_stack([np.random.default_rng(0).normal(size=24), np.repeat(np.arange(4), 6)])
    display = PriorDisplay.from_estimator(shell(estimator, task=-1).fit(X, target))
    assert display.ax_.get_xlabel() == f"Coefficient per unit of the column{towards}"
    assert display.intercept_ax_.get_xlabel() == f"Intercept: in units of the {intercept}"


def test_baselines_of_several_strengths_are_no_one_classifier():
    with pytest.raises(TypeError, match=r"models: wanted a classifier by each name, found list for 'own'"):
        ShotCalibrationDisplay.from_estimators({"own": [LogisticRegression()]}, np.zeros((4, 2)), [0, 1, 0, 1], task=-1)
