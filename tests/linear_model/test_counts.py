"""Counts and other targets with a logarithmic link: scatter as it is, in any unit, and no worse than one model for all."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.linear_model import GammaRegressor, PoissonRegressor, TweedieRegressor
from sklearn.metrics import d2_tweedie_score, mean_poisson_deviance
from variations import varied

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartRegressor
from skmeta._inference.laplace_em import fit_laplace
from skmeta.linear_model import WorkingStatistics

D, SHOTS = 4, 10


def collection(seed, rate=1.0, excess=0.0, n_tasks=150, n=20, level=0.5, spread=0.2):
    """Counts ``(rows with their task, targets, means)``: tasks differ in level and slopes."""
    rng = np.random.default_rng(seed)
    X, task = rng.normal(size=(n_tasks * n, D)), np.repeat(np.arange(n_tasks), n)
    slopes = 0.3 + spread * rng.normal(size=(n_tasks, D))
    mean = rate * np.exp((level * rng.normal(size=n_tasks))[task] + (X * slopes[task]).sum(axis=1))
    more = rng.gamma(1.0 / excess, excess, len(X)) if excess else 1.0
    return np.c_[X, task], rng.poisson(mean * more).astype(float), mean


def learn(X, y, model=None, **options):
    return WarmStartRegressor(model or PoissonRegressor(), task=-1, **options).fit(X, y)


def deviances(seed, **options):
    """Of new tasks after ten rows: warm, one model for all, and that times the task's own level."""
    X, y, _ = collection(seed, **options)
    past, first = X[:, -1] < 100, np.arange(len(X)) % 20 < SHOTS
    model, new = learn(X[past], y[past]), ~past & first
    warm = WarmStartRegressor(PoissonRegressor(), task=-1, prior=model.prior_, learner=Keep()).fit(X[new], y[new])
    pooled = PoissonRegressor(alpha=1e-4, max_iter=500).fit(X[past, :-1], y[past]).predict(X[:, :-1])
    ratio = np.array(
        [
            (y[new & own].sum() + 1) / (pooled[new & own].sum() + 1)
            for own in np.unique(X[:, -1])[:, None] == X[:, -1:].T
        ]
    )
    query = ~past & ~first
    predicted = warm.predict(X[query]), pooled[query], (pooled * ratio[X[:, -1].astype(int)])[query]
    return model.prior_.components[0], [mean_poisson_deviance(y[query], p) for p in predicted]


class Keep(EmpiricalBayes):
    """A learner that has learned enough."""

    def learn(self, estimator, tasks, prior=None, **options):
        return prior


# How counts scatter -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rate", [0.05, *(pytest.param(rate, marks=pytest.mark.statistics) for rate in (0.02, 0.2, 1.0))]
)
def test_sparse_counts_are_poissons_and_no_worse_than_pooled(rate):
    found = [deviances(seed, rate=rate) for seed in range(3)]
    assert_allclose([prior.noise for prior, _ in found], 1.0, atol=0.15)
    assert np.mean([prior.overdispersion for prior, _ in found]) < 0.3
    warm, pooled, _ = np.mean([figures for _, figures in found], axis=0)
    assert warm <= 1.02 * pooled


@varied("excess", [0.2, 1.0])
def test_a_scatter_that_grows_with_the_mean_is_learned(excess):
    found = [deviances(seed, rate=8.0, level=2.0, spread=0.1, excess=excess) for seed in range(2)]
    for prior, _ in found:
        assert prior.noise == 1.0
        assert_allclose(prior.overdispersion, excess, rtol=0.25)
        assert_allclose(np.sqrt(np.diag(prior.dense_covariance()))[-1], 2.0, rtol=0.3)
        assert np.sqrt(np.diag(prior.dense_covariance()))[:-1].max() < 0.25
    warm, pooled, ratio = np.mean([figures for _, figures in found], axis=0)
    assert warm < min(pooled, ratio)


@pytest.mark.parametrize(("kind", "excess"), [("poisson", 0.0), ("growing", 0.5), ("proportional", 0.0)])
def test_one_kind_of_scatter_alone_is_learned_to_the_end(monkeypatch, kind, excess):
    X, y, mean = collection(0, rate=8.0, excess=excess, n_tasks=40)
    y = 3.0 * np.random.default_rng(1).poisson(mean / 3.0) if kind == "proportional" else y
    runs = []

    def counted(*args, choose, **options):
        runs.append(choose is not None)
        return fit_laplace(*args, choose=choose, **options)

    monkeypatch.setattr("skmeta.linear_model._law_learning.fit_laplace", counted)
    prior = learn(X, y).prior_.components[0]
    assert runs == [False, True]
    assert (prior.overdispersion > 0.3, prior.noise > 2.0) == (kind == "growing", kind == "proportional")


@pytest.mark.statistics
def test_where_scatter_grows_with_the_mean_new_tasks_explain_as_much_as_one_model_for_all():
    """Share of the variance explained: few rows of large counts, whose scatter one dispersion for all cannot hold."""
    lead = []
    for seed in range(6):
        X, y, _ = collection(seed, rate=8.0, level=1.5, spread=0.1, excess=1.0, n_tasks=100, n=15)
        past, known = X[:, -1] < 60, np.arange(len(X)) % 15 < 5
        warm, query = learn(X[past], y[past]), ~past & ~known
        adapted = [warm.adapt(X[own & known, :-1], y[own & known]) for own in _tasks(X, 60)]
        pooled = PoissonRegressor(alpha=1e-4, max_iter=500).fit(X[past, :-1], y[past])
        guess = np.concatenate(
            [model.predict(X[own & query, :-1]) for model, own in zip(adapted, _tasks(X, 60), strict=True)]
        )
        lead.append(
            d2_tweedie_score(y[query], guess, power=1)
            - d2_tweedie_score(y[query], pooled.predict(X[query, :-1]), power=1)
        )
    assert np.mean(lead) > 2.0 * np.std(lead, ddof=1) / np.sqrt(len(lead))


def _tasks(X, first):
    return [X[:, -1] == task for task in np.unique(X[:, -1]) if task >= first]


@varied("seed", range(8, 12))
def test_large_scatter_is_found_where_its_moments_are_too_uncertain_to_show_it(seed):
    """Levels over orders of magnitude: a task's few large counts make up most of Pearson's statistic."""
    X, y, _ = collection(seed, rate=8.0, level=2.0, spread=0.1, excess=1.0, n_tasks=60, n=12)
    prior = learn(X, y, learner=EmpiricalBayes("diagonal")).prior_.components[0]
    assert_allclose(prior.overdispersion, 1.0, rtol=0.3)


def test_a_scatter_in_proportion_to_the_mean_is_a_dispersion():
    """Counts of fives: five times Poisson's variance, at every mean."""
    X, _, mean = collection(0, rate=8.0)
    y = 5.0 * np.random.default_rng(1).poisson(mean / 5.0)
    prior = learn(X, y).prior_.components[0]
    assert prior.overdispersion == 0.0
    assert_allclose(prior.noise, 5.0, rtol=0.15)


def test_a_past_with_more_scatter_is_learned_on_from():
    X, y, _ = collection(0, rate=20.0, excess=0.5)
    past, few = X[:, -1] < 100, X[:, -1] > 145
    first = learn(X[past], y[past]).prior_
    later = learn(X[few], y[few], prior=first).prior_.components[0]
    assert later.n_tasks == 104
    assert_allclose(later.overdispersion, first.components[0].overdispersion, rtol=0.1)


def test_parts_teach_how_counts_scatter():
    X, y, _ = collection(0, rate=6.0, excess=0.5, n_tasks=40)
    parts = [WorkingStatistics(X[k::2], y[k::2], task=-1, estimator=PoissonRegressor()) for k in (0, 1)]
    found = EmpiricalBayes("diagonal").learn_statistics(parts, PoissonRegressor()).components[0]
    wanted = learn(X, y, learner=EmpiricalBayes("diagonal")).prior_.components[0]
    assert wanted.overdispersion > 0
    for name in ("mean", "covariance", "noise", "overdispersion"):
        assert_allclose(getattr(found, name), getattr(wanted, name), rtol=1e-7, err_msg=name)


def test_overdispersion_is_of_counts_alone():
    with pytest.raises(ValueError, match=r"overdispersion=.*counts.*gamma"):
        GaussianPrior([0.0, 1.0], 1.0, overdispersion=0.5, likelihood="gamma")
    more = GaussianPrior([0.0, 1.0], 1.0, overdispersion=0.5, likelihood="poisson")
    X, y = np.zeros((1, 1)), np.array([40.0])
    less = replace(more, overdispersion=0.0)
    assert more.adapt(PoissonRegressor(), X, y).intercept_ < less.adapt(PoissonRegressor(), X, y).intercept_


# In any unit, of any power ------------------------------------------------------------------------------


def amounts(seed=0, shape=3.0):
    X, _, mean = collection(seed, n_tasks=40)
    return X, mean * np.random.default_rng(seed).gamma(shape, 1.0 / shape, len(X)), mean


@pytest.mark.parametrize("unit", [1e13, 1e-13, 1e60])
def test_the_unit_of_the_target_does_not_matter(unit):
    X, y, _ = amounts()
    one, other = (learn(X, by * y, GammaRegressor(), learner=EmpiricalBayes("diagonal")) for by in (1.0, unit))
    laws = [model.prior_.components[0] for model in (one, other)]
    shift = np.log(unit) * np.eye(D + 1)[-1]
    assert_allclose(laws[1].mean - shift, laws[0].mean, rtol=1e-4, atol=1e-4)
    assert_allclose(laws[1].covariance, laws[0].covariance, rtol=1e-3, atol=1e-5)
    for model, by in ((one, 1.0), (other, unit)):  # how tasks are held out is by the size of targets
        plain = model.prior_.components[0].adapt(GammaRegressor(), X[:9, :-1], by * y[:9])
        assert_allclose(
            plain.predict(X[:, :-1]) / by,
            laws[0].adapt(GammaRegressor(), X[:9, :-1], y[:9]).predict(X[:, :-1]),
            rtol=1e-3,
        )


def test_rates_have_the_dispersion_of_their_unit():
    X, y, mean = collection(0, rate=20.0)
    model = learn(X, 1e-6 * y)
    assert_allclose(model.prior_.components[0].noise, 1e-6, rtol=0.15)
    assert np.median(np.abs(1e6 * model.predict(X) / mean - 1.0)) < 0.15


@pytest.fixture(scope="module")
def visits():
    """Rates ``(rows with their task, rates, exposures)`` of tasks that differ in level and slopes."""
    X, _, mean = collection(1, n_tasks=20, level=0.3, spread=0.1)
    rng = np.random.default_rng(1)
    exposure = rng.uniform(1.0, 5.0, len(X))
    return X, rng.poisson(exposure * mean) / exposure, exposure


def taught(rows, scale, *, elsewhere=False):
    """A prior of the rates in other units of exposure, and the coefficients that it gives the first rows."""
    X, rates, exposure = rows
    given = (X, rates / scale, scale * exposure)
    if elsewhere:
        parts = [[each[k::2] for each in given] for k in (0, 1)]
        parts = [WorkingStatistics(x, y, task=-1, estimator=PoissonRegressor(), sample_weight=w) for x, y, w in parts]
        prior = EmpiricalBayes().learn_statistics(parts, PoissonRegressor())
    else:
        prior = WarmStartRegressor(PoissonRegressor(), task=-1).fit(*given[:2], sample_weight=given[2]).prior_
    own = prior.adapt(PoissonRegressor(), X[:5, :-1], given[1][:5], sample_weight=given[2][:5])
    return prior, np.r_[own.coef_, own.intercept_ + np.log(scale)]


@varied("elsewhere", [False, True])
def test_the_unit_of_exposures_changes_nothing(visits, elsewhere):
    prior, own = taught(visits, 1.0, elsewhere=elsewhere)
    assert_allclose(prior.components[0].mean[:-1], 0.3, atol=0.15)  # slopes are learned: three standard errors
    for scale in (1e-6, 1e8):
        other, its = taught(visits, scale, elsewhere=elsewhere)
        law, shift = other.components[0], np.log(scale) * np.eye(D + 1)[-1]
        assert_allclose(law.mean + shift, prior.components[0].mean, rtol=1e-6, atol=1e-7)
        assert_allclose(law.covariance, prior.components[0].covariance, rtol=1e-5, atol=1e-8)
        assert_allclose(scale * law.noise, prior.components[0].noise, rtol=1e-6)
        assert_allclose(other.weights, prior.weights, rtol=1e-5)
        assert_allclose(its, own, rtol=1e-5, atol=1e-7)


def test_the_dispersion_of_amounts_is_learned():
    X, y, _ = amounts()
    assert_allclose(learn(X, y, GammaRegressor()).prior_.components[0].noise, 1.0 / 3.0, rtol=0.15)


def test_amounts_of_many_columns_are_learned_as_those_of_few():
    """By cells as by columns: the level alone scatters no less than the law."""
    rng = np.random.default_rng(0)
    X, task = rng.normal(size=(480, 120)), np.repeat(np.arange(40), 12)
    mean = np.exp(0.4 * X[:, :5].sum(axis=1) + (0.3 * rng.normal(size=40))[task])
    y = mean * rng.gamma(5.0, 0.2, 480)
    few, many = (learn(np.c_[X[:, :d], task], y, GammaRegressor()).prior_ for d in (20, 120))
    assert min(few.weights[0], many.weights[0]) > 0.5


@varied("power", [1.5, 2.5, 3.0])
def test_predictions_are_of_the_datas_order(power):
    X, y, _ = amounts(shape=1.0)
    prior = learn(X, y, TweedieRegressor(power=power)).prior_
    for task in range(20):
        own = X[:, -1] == task
        rows = X[own, :-1][:SHOTS], y[own][:SHOTS]
        models = prior.adapt(TweedieRegressor(power=power), *rows), TweedieRegressor(power=power).fit(*rows)
        warm, alone = (model.predict(X[own, :-1][SHOTS:]) for model in models)
        assert np.all(np.isfinite(warm)) and warm.max() < 10.0 * max(y.max(), alone.max())


def largest_prediction(model, seed, size, shots):
    """Of rows such as the past has, for a new task of a few rows, and the largest target."""
    X, _, mean = collection(seed, rate=size, n_tasks=12, n=12)
    rng, counts = np.random.default_rng(seed), isinstance(model, PoissonRegressor)
    y = rng.poisson(mean).astype(float) if counts else mean * rng.gamma(2.0, 0.5, len(X))
    past = X[:, -1] < 8
    prior, new = learn(X[past], y[past], model, learner=EmpiricalBayes("diagonal")).prior_, X[:, -1] == 9
    known = np.flatnonzero(new)[:shots]
    found = prior.adapt(model, X[known, :-1], y[known]).predict(X[:, :-1])
    assert np.all(np.isfinite(found)) and np.all(found >= 0.0)
    return found.max(), y.max()


@settings(max_examples=10, deadline=None, derandomize=True)  # it does not hold for every draw, see below
@given(
    st.sampled_from([PoissonRegressor(), GammaRegressor(), *(TweedieRegressor(power=p) for p in (1.2, 1.8))]),
    st.integers(0, 10**6),
    st.sampled_from([0.1, 1.0, 30.0]),
    st.integers(1, 12),
)
def test_predictions_are_finite_and_of_the_datas_order(model, seed, size, shots):
    """No plain model of few rows promises that much."""
    found, largest = largest_prediction(model, seed, size, shots)
    assert found < 10.0 * largest + 1.0


@pytest.mark.xfail(
    strict=True, reason="powers beyond gamma's learn their scatter under gamma, and some draws trust few rows too much"
)
@pytest.mark.parametrize(("power", "seed", "shots"), [(2.5, 134136, 4), (1.2, 5087, 6)])
def test_predictions_of_some_draws_are_not_of_the_datas_order(power, seed, shots):
    found, largest = largest_prediction(TweedieRegressor(power=power), seed, 0.1, shots)
    assert found < 10.0 * largest + 1.0


def test_a_power_up_to_zero_takes_negative_targets():
    X, _, mean = collection(0, n_tasks=30)
    y = mean + np.random.default_rng(0).normal(size=len(X))
    assert y.min() < 0
    model = learn(X, y, TweedieRegressor(power=0, link="log"))
    assert np.median(np.abs(np.log(model.predict(X) / mean))) < 0.3


def test_a_prior_of_one_power_is_not_one_of_another():
    X, y, _ = amounts()
    prior = learn(X, y, TweedieRegressor(power=2.5)).prior_
    with pytest.raises(ValueError, match=r"wanted one learned for tweedie 1\.5 targets.*tweedie 2\.5"):
        prior.adapt(TweedieRegressor(power=1.5), X[:5, :-1], y[:5])
    gamma = learn(X, y, GammaRegressor()).prior_
    assert_allclose(
        gamma.adapt(TweedieRegressor(power=2), X[:5, :-1], y[:5]).coef_,
        gamma.adapt(GammaRegressor(), X[:5, :-1], y[:5]).coef_,
    )
    with pytest.raises(ValueError, match=r"likelihood=.*tweedie"):
        GaussianPrior([0.0, 1.0], 1.0, likelihood="tweedie")


@pytest.mark.parametrize("far", [10.0, 60.0])
def test_predictions_are_the_plain_estimators(far):
    X, y, _ = collection(0, n_tasks=30)
    prior = learn(X, y).prior_
    model = WarmStartRegressor(PoissonRegressor(), prior=prior).fit(X[:10, :-1], y[:10])
    rows = far * X[:50, :-1]
    assert_array_equal(model.predict(rows), model.estimator_.predict(rows))
