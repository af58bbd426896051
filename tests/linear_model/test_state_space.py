"""StateSpace: forecasts of tasks that drift, what is learned where none do, times, and learning on."""

import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from drifting import drifting_tasks
from round_trips import WAYS
from sklearn.base import clone
from sklearn.linear_model import HuberRegressor, LogisticRegression, PoissonRegressor, Ridge
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, StateSpace, WarmStartRegressor
from skmeta.linear_model import DriftingPrior
from skmeta.linear_model._structured._drifting_learning import DriftingTasks
from skmeta.tasks import Tasks

QUICK = StateSpace("spherical")


def table(tasks, days=None):
    """Rows as a frame with the day as a column, and targets."""
    frame = pd.DataFrame(tasks.X, columns=list("abc"))
    return frame.assign(day=(tasks.ids if days is None else days)[tasks.codes]), tasks.y


def mean_of(prior):
    return prior.components[0].mean


@pytest.fixture(scope="module")
def walk():
    tasks, W = drifting_tasks(0, n_days=50)
    return tasks, W, QUICK.learn(Ridge(), tasks.take(np.arange(40)))


@pytest.mark.quick
def test_a_forecast_is_near_where_coefficients_stand(walk):
    tasks, W, prior = walk
    plain = EmpiricalBayes("spherical").learn(Ridge(), tasks.take(np.arange(40)))
    far = np.abs(mean_of(plain) - W[40]).max()
    assert np.abs(mean_of(prior.given(day=40.0)) - W[40]).max() < 0.5 * far
    assert "half-life" in repr(prior) and prior.context_names == ("day",)


def test_without_a_date_the_prior_is_that_of_the_time_that_comes_next(walk):
    _, _, prior = walk
    learned, after = prior.learned, prior.learned.given(day=40.0)
    np.testing.assert_allclose(learned.mean, after.mean, rtol=1e-8)
    np.testing.assert_allclose(
        learned.covariance + learned.mean_covariance, after.covariance + after.mean_covariance, rtol=1e-6
    )
    np.testing.assert_allclose(learned.given().mean, after.mean, rtol=1e-8)


def test_what_is_not_known_grows_with_time_and_the_far_future_is_the_mean(walk):
    learned = walk[2].learned
    doubt = [
        np.trace(p.covariance + p.mean_covariance) for p in (learned.given(day=float(d)) for d in (40, 45, 60, 1e6))
    ]
    assert np.all(np.diff(doubt) > 0)
    later = learned.given(day=1e9).mean, learned.given(day=2e9).mean
    np.testing.assert_allclose(*later, atol=1e-8)


def test_a_known_day_has_its_smoothed_state_and_between_days_it_is_interpolated(walk):
    _, W, prior = walk
    at = [mean_of(prior.given(day=d)) for d in (20.0, 20.5, 21.0)]
    assert np.abs(at[0] - W[20]).max() < 0.5
    assert np.all(np.minimum(at[0], at[2]) - 0.05 <= at[1]) and np.all(at[1] <= np.maximum(at[0], at[2]) + 0.05)


@varied("kind", ["constant", "own"])
def test_where_nothing_drifts_the_prior_is_that_of_exchangeable_tasks(kind):
    tasks, _ = drifting_tasks(1, n_days=40, kind=kind)
    found, plain = QUICK.learn(Ridge(), tasks), EmpiricalBayes("spherical").learn(Ridge(), tasks)
    assert type(found) is type(plain) and repr(found) == repr(plain)
    np.testing.assert_array_equal(mean_of(found), mean_of(plain))


@varied("seed", [70006, 70030])
def test_numbers_that_were_fitted_to_few_days_do_not_pass_for_drift(seed, monkeypatch):
    rng, (n_days, n_rows, p) = np.random.default_rng(seed), (10, 10, 10)
    mean, own, X = rng.normal(size=p), rng.normal(size=(n_days, p)), rng.normal(size=(n_days, n_rows, p))
    X[..., -1] = 1.0
    y = np.einsum("tnp,tp->tn", X, mean + 0.5 * own) + rng.normal(size=(n_days, n_rows))
    fitted, settled = [], DriftingTasks.settled
    monkeypatch.setattr(DriftingTasks, "settled", lambda among, found: (fitted.extend(found), settled(among, found))[1])
    day = np.repeat(np.arange(n_days), n_rows)
    tasks = Tasks(X[..., :-1].reshape(-1, p - 1), y.ravel(), day, np.arange(n_days), levels={"day": np.arange(n_days)})
    prior = StateSpace().learn(Ridge(), tasks)
    evidence, without = fitted[0].passed.evidence, fitted[0].exchangeable.passed.evidence
    assert evidence > without + 4.0  # at the maximum of both
    assert prior.context_names == ()


WRITTEN = {
    "datetime": np.array([datetime.date(2024, 3, 1) + datetime.timedelta(days=i) for i in range(50)], dtype=object),
    "nanoseconds": (np.datetime64("2024-03-01") + np.arange(50)).astype("M8[ns]"),
    "days": np.datetime64("2024-03-01") + np.arange(50),
    "periods": np.array(list(pd.period_range("2024-03-01", periods=50, freq="D")), dtype=object),
}


@varied("how", WRITTEN)
def test_dates_count_in_days_whatever_they_are_written_as(walk, how):
    past, days = walk[0].take(np.arange(25)), WRITTEN[how]
    prior = QUICK.learn(Ridge(), past)
    found = QUICK.learn(Ridge(), Tasks(past.X, past.y, past.codes, days[:25], levels={"day": days[:25]}))
    assert "days" in repr(found)
    np.testing.assert_allclose(mean_of(found.given(day=days[27])), mean_of(prior.given(day=27.0)), rtol=1e-6)


@pytest.mark.quick
def test_the_unit_of_numbers_is_none_and_changes_nothing(walk):
    tasks, _, prior = walk
    past = tasks.take(np.arange(40))
    hours = Tasks(past.X, past.y, past.codes, 24.0 * past.ids, levels={"day": 24.0 * past.ids})
    found = QUICK.learn(Ridge(), hours)
    assert found.learned.half_life == pytest.approx(24.0 * prior.learned.half_life, rel=1e-4)
    np.testing.assert_allclose(
        mean_of(found.given(day=24.0 * 43)), mean_of(prior.given(day=43.0)), rtol=1e-5, atol=1e-6
    )


def test_the_order_of_tasks_and_rows_changes_nothing(walk):
    tasks, _, prior = walk
    rng = np.random.default_rng(0)
    mixed = tasks.take(rng.permutation(40))
    rows = rng.permutation(mixed.n_rows)
    mixed = Tasks(mixed.X[rows], mixed.y[rows], mixed.codes[rows], mixed.ids, levels=mixed.levels)
    np.testing.assert_allclose(
        mean_of(QUICK.learn(Ridge(), mixed).given(day=41.0)), mean_of(prior.given(day=41.0)), rtol=1e-6
    )


def test_gaps_in_time_count():
    gaps = np.r_[0.0, np.cumsum(np.where(np.arange(59) % 3 == 2, 15.0, 1.0))]
    rng = np.random.default_rng(2)
    s = [rng.normal(size=4)]
    for gap in np.diff(gaps):
        f = 0.9**gap
        s.append(f * s[-1] + np.sqrt(1 - f * f) * rng.normal(size=4))
    X = rng.normal(size=(60, 8, 3))
    y = np.einsum("tnp,tp->tn", X, np.array(s)[:, :3]) + np.array(s)[:, 3:] + rng.normal(size=(60, 8))
    codes = np.repeat(np.arange(60), 8)

    def learned(times):
        return QUICK.learn(Ridge(), Tasks(X.reshape(-1, 3), y.ravel(), codes, times, levels={"day": times})).learned

    known, ignored = learned(gaps), learned(np.arange(60.0))
    assert known.half_life == pytest.approx(np.log(0.5) / np.log(0.9), rel=0.5)
    spread = [np.trace(p.given(day=t + 1.0).covariance) for p, t in ((known, gaps[-1]), (ignored, 59.0))]
    assert spread[0] < spread[1]


@pytest.mark.quick
@pytest.mark.parametrize(
    ("days", "message"),
    [
        (np.array(["2024-03-01", "2024-03-02"]), "pandas.to_datetime"),
        (np.array([np.datetime64("2024-03-01"), np.datetime64("NaT")]), "wanted a time for every task"),
        (np.array([1.0, np.nan]), "wanted a time for every task"),
        (np.array([datetime.date(2024, 3, 1), datetime.datetime(2024, 3, 1)], dtype=object), "one task at a time"),
        (np.array([datetime.date(2024, 3, 1), 3], dtype=object), "found both"),
    ],
)
def test_what_is_no_time_or_stands_twice_is_told(days, message):
    tasks, _ = drifting_tasks(3, n_days=2)
    with pytest.raises(ValueError, match=message):
        QUICK.learn(Ridge(), Tasks(tasks.X, tasks.y, tasks.codes, days, levels={"day": days}))


@pytest.mark.quick
def test_a_time_that_is_of_another_kind_than_the_past_is_told(walk):
    prior = walk[2]
    with pytest.raises(ValueError, match=r"wanted a number, as the past has, found a date: .*; give the time as"):
        prior.given(day=np.datetime64("2024-03-01"))
    days = np.array(["2024-03-01", "2024-03-02"], dtype="M8[D]")
    later = Tasks(np.ones((2, 3)), np.ones(2), np.arange(2), days, levels={"day": days})
    with pytest.raises(
        ValueError, match="wanted times as those of the prior, numbers, found days; give them in its unit"
    ):
        QUICK.learn(Ridge(), later, prior)
    with pytest.raises(ValueError, match=r"pandas\.to_datetime"):
        prior.given(day="tomorrow")
    with pytest.raises(TypeError, match="leave out what it does not read"):
        prior.given(date=3.0)


@varied("n_days", [1, 2, 3])
def test_few_days_are_legal(n_days):
    tasks, _ = drifting_tasks(4, n_days=n_days)
    assert np.isfinite(mean_of(QUICK.learn(Ridge(), tasks))).all()


@varied("varying", [[], "intercept", [0, 2]], keep=2)
def test_coefficients_that_do_not_vary_do_not_drift(varying):
    tasks, _ = drifting_tasks(11, n_days=30)
    prior = StateSpace(varying=varying).learn(Ridge(), tasks)
    means = np.array([mean_of(prior.given(day=d)) if prior.context_names else mean_of(prior) for d in (5.0, 40.0)])
    moved = np.flatnonzero(np.abs(np.diff(means, axis=0)).ravel() > 1e-9).tolist()
    assert set(moved) <= {"intercept": {3}}.get(str(varying), {*varying, 3})


def test_times_that_nearly_agree_are_legal():
    tasks, _ = drifting_tasks(12, n_days=30)
    days = np.where(np.arange(30) % 2, tasks.ids - 1.0 + 1e-11, tasks.ids)
    near = Tasks(tasks.X, tasks.y, tasks.codes, days, levels={"day": days})
    assert np.isfinite(mean_of(QUICK.learn(Ridge(), near).given(day=31.0))).all()


@pytest.mark.variations
def test_many_columns_drift_too():
    tasks, _ = drifting_tasks(13, n_days=3, n_features=101, n_rows=3)
    assert np.isfinite(mean_of(StateSpace("spherical").learn(Ridge(), tasks))).all()


def test_learning_on_is_as_learning_from_all_days_at_the_same_law(walk):
    tasks, _, prior = walk
    half_life = float(prior.learned.half_life)
    fixed = StateSpace("spherical", half_life=half_life)
    on = fixed.learn(Ridge(), tasks.take(np.arange(40, 45)), prior=prior)
    whole = fixed.learn(Ridge(), tasks.take(np.arange(45)))
    assert on.n_tasks == 45 and on.learned.half_life == pytest.approx(half_life)
    one, other = on.learned.given(day=46.0), whole.learned.given(day=46.0)
    sd = np.sqrt(np.diag(other.covariance + other.mean_covariance))
    assert np.abs(one.mean - other.mean).max() < 0.1 * sd.min()


def test_a_day_between_those_of_the_past_is_learned_on_from_and_one_of_them_is_told():
    tasks, W = drifting_tasks(5, n_days=40)
    kept = np.delete(np.arange(40), 20)
    prior = QUICK.learn(Ridge(), tasks.take(kept))
    on = QUICK.learn(Ridge(), tasks.take(np.array([20])), prior=prior)
    before, after = mean_of(prior.given(day=20.0)), mean_of(on.given(day=20.0))
    assert np.abs(after - W[20]).sum() < np.abs(before - W[20]).sum()
    with pytest.raises(ValueError, match="one that the prior knows"):
        QUICK.learn(Ridge(), tasks.take(np.array([19])), prior=prior)


def test_the_learner_of_linear_models_goes_on_from_states_too(walk):
    tasks, _, prior = walk
    new = tasks.take(np.arange(40, 41))
    found = [learner.learn(Ridge(), new, prior=prior) for learner in (EmpiricalBayes(), StateSpace())]
    np.testing.assert_allclose(mean_of(found[0].given(day=41.0)), mean_of(found[1].given(day=41.0)), rtol=1e-6)


@pytest.mark.parametrize("past", ["by hand", "of exchangeable tasks"])
def test_a_past_that_knows_no_states_has_no_drift_and_a_warning_says_so(walk, past):
    tasks = walk[0]
    if past == "by hand":
        prior = GaussianPrior(np.zeros(4), np.eye(4))
    else:
        prior = EmpiricalBayes("spherical").learn(Ridge(), tasks.take(np.arange(20)))
    new = tasks.take(np.arange(20, 30))
    with pytest.warns(UserWarning, match="prior: wanted one that knows when tasks were, found GaussianPrior"):
        found = QUICK.learn(Ridge(), new, prior)
    np.testing.assert_array_equal(mean_of(found), mean_of(EmpiricalBayes("spherical").learn(Ridge(), new, prior)))


@pytest.mark.parametrize("kind", ["walk", "constant"])
def test_a_warning_names_what_describes_days_where_it_is_not_read(kind):
    tasks, _ = drifting_tasks(1, n_days=30, kind=kind)
    X, y = table(tasks)
    model = WarmStartRegressor(Ridge(), task="day", context=["size"], learner=QUICK)
    with pytest.warns(UserWarning, match="context: wanted columns that the prior reads, found 'size'"):
        model.fit(X.assign(size=X["day"] % 7), y)


def test_one_filter_step_in_the_shell_is_the_adapted_model(walk):
    tasks, _, _ = walk
    X, y = table(tasks)
    past, new = X.day < 40, X.day == 40
    model = WarmStartRegressor(Ridge(), task="day", learner=QUICK).fit(X[past], y[past])
    again = WarmStartRegressor(Ridge(), prior=model.prior_).fit(X[new], y[new])
    assert type(again.estimator_) is Ridge
    by_hand = model.prior_.given(day=40.0).adapt(Ridge(), X.loc[new, list("abc")], y[new])
    np.testing.assert_allclose(again.estimator_.coef_, by_hand.coef_)
    np.testing.assert_allclose(model.adapt(X[new], y[new]).coef_, by_hand.coef_)
    ahead = model.prior_.given(day=40.0).zero_shot(Ridge())
    np.testing.assert_allclose(model.predict(X[new]), ahead.predict(X.loc[new, list("abc")]))


def test_known_days_are_smoothed_which_is_no_honest_score():
    tasks, _ = drifting_tasks(6, n_days=40)
    X, y = table(tasks)
    model = WarmStartRegressor(Ridge(), task="day", learner=QUICK)
    ordered = -cross_val_score(model, X, y, cv=TimeSeriesSplit(2, test_size=80), scoring="neg_mean_squared_error")
    smoothed = np.mean((clone(model).fit(X, y).predict(X) - y) ** 2)
    assert smoothed < ordered.min()


def test_a_day_that_was_learned_from_has_its_rows_counted_once():
    tasks, _ = drifting_tasks(14, n_days=40)
    learner = clone(QUICK)
    prior = learner.learn(Ridge(), tasks)
    smoothed = learner.adapt_learned(prior, Ridge(), tasks).coef_
    others = StateSpace("spherical", half_life=float(prior.learned.half_life)).learn(
        Ridge(), tasks.take(np.delete(np.arange(40), 20))
    )
    rows = tasks.codes == 20
    own = others.given(day=20.0).adapt(Ridge(), tasks.X[rows], tasks.y[rows])
    twice = prior.given(day=20.0).adapt(Ridge(), tasks.X[rows], tasks.y[rows])
    assert np.abs(smoothed[20] - own.coef_).max() < 0.2 * np.abs(smoothed[20] - twice.coef_).max() + 0.02


def test_players_have_means_and_chains_of_their_own():
    rng = np.random.default_rng(7)
    level, rows = rng.normal(size=16), []
    for player in range(16):
        state = np.cumsum(0.3 * rng.normal(size=12))
        for season in range(12):
            x = rng.normal(size=6)
            y = x + 2.0 * level[player] + state[season] + 0.5 * rng.normal(size=6)
            rows += [(x[i], f"p{player}", 2000 + season, y[i]) for i in range(6)]
    frame = pd.DataFrame(rows, columns=["x", "player", "season", "y"])
    past = frame.season < 2011
    columns = ["x", "player", "season"]
    model = WarmStartRegressor(Ridge(), task=["player", "season"], learner=QUICK)
    model.fit(frame.loc[past, columns], frame.y[past])
    prior = model.prior_.prior
    assert isinstance(prior.learned, DriftingPrior)
    assert repr(prior).startswith("DriftingPrior(player: 16, season: 176; half-life")
    assert list(prior.covariances) == ["player", "season drift", "season"]
    new = frame[~past]
    known = np.mean((model.predict(new[columns]) - new.y) ** 2)
    unknown = np.mean((model.predict(new[columns].assign(player="nobody")) - new.y) ** 2)
    assert known < 0.3 * unknown
    nobody = prior.given(player="nobody", season=2011)
    np.testing.assert_allclose(mean_of(nobody), mean_of(prior))
    read = type(prior).from_dict(prior.to_dict())
    np.testing.assert_array_equal(
        mean_of(read.given(player="p3", season=2011)), mean_of(prior.given(player="p3", season=2011))
    )
    on = model.set_params(prior=model.prior_).fit(new[columns], new.y).prior_.prior
    known_again = [mean_of(p.given(player="p3", season=2012)) for p in (prior, on)]
    truth = new.y[new.player == "p3"].mean() - new.x[new.player == "p3"].mean()
    assert abs(known_again[1][1] - truth) < abs(known_again[0][1] - truth)
    rookie = new[new.player == "p3"].assign(player="rookie")
    joined = model.fit(rookie[columns], rookie.y).prior_.prior
    assert repr(joined).startswith("DriftingPrior(player: 17")
    assert abs(mean_of(joined.given(player="rookie"))[1] - truth) < abs(mean_of(nobody)[1] - truth)
    next_one = prior.given(player="p3")
    np.testing.assert_allclose(mean_of(next_one), mean_of(prior.given(player="p3", season=2011)))


@pytest.mark.quick
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_drifting_prior_is_stored_and_read_back(walk, way, tmp_path):
    prior = walk[2]
    read = way(prior, tmp_path)
    np.testing.assert_array_equal(mean_of(read.given(day=47.0)), mean_of(prior.given(day=47.0)))


@pytest.mark.quick
def test_a_drifting_prior_is_plain_arrays(walk):
    prior = walk[2]
    prior.given(day=47.0)  # what is derived is no part of it
    read = type(prior).from_dict(prior.to_dict())
    np.testing.assert_array_equal(mean_of(read.given(day=47.0)), mean_of(prior.given(day=47.0)))
    assert repr(read) == repr(prior) and len(pickle.dumps(read)) == len(
        pickle.dumps(type(prior).from_dict(prior.to_dict()))
    )


@pytest.mark.quick
def test_columns_are_matched_by_name(walk):
    tasks, _, _ = walk
    X, y = table(tasks)
    prior = WarmStartRegressor(Ridge(), task="day", learner=QUICK).fit(X, y).prior_.prior
    turned = prior.aligned(["c", "a", "b"])
    for day in (20.5, 55.0):
        one, other = prior.learned.given(day=day), turned.learned.given(day=day)
        order = [2, 0, 1, 3]
        np.testing.assert_allclose(other.mean, one.mean[order], atol=1e-10)
        np.testing.assert_allclose(other.covariance, one.covariance[np.ix_(order, order)], atol=1e-10)
        np.testing.assert_allclose(other.mean_covariance, one.mean_covariance[np.ix_(order, order)], atol=1e-8)


def test_threads_change_nothing(walk):
    tasks, _, prior = walk
    found = QUICK.learn(Ridge(), tasks.take(np.arange(40)), n_jobs=2)
    np.testing.assert_array_equal(mean_of(found.given(day=41.0)), mean_of(prior.given(day=41.0)))


@pytest.mark.variations
def test_several_targets_drift_each_by_its_own_half_life(walk):
    tasks, _, prior = walk
    past = tasks.take(np.arange(40))
    two = Tasks(
        past.X,
        np.column_stack([past.y, np.random.default_rng(0).normal(size=past.n_rows)]),
        past.codes,
        past.ids,
        levels=past.levels,
    )
    found = QUICK.learn(Ridge(), two)
    assert found.learned.half_life.shape == (2,)
    np.testing.assert_allclose(mean_of(found.given(day=41.0))[0], mean_of(prior.given(day=41.0)), rtol=1e-5, atol=1e-6)


@varied("estimator", [LogisticRegression(), PoissonRegressor(), HuberRegressor()], ids=lambda each: type(each).__name__)
def test_labels_counts_and_robust_losses_drift_too(estimator):
    tasks, W = drifting_tasks(8, n_days=31, n_rows=15)
    rng = np.random.default_rng(0)
    eta = 0.5 * ((tasks.X * W[tasks.codes, :3]).sum(axis=1) + W[tasks.codes, 3])
    targets = {
        "LogisticRegression": rng.random(len(eta)) < 1 / (1 + np.exp(-2 * eta)),
        "PoissonRegressor": rng.poisson(np.exp(0.5 * eta)),
    }
    y = targets.get(type(estimator).__name__, tasks.y)
    classes = tuple(np.array([False, True]) for _ in range(31)) if isinstance(estimator, LogisticRegression) else None
    past = Tasks(tasks.X, y, tasks.codes, tasks.ids, levels=tasks.levels, classes=classes).take(np.arange(30))
    prior = QUICK.learn(estimator, past)
    assert "half-life" in repr(prior)
    scale = {"LogisticRegression": 1.0, "PoissonRegressor": 0.25}.get(type(estimator).__name__, 1.0)
    error = [
        np.abs(mean.ravel() - scale * W[30]).mean()
        for mean in (mean_of(prior.given(day=30.0)), mean_of(prior.given(day=1e9)))
    ]
    assert error[0] < error[1]


@pytest.mark.quick
def test_a_half_life_by_hand_weighs_tasks_by_their_age():
    tasks, _ = drifting_tasks(9, n_days=12)
    weight = 0.5 ** ((11 - np.arange(12.0)) / 3.0)
    weighed = Tasks(tasks.X, tasks.y, tasks.codes, tasks.ids, levels=tasks.levels, task_weight=weight)
    found = EmpiricalBayes("diagonal", half_life=3.0).learn(Ridge(), tasks)
    expected = EmpiricalBayes("diagonal").learn(Ridge(), weighed)
    np.testing.assert_array_equal(mean_of(found), mean_of(expected))
    assert found.n_tasks == pytest.approx(weight.sum())
    with pytest.raises(ValueError, match="half_life"):
        EmpiricalBayes(half_life=0.0).learn(Ridge(), tasks)


@pytest.mark.quick
def test_sums_do_not_say_when():
    from skmeta import SufficientStatistics

    tasks, _ = drifting_tasks(10, n_days=5)
    sums = SufficientStatistics.from_table(np.column_stack([tasks.X, tasks.ids[tasks.codes]]), tasks.y, task=-1)
    with pytest.raises(ValueError, match="learn from the rows"):
        StateSpace().learn_statistics(sums)
    with pytest.raises(ValueError, match="half_life: wanted None for statistics"):
        EmpiricalBayes(half_life=3.0).learn_statistics(sums)
