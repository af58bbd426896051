"""Private statistics: what noise they have, that it adds up and travels, what is learned in spite of it, and refusals."""

import json
import pickle
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import LogisticRegression, Ridge
from variations import varied

from skmeta import EmpiricalBayes, SufficientStatistics, WarmStartRegressor
from skmeta._inference.bounded_sums import Box
from skmeta._inference.gaussian_mechanism import noise_multiplier
from skmeta.linear_model import WorkingStatistics

BOUNDS = {"a": (-3.0, 3.0), "b": (10.0, 30.0), "y": (-6.0, 6.0)}


def table(n_tasks=30, n=40, seed=0, n_outputs=None):
    """Rows within `BOUNDS` of tasks with related coefficients."""
    rng = np.random.default_rng(seed)
    site = np.repeat(np.arange(n_tasks), n)
    z = rng.uniform(-1.0, 1.0, (len(site), 2))
    coef = np.array([1.5, -1.0]) + 0.4 * rng.normal(size=(n_tasks, 2))
    y = (z * coef[site]).sum(axis=1) + 0.3 * rng.normal(size=n_tasks)[site] + 0.5 * rng.normal(size=len(site))
    y = np.clip(y, -6.0, 6.0)
    frame = pd.DataFrame({"a": 3.0 * z[:, 0], "b": 20.0 + 10.0 * z[:, 1], "site": site})
    return frame, y if n_outputs is None else np.column_stack([y, -0.5 * y])


def statistics(frame, y, bounds=BOUNDS, data_norm=None):
    return SufficientStatistics.from_table(frame, y, "site", bounds=bounds, data_norm=data_norm)


def private(found, epsilon=3.0, delta=1e-5, random_state=0, **options):
    """With noise, useless or not."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "privatise: wanted columns")
        return found.privatise(epsilon, delta, random_state=random_state, **options)


def products(found):
    box = Box.of_bounds(found.bounds, found.n_features, found.data_norm)
    return box, box.products(found.sums())


# What is added ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("data_norm", [None, 0.7])
@pytest.mark.parametrize("n_outputs", [None, 2])
def test_the_noise_has_the_variance_that_they_carry(n_outputs, data_norm):
    exact = statistics(*table(n_tasks=400, n=20, n_outputs=n_outputs), data_norm=data_norm)
    noisy = private(exact, epsilon=20.0)
    box, M = products(exact)
    scale = noise_multiplier(20.0, 1e-5) * box.sensitivity
    assert_allclose(noisy.noise_variance, scale**2)
    off = np.triu_indices(M.shape[1], 1)
    noise = ((products(noisy)[1] - M) / np.sqrt(noisy.noise_variance[:, None, None] * box.variances))[:, off[0], off[1]]
    noise = noise[:, np.abs(noise).sum(axis=0) > 0]  # products of two targets are not released
    error = np.sqrt(2.0 / noise.size)
    assert abs(np.mean(noise**2) - 1.0) < 5.0 * error and abs(noise.mean()) < 5.0 / np.sqrt(noise.size)
    assert_allclose(np.corrcoef(noise.T), np.eye(noise.shape[1]), atol=5.0 / np.sqrt(len(noise)))


def test_a_smaller_norm_makes_less_noise():
    frame, y = table(n_tasks=2)
    found = [private(statistics(frame, y, data_norm=norm)).noise_variance[0] for norm in (None, 9.0, 1.0, 0.7, 1e-9)]
    assert found[0] == found[1] > found[2] > found[3] > found[4]
    square = noise_multiplier(3.0, 1e-5) ** 2
    assert_allclose(found[2], 0.5 * (1.0 + 1.0 / 3.0 + 1.0) ** 2 * square)  # half of (R^2 + tau^2 + 1)^2


def test_rows_that_are_shrunk_count_as_rows_of_less_weight():
    frame, y = table(n_tasks=3)
    z = np.column_stack([frame["a"] / 3.0, (frame["b"] - 20.0) / 10.0])
    weight = np.minimum(1.0, 0.7**2 / (z**2).sum(axis=1))
    assert 0.2 < np.mean(weight < 1.0) < 0.9
    found, wanted = statistics(frame, y, data_norm=0.7), SufficientStatistics.from_table(frame, y, "site", weight)
    for name in ("n", "count", "mean", "target_mean", "scatter", "cross", "square"):
        assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-9, atol=1e-9, err_msg=name)
    assert_allclose(found.mean_weight, weight.mean())


@pytest.mark.parametrize("data_norm", [0.7, 0.1])
def test_shrinking_draws_coefficients_nowhere(data_norm):
    """Weights that hang on the columns alone do not change what a linear model's coefficients are."""
    rng = np.random.default_rng(0)
    z = rng.uniform(-1.0, 1.0, (40000, 2))
    y = 1.0 + z @ [2.0, -1.0] + 0.3 * rng.normal(size=len(z))
    frame = pd.DataFrame({"a": 3.0 * z[:, 0], "b": 20.0 + 10.0 * z[:, 1], "site": 0})
    found = statistics(frame, y, data_norm=data_norm)
    slopes = np.linalg.solve(found.scatter[0], found.cross[0])
    error = 0.3 * np.sqrt(np.diagonal(np.linalg.inv(found.scatter[0])))  # weights are one at most
    assert np.all(np.abs(slopes - [2.0 / 3.0, -0.1]) < 4.0 * error)
    noise = (found.square[0] - found.cross[0] @ slopes) / found.n[0]
    assert abs(noise / 0.09 - 1.0) < 6.0 * np.sqrt(2.0 / len(y))


def test_another_draw_is_another_answer_and_the_same_seed_the_same():
    exact = statistics(*table(n_tasks=3))
    draws = []
    for seed in (None, None, 0, 0):
        np.random.seed(1)  # noqa: NPY002 - what somebody does elsewhere
        draws.append(private(exact, random_state=seed))
    assert not np.array_equal(draws[0].scatter, draws[1].scatter)
    assert_array_equal(draws[2].scatter, draws[3].scatter)


def test_rows_outside_count_as_if_they_were_at_the_bounds():
    frame, y = table(n_tasks=3)
    frame.loc[:9, "a"], y[5] = 50.0, -100.0
    with pytest.warns(UserWarning, match=r"clipped, 8.3% of 'a', 0.8% of 'y'.*keep it where they are"):
        found = statistics(frame, y)
    assert_array_equal(found.scatter, statistics(frame.assign(a=frame["a"].clip(-3.0, 3.0)), y.clip(-6.0)).scatter)


@varied("fit_intercept", [True, False])
@pytest.mark.parametrize("change", ["none", "two targets", "a column is missing", "in another order"])
def test_without_noise_they_teach_what_the_rows_do(change, fit_intercept):
    # An odd number has the column: the median task's place does not hang on the last digits of how many rows tasks have.
    frame, y = table(31 + (change == "a column is missing"), n_outputs=2 if change == "two targets" else None)
    if change == "a column is missing":
        frame.loc[frame["site"] == 3, "a"] = np.nan
    exact = statistics(frame, y)
    noisy = private(exact, epsilon=1e14)
    noisy = noisy.aligned(["b", "a"]).aligned(["a", "b"]) if change == "in another order" else noisy
    assert_allclose(noisy.XtX, exact.XtX, rtol=1e-6, atol=1e-4)
    model = Ridge(fit_intercept=fit_intercept)
    found, wanted = (EmpiricalBayes().learn_statistics(each, model) for each in (noisy, exact))
    for name in ("mean", "covariance", "noise", "weights"):
        size = np.abs(getattr(wanted, name)).max()
        assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-3, atol=1e-3 * size, err_msg=name)


# Together and on the way ------------------------------------------------------------------------------


def test_variances_add_up_by_task():
    frame, y = table(n_tasks=6)
    early = (frame["site"] < 4).to_numpy()
    half = np.arange(len(y)) % 2 == 0
    parts = [statistics(frame[k], y[k]) for k in (early & half, early & ~half, ~early)]
    one, two, rest = (private(part, epsilon) for part, epsilon in zip(parts, (1.0, 2.0, 4.0), strict=True))
    total = sum([one, two, rest])
    wanted = np.r_[one.noise_variance + two.noise_variance, rest.noise_variance]
    assert_allclose(total.noise_variance, wanted)
    assert_array_equal(total.bounds, one.bounds)
    assert_allclose(total.Xty[:4], one.Xty + two.Xty, rtol=1e-9, atol=1e-6)
    public = one + parts[1]  # of a site that hides nothing
    assert_allclose(public.noise_variance, one.noise_variance)
    assert (parts[0] + parts[1]).noise_variance is None
    assert_allclose((parts[0] + parts[2]).bounds, one.bounds)


def test_columns_are_matched_by_name_with_their_bounds():
    frame, y = table(n_tasks=4)
    first, other = private(statistics(frame, y)), private(statistics(frame[["b", "site", "a"]], y))
    assert_array_equal((first + other).bounds, first.bounds)
    assert_array_equal(other.bounds[:2], first.bounds[[1, 0]])


@pytest.mark.parametrize("travel", ["json", "pickle"])
def test_they_come_back_as_they_went(travel):
    found = private(statistics(*table(n_tasks=3), data_norm=0.7))
    if travel == "json":
        text = json.dumps({name: array.tolist() for name, array in found.to_dict().items()})
        back = SufficientStatistics.from_dict(json.loads(text))
    else:
        back = pickle.loads(pickle.dumps(found))
    for name in ("scatter", "n", "bounds", "noise_variance"):
        assert_array_equal(getattr(back, name), getattr(found, name))
    assert back.data_norm == found.take([0, 2]).data_norm == found.aligned(["b", "a"]).data_norm == 0.7
    assert_array_equal(found.take([0, 2]).noise_variance, found.noise_variance[[0, 2]])


# What is learned --------------------------------------------------------------------------------------


def error_of(prior, frame, y, n_shots):
    """On new tasks, of which some rows are known."""
    errors = []
    for _, rows in frame.groupby("site"):
        X, target = rows[["a", "b"]], y[rows.index]
        model = prior.adapt(Ridge(), X[:n_shots], target[:n_shots]) if n_shots else prior.zero_shot(Ridge())
        errors.append(np.mean((model.predict(X[n_shots:]) - target[n_shots:]) ** 2))
    return np.sqrt(np.mean(errors))


@pytest.mark.statistics
def test_three_epsilons_cost_less_than_a_hundredth_of_500_rows():
    lost = []
    for seed in range(3):
        exact, new = statistics(*table(40, 500, seed)), table(20, 60, 100 + seed)
        priors = [EmpiricalBayes().learn_statistics(each) for each in (private(exact, random_state=seed), exact)]
        errors = [[error_of(prior, *new, n_shots) for n_shots in (0, 5, 20)] for prior in priors]
        lost.append(np.subtract(*np.log(errors)))
    assert np.all(np.mean(lost, axis=0) < 0.01), lost


def test_the_known_noise_is_not_taken_for_the_tasks_own():
    exact = statistics(*table(40, 500))
    wanted, off = EmpiricalBayes().learn_statistics(exact), []
    for seed in range(6):
        noisy = private(exact, random_state=seed)
        blind = replace(noisy, noise_variance=None, square=np.maximum(noisy.square, 1.0))
        priors = [EmpiricalBayes().learn_statistics(each) for each in (noisy, blind)]
        off.append([np.log(prior.noise / wanted.noise) for prior in priors])
    known, taken = np.abs(np.mean(off, axis=0)) / (np.std(off, axis=0, ddof=1) / np.sqrt(6.0))
    assert known < 3.0 < taken


@pytest.mark.statistics
@pytest.mark.filterwarnings("ignore:statistics. wanted columns")
@varied("spread", [0.0, 0.3])
def test_a_bound_on_the_norm_makes_five_columns_usable(spread):
    """Of normal columns within three standard deviations; sites whose columns lie elsewhere, too."""
    rng, lost = np.random.default_rng(0), []
    site = np.repeat(np.arange(40), 500)
    X = np.clip(rng.normal(size=(len(site), 5)) + spread * rng.normal(size=(40, 5))[site], -3.0, 3.0)
    coef = rng.normal(size=5) + 0.4 * rng.normal(size=(40, 5))
    y = (X * coef[site]).sum(axis=1) + rng.normal(size=len(site))
    bounds = dict.fromkeys(range(5), (-3.0, 3.0)) | {"y": (-10.0, 10.0)}
    y = np.clip(y, -10.0, 10.0)
    for data_norm in (None, 0.5 * np.sqrt(5.0)):
        found = SufficientStatistics.from_table(np.c_[X, site], y, -1, bounds=bounds, data_norm=data_norm)
        wanted = EmpiricalBayes().learn_statistics(found)
        priors = [EmpiricalBayes().learn_statistics(private(found, random_state=seed)) for seed in range(3)]
        size = np.sqrt(np.diagonal(wanted.covariance))
        lost.append(np.mean([np.mean(((prior.mean - wanted.mean) / size) ** 2) for prior in priors]))
    assert lost[1] < lost[0] and lost[1] < 0.1


@pytest.mark.parametrize("data_norm", [None, 1.0])
@varied("epsilon", [9.9, 0.5, 3.0])
def test_few_rows_are_said_to_be_unusable(epsilon, data_norm):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(500, 4)), rng.normal(size=500)
    bounds = dict.fromkeys(range(4), (-4.0, 4.0)) | {"y": (-4.0, 4.0)}
    found = SufficientStatistics.from_table(
        np.c_[X, np.repeat(np.arange(10), 50)], y, -1, bounds=bounds, data_norm=data_norm
    )
    with pytest.warns(UserWarning, match=r"unusable.*It takes .* times the rows, a larger epsilon") as said:
        noisy = found.privatise(epsilon, 1e-5, random_state=0)
    (message,) = [str(each.message) for each in said]
    assert len(message) < 300 and "of 10 task(s)" in message and "rows, noisy" in message  # short, and of the site
    with pytest.warns(UserWarning, match="statistics: .*unusable"):
        EmpiricalBayes().learn_statistics(noisy)  # who learns is somebody else


def test_many_rows_are_not():
    statistics(*table(5, 500)).privatise(3.0, 1e-5, random_state=0)  # a warning would be an error


@pytest.mark.parametrize("kind", ["array", "frame"])
def test_tables_without_features_are_private_too(kind):
    rng, store = np.random.default_rng(0), np.repeat(np.arange(30.0), 200)
    y = np.clip(rng.normal(size=30)[store.astype(int)] + rng.normal(size=6000), -5.0, 5.0)
    X, task = (store[:, None], 0) if kind == "array" else (pd.DataFrame({"store": store}), "store")
    exact = SufficientStatistics.from_table(X, y, task, bounds={"y": (-5.0, 5.0)})
    found, wanted = (EmpiricalBayes().learn_statistics(each) for each in (private(exact), exact))
    assert_allclose(found.mean[..., -1], wanted.mean[..., -1], atol=0.1)
    assert_allclose(found.noise, wanted.noise, rtol=0.1)


@pytest.mark.filterwarnings("ignore:statistics. wanted columns")
@pytest.mark.parametrize(("n_tasks", "n", "epsilon"), [(1, 50, 1.0), (2, 1, 0.01), (3, 2, 1.0), (5, 30, 1e-3)])
def test_whatever_the_noise_a_prior_is_finite(n_tasks, n, epsilon):
    found = EmpiricalBayes().learn_statistics(private(statistics(*table(n_tasks, n)), epsilon))
    assert np.isfinite(found.mean).all() and np.isfinite(found.covariance).all() and found.noise > 0
    frame, y = table(1, 30)
    assert np.isfinite(found.adapt(Ridge(), frame[["a", "b"]], y).coef_).all()


def test_private_sums_are_learned_on_from_a_prior():
    frame, y = table(40, 300)
    early = (frame["site"] < 20).to_numpy()
    prior = WarmStartRegressor(Ridge(), task="site").fit(frame[early], y[early]).prior_
    later = statistics(frame[~early], y[~early])
    found, wanted = (EmpiricalBayes().learn_statistics(each, prior=prior) for each in (private(later), later))
    assert found.n_tasks == wanted.n_tasks == 40
    assert_allclose(found.mean, wanted.mean, atol=0.1)


# Bad input --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bounds", "error", "message"),
    [
        ([(0, 1)] * 3, TypeError, "bounds: wanted a mapping.*found list; as {'price': "),
        ({"a": (0, 1), "y": (0, 1)}, ValueError, "found none of 'b'"),
        ({"a": (0, 1), "b": (0, 1)}, ValueError, "found none of 'y'"),
        (BOUNDS | {"c": (0, 1)}, ValueError, "found unknown 'c'"),
        (BOUNDS | {"b": (3, 3)}, ValueError, r"low < high, of 'b', found \(3, 3\)"),
        (BOUNDS | {"b": (5, 3)}, ValueError, "low < high, of 'b'"),
        (BOUNDS | {"b": (0, np.inf)}, ValueError, "two finite numbers.*'b'"),
        (BOUNDS | {"b": 3}, ValueError, "two finite numbers.*'b'.*found 3; declare what values may be, as "),
        (BOUNDS | {"y": (1, 0)}, ValueError, "low < high, of 'y'"),
    ],
)  # fmt: skip
def test_bounds_that_are_none_are_named(bounds, error, message):
    frame, y = table(n_tasks=2)
    with pytest.raises(error, match=message):
        statistics(frame, y, bounds)


def test_bounds_are_by_position_where_columns_have_no_names():
    X, y = np.c_[np.arange(6.0), np.repeat([0.0, 1.0], 3)], np.zeros(6)
    found = SufficientStatistics.from_table(X, y, -1, bounds={0: (0, 9), "y": (-1, 1)})
    assert_array_equal(found.bounds, [[0, 9], [-1, 1]])
    with pytest.raises(ValueError, match="found none of 0, unknown 1"):
        SufficientStatistics.from_table(X, y, -1, bounds={1: (0, 9), "y": (-1, 1)})
    with pytest.raises(ValueError, match=r"wanted 2 pairs of 'y', one a target, found 1; one pair does for all"):
        SufficientStatistics.from_table(X, np.zeros((6, 2)), -1, bounds={0: (0, 9), "y": [(-1, 1)]})


def test_a_column_with_the_name_of_the_target_is_to_be_renamed():
    frame, y = table(n_tasks=2)
    with pytest.raises(ValueError, match="other names than 'y'"):
        statistics(frame.rename(columns={"a": "y"}), y)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epsilon": 0.0}, "epsilon == 0.0, must be > 0"),
        ({"epsilon": -1.0}, "epsilon"),
        ({"epsilon": np.nan}, "finite numbers, found epsilon=nan and delta=1e-05; without noise leave"),
        ({"epsilon": np.inf}, "finite numbers, found epsilon=inf"),
        ({"delta": np.nan}, "finite numbers, found .*delta=nan"),
        ({"delta": 0.0}, "delta == 0.0, must be > 0"),
        ({"delta": 1.0}, "delta == 1.0, must be < 1"),
        (
            {"bounds": BOUNDS | {"b": (15, 30)}},
            r"hold for the rows, found \[15.0, 30.0\] of 'b', .* within \[10.0, 30.0\]",
        ),
        ({"bounds": {"a": (-9, 9)}}, "found none of 'b', 'y'"),
    ],
)
def test_promises_that_cannot_be_kept_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        private(statistics(*table(n_tasks=2)), **options)


def test_wider_bounds_make_more_noise():
    exact = statistics(*table(n_tasks=2))
    wide = private(exact, bounds={name: (3 * low, 3 * high) for name, (low, high) in BOUNDS.items()} | {"b": (0, 60)})
    assert_array_equal(wide.bounds, [[-9, 9], [0, 60], [-18, 18]])
    assert_allclose(wide.noise_variance, private(exact).noise_variance)  # in units of the bounds


def test_what_has_no_bound_is_refused():
    frame, y = table(n_tasks=2)
    with pytest.raises(ValueError, match=r"privatise: .*known to lie within bounds.*from_table\(..., bounds=...\)"):
        private(SufficientStatistics.from_table(frame, y, "site"), bounds=BOUNDS)
    with pytest.raises(ValueError, match="sample_weight: wanted rows without weights beside bounds"):
        SufficientStatistics.from_table(frame, y, "site", np.ones(len(y)), bounds=BOUNDS)
    with pytest.raises(ValueError, match="private already"):
        private(private(statistics(frame, y)))
    labels = WorkingStatistics(frame, y > 0, task="site", estimator=LogisticRegression())
    at = {"ids": [0, 1], "coef": np.zeros((2, 2)), "intercept": np.zeros(2), "centre": np.zeros(2)}
    with pytest.raises(ValueError, match="working responses, which have no bounds"):
        private(labels(at))


def test_parts_of_other_bounds_are_named():
    frame, y = table(n_tasks=2)
    one, other = statistics(frame, y), statistics(frame, y, BOUNDS | {"b": (0.0, 30.0)})
    with pytest.raises(ValueError, match=r"\[10.0, 30.0\] and \[0.0, 30.0\] of 'b'; agree"):
        private(one) + private(other)
    with pytest.raises(ValueError, match=r"unexpected \['c'\]"):
        renamed = {"c" if name == "b" else name: pair for name, pair in BOUNDS.items()}
        private(one) + private(statistics(frame.rename(columns={"b": "c"}), y, renamed))


@pytest.mark.parametrize(
    ("data_norm", "error", "message"),
    [
        (0.0, ValueError, "data_norm == 0.0, must be > 0"),
        (-1.0, ValueError, "data_norm == -1.0"),
        (np.inf, ValueError, "data_norm: wanted a finite number, found inf; None shrinks no row"),
        (np.nan, ValueError, "data_norm"),
        ("auto", TypeError, "data_norm must be an instance of float|data_norm"),
    ],
)
def test_norms_that_are_none_are_refused(data_norm, error, message):
    with pytest.raises(error, match=message):
        statistics(*table(n_tasks=2), data_norm=data_norm)


def test_a_norm_has_the_units_of_bounds():
    frame, y = table(n_tasks=2)
    with pytest.raises(ValueError, match=r"data_norm: wanted bounds beside it, .*found 0.7 alone"):
        statistics(frame, y, None, data_norm=0.7)
    found = statistics(frame, y, data_norm=0.7)
    with pytest.raises(
        ValueError, match=r"bounds: wanted those that the rows were read within, found wider ones: data_norm=0.7"
    ):
        private(found, bounds=BOUNDS | {"b": (0, 60)})
    assert private(found, bounds=BOUNDS).data_norm == 0.7
    with pytest.raises(ValueError, match=r"data_norm: wanted the same in all parts, found 0.7 and None"):
        private(found) + private(statistics(frame, y))
    assert (private(found) + private(found)).data_norm == (found + found).data_norm == 0.7
    with pytest.raises(ValueError, match=r"data_norm=.*wanted bounds"):
        SufficientStatistics.from_dict({**found.to_dict(), "bounds": None})


def test_private_sums_do_not_lose_their_noise_on_the_way():
    found = private(statistics(*table(n_tasks=2)))
    whole = found.to_dict()
    for lost in ("noise_variance", "bounds", "count", "ids"):
        with pytest.raises(ValueError, match=rf"missing \['{lost}'\]"):
            SufficientStatistics.from_dict({name: array for name, array in whole.items() if name != lost})
    exact = ("ids", "n", "mean", "target_mean", "scatter", "cross", "square", "feature_names", "count", "bounds")
    with pytest.raises(ValueError, match="wanted all that to_dict gives, found no 'names'"):
        SufficientStatistics.from_dict({name: whole[name] for name in exact})
    assert_array_equal(SufficientStatistics.from_dict(whole).noise_variance, found.noise_variance)


def test_noise_without_bounds_is_no_value():
    found = statistics(*table(n_tasks=2))
    with pytest.raises(ValueError, match=r"bounds=.*wanted shape \(3, 2\)"):
        replace(found, bounds=np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"noise_variance=.*wanted bounds"):
        replace(found, noise_variance=[1.0, 1.0], bounds=None)
    with pytest.raises(ValueError, match=r"noise_variance=.*not negative"):
        replace(found, noise_variance=[1.0, -1.0])
