"""Displays of priors that know how tasks belong together: levels, kinds and paths in time, from the arrays they offer."""

import matplotlib as mpl
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, StateSpace, WarmStartRegressor
from skmeta.base._pictures import Path, Spread
from skmeta.inspection import PriorDisplay

mpl.use("Agg")
import matplotlib.pyplot as plt

pytestmark = pytest.mark.quick

pd = pytest.importorskip("pandas")
MEAN, SD, NAMES = np.array([1.0, -2.0]), np.array([0.5, 0.1]), ["price", "intercept"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def legend(display):
    return [text.get_text() for text in display.ax_.get_legend().get_texts()]


def bars(display, k):
    """Points and ends of bars of one series, the intercept's last."""
    parts = [errorbars[k].lines for errorbars in (display.errorbar_, display.intercept_errorbar_)]
    points = np.concatenate([line.get_xdata() for line, *_ in parts])
    return points, np.concatenate([np.array(ends.get_segments())[:, :, 0] for *_, (ends,) in parts])


@pytest.mark.parametrize("several", [False, True])
def test_a_tree_has_bars_for_each_level_and_dots_for_its_regions(several):
    rng = np.random.default_rng(0)
    region = np.repeat(np.arange(5), 6 * 5)
    x, store = rng.normal(size=len(region)), np.tile(np.repeat(np.arange(6), 5), 5) + 6 * region
    y = rng.normal(size=5)[region] * x + rng.normal(size=5)[region] + 0.2 * rng.normal(size=len(x))
    X = pd.DataFrame({"price": x, "region": region, "store": store})
    model = WarmStartRegressor(Ridge(), task=["region", "store"]).fit(X, np.column_stack([y, -y]) if several else y)
    display, prior = PriorDisplay.from_estimator(model), model.prior_
    outputs = range(2) if several else [...]
    labels = [f"{level}, {k}" for level in ("region", "store") for k in (0, 1)] if several else ["region", "store"]
    assert legend(display) == labels
    expected = [(prior.mean[k], prior.covariances[name][k]) for name in ("region", "store") for k in outputs]
    assert len(display.errorbar_) == len(expected)
    for k, (mean, covariance) in enumerate(expected):
        points, ends = bars(display, k)
        sd = np.sqrt(np.diag(covariance))
        assert_allclose(points, mean)
        assert_allclose(ends, np.column_stack([mean - sd, mean + sd]))
    lines = zip(display.members_, display.intercept_members_, strict=True)  # a line of dots for each region
    dots = np.array([np.concatenate([each.get_xdata() for each in pair]) for pair in lines])
    means = np.array([prior.given(region=r).mean for r in range(5)])
    assert_allclose(dots, means.swapaxes(0, 1).reshape(-1, 2) if several else means)


def test_kinds_have_bars_of_their_own():
    spreads = {"kind 1": Spread(MEAN, SD), "kind 2": Spread(-MEAN, 2 * SD)}
    display = PriorDisplay(MEAN, SD, NAMES, spreads=spreads).plot()
    assert legend(display) == ["kind 1", "kind 2"] and display.members_ == []
    for k, spread in enumerate(spreads.values()):
        assert_allclose(bars(display, k)[0], spread.mean)
        assert_allclose(bars(display, k)[1], np.column_stack([spread.mean - spread.sd, spread.mean + spread.sd]))


def test_a_path_shows_the_coefficients_that_move_most():
    time = np.array(["2024-01-30", "2024-01-31", "2024-02-03"], dtype="M8[D]")
    mean = np.array([[0.0, 5.0, 1.0], [1.0, 5.1, -1.0], [2.0, 5.0, 1.0]])
    path = Path(time, mean, np.full_like(mean, 0.25))
    display = PriorDisplay(mean[-1], mean[-1], ["price", "size", "intercept"], path=path).plot(max_coefs=1)
    assert legend(display) == ["price"] and display.errorbar_ == []
    for line, band, j in zip(display.lines_ + display.intercept_lines_, display.fill_between_, (0, 2), strict=True):
        assert_allclose(line.get_ydata(), mean[:, j])
        assert (line.get_xdata() == time).all()
        edges = band.get_paths()[0].vertices[:, 1]
        assert_allclose([edges.min(), edges.max()], [mean[:, j].min() - 0.25, mean[:, j].max() + 0.25])
    assert len(display.plot().lines_) == 2
    assert display.plot(intercept=False).intercept_lines_ == [] and len(display.figure_.axes) == 1


@pytest.mark.parametrize("several", [False, True])
def test_days_have_a_path_and_the_state_of_each_is_on_it(several):
    rng = np.random.default_rng(0)
    day, x = np.repeat(np.arange(40), 8), rng.normal(size=320)
    y = np.cumsum(rng.normal(size=40))[day] * x + 0.3 * rng.normal(size=320)
    X = pd.DataFrame({"price": x, "date": pd.Timestamp("2024-01-30") + pd.to_timedelta(day, unit="D")})
    model = WarmStartRegressor(Ridge(), task="date", learner=StateSpace("diagonal"))
    model.fit(X, np.column_stack([y, -y]) if several else y)
    display, path = PriorDisplay.from_estimator(model), model.prior_.path
    assert (path.time == X["date"].unique()).all() and path.mean.shape == ((2, 40, 2) if several else (40, 2))
    price = display.lines_[0]
    assert legend(display)[0] == ("price, 0" if several else "price")
    assert_allclose(price.get_ydata(), path.mean[0, :, 0] if several else path.mean[:, 0])
    for at in (0, 17, 39):
        known = model.prior_.given(date=path.time[at])
        assert_allclose(path.mean[..., at, :], known.mean)
        assert_allclose(path.sd[..., at, :] ** 2, np.diagonal(known.mean_covariance, axis1=-2, axis2=-1))


def test_a_path_of_several_outputs_has_a_line_for_each():
    mean = np.array([[[0.0, 1.0], [1.0, 3.0]], [[2.0, 2.0], [0.0, 0.0]]])
    path = Path(np.arange(2.0), mean, np.ones_like(mean))
    display = PriorDisplay(mean[:, -1], mean[:, -1], NAMES, outputs=["low", "high"], path=path).plot()
    assert legend(display) == ["price, low", "price, high"]
    lines = [line.get_ydata() for line in display.lines_ + display.intercept_lines_]
    assert_allclose(lines, [mean[0, :, 0], mean[1, :, 0], mean[0, :, 1], mean[1, :, 1]])


def test_kinds_that_were_learned_are_drawn_and_said():
    rng = np.random.default_rng(0)
    task, x = np.repeat(np.arange(30), 8), rng.normal(size=240)
    y = np.where(task < 20, 2.0, -2.0) * x + 0.1 * rng.normal(size=240)
    learner = EmpiricalBayes("diagonal", n_components=2)
    model = WarmStartRegressor(Ridge(), task=-1, learner=learner).fit(np.column_stack([x, task]), y)
    assert model.prior_.in_words == ("2 kinds of tasks (20, 10)",)
    display = PriorDisplay.from_estimator(model)
    assert legend(display) == ["kind 1 (20)", "kind 2 (10)"]
    assert_allclose([bars(display, k)[0][0] for k in range(2)], [2.0, -2.0], atol=0.1)
