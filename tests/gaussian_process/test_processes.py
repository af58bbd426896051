"""Kernels of deviations, and plain processes, by scikit-learn's own processes."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime
from scipy.stats import chi2
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.preprocessing import FunctionTransformer
from variations import varied

from skmeta import GaussianPrior, GaussianProcessLearner, WarmStartRegressor
from skmeta.datasets import make_sinusoids
from skmeta.gaussian_process import GaussianProcessPrior
from skmeta.gaussian_process._columns import Limits, _rows_to_learn_from, kernel_columns
from skmeta.gaussian_process._gaussian_process_prior import _process
from skmeta.gaussian_process._kernels import kernel_of, with_noise
from skmeta.gaussian_process._summed_likelihood import _negative_log_likelihood, learned_hyperparameters
from skmeta.tasks import Tasks, read_tasks

pytestmark = pytest.mark.quick

SCALE, LEVEL, NOISE = 1.5, 0.4, 0.2
SHAPE = ConstantKernel(SCALE, "fixed") * RBF(0.8) + ConstantKernel(LEVEL, "fixed")
PLAIN = GaussianProcessRegressor(SHAPE, alpha=NOISE, optimizer=None)


def drawn(seed=0, n_tasks=6, n_rows=9, n_features=1):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2.0, 2.0, (n_tasks, n_rows, n_features))
    kernel = SHAPE + WhiteKernel(NOISE)
    return [(each, np.linalg.cholesky(kernel(each)) @ rng.normal(size=n_rows)) for each in X]


def test_the_summed_likelihood_is_scikit_learns_and_so_is_its_gradient():
    tasks, kernel = drawn(), kernel_of(GaussianProcessRegressor(RBF(0.8)))
    logs = np.log([SCALE, LEVEL, NOISE, 0.8])
    value, gradient = _negative_log_likelihood(logs, kernel.gram, tasks)
    assert_allclose(-value, sum(PLAIN.fit(X, y).log_marginal_likelihood_value_ for X, y in tasks))
    found = approx_fprime(logs, lambda at: _negative_log_likelihood(at, kernel.gram, tasks)[0], 1e-6)
    assert_allclose(gradient, found, rtol=1e-4, atol=1e-4)


def test_many_tasks_tell_their_kernel():
    kernel, tasks = kernel_of(GaussianProcessRegressor(RBF(3.0))), drawn(n_tasks=40)
    found = learned_hyperparameters(kernel.gram, tasks, kernel.starts, kernel.bounds)
    truth = np.log([SCALE, LEVEL, NOISE, 0.8])
    # Likelihood ratio: twice the gain over the truth is chi-squared of four degrees, rarely above 23.5.
    gain = _negative_log_likelihood(truth, kernel.gram, tasks)[0] + found.log_likelihood
    assert 0.0 <= 2.0 * gain < chi2(4).isf(1e-4)


def test_the_users_bounds_restarts_and_optimizer_are_kept():
    tasks = drawn()
    bounded = kernel_of(GaussianProcessRegressor(RBF(3.0, (2.0, 4.0)), n_restarts_optimizer=2, random_state=0))
    assert len(bounded.starts) == 3
    assert (
        2.0
        <= np.exp(learned_hyperparameters(bounded.gram, tasks, bounded.starts, bounded.bounds).theta[0])
        <= 4.0 + 1e-9
    )
    given = kernel_of(GaussianProcessRegressor(RBF(3.0), optimizer=None))
    assert learned_hyperparameters(given.gram, tasks, given.starts, given.bounds).theta.size == 0
    still = kernel_of(GaussianProcessRegressor(RBF(3.0), optimizer=lambda f, start, bounds: (start, f(start)[0])))
    assert_allclose(
        np.exp(learned_hyperparameters(still.gram, tasks, still.starts, still.bounds, still.optimizer).theta), 3.0
    )


def tasks_of(parts):
    X, y = (np.concatenate(each) for each in zip(*parts, strict=True))
    return X, y, Tasks(X, y, np.repeat(np.arange(len(parts)), [len(y) for _, y in parts]), np.arange(len(parts)))


@pytest.mark.parametrize(
    "estimator", [GaussianProcessRegressor(RBF(2.0)), KernelRidge(kernel="rbf", gamma=0.1)], ids=str
)
def test_inner_products_of_the_columns_are_the_kernel(estimator):
    X, y, tasks = tasks_of(drawn())
    columns = kernel_columns(kernel_of(estimator), X, y, tasks, Limits())

    def gram(rows):
        return columns.kernel(rows) if callable(columns.kernel) else rbf_kernel(rows, gamma=0.1)

    assert columns.n_components < len(X) / 2
    at_centres = columns.transform(columns.components_)
    assert_allclose(at_centres @ at_centres.T, gram(columns.components_), atol=1e-8)
    Z = columns.transform(X)
    left = np.linalg.eigvalsh(gram(X) - Z @ Z.T)
    assert left.min() > -1e-8 and left.sum() < 0.02 * len(X)


def test_no_deviations_have_no_columns():
    X, y, tasks = tasks_of(drawn())
    kernel = kernel_of(GaussianProcessRegressor(RBF(1.0)))
    assert kernel_columns(kernel, X, 0.0 * y, tasks, Limits()) is None


def test_a_plain_process_has_the_mean_and_the_variance_it_is_given():
    rng = np.random.default_rng(0)
    coef, root, Z = rng.normal(size=5), rng.normal(size=(5, 5)), rng.normal(size=(7, 4))
    steps = _process(GaussianProcessRegressor(), 100.0 * coef, root @ root.T, 0.3)
    rows = Z
    for _, step in steps[:-1]:
        rows = step.transform(rows)
    mean, std = steps[-1][1].predict(rows, return_std=True)
    one = np.column_stack([np.ones(7), Z])
    assert_allclose(mean, 100.0 * one @ coef)
    assert_allclose(std, np.sqrt(((one @ root) ** 2).sum(axis=1) + 0.3), rtol=1e-9)


@pytest.fixture
def by_hand():
    """A shared function of 2 x, and deviations of a known kernel; columns are exact at their centres."""
    centres = np.linspace(-2.0, 2.0, 8)[:, None]
    columns = Nystroem(RBF(0.8), n_components=8, random_state=0).fit(centres)
    variance = np.diag(np.r_[0.0, np.full(8, SCALE), LEVEL])
    correction = GaussianPrior(np.eye(1, 10)[0], variance, noise=NOISE, n_tasks=1)
    model = GaussianProcessRegressor(optimizer=None).fit([[0.0]], [0.0])
    return centres, GaussianProcessPrior(model, FunctionTransformer(twice), columns, correction, Ridge(), n_tasks=1)


def twice(X):
    return 2.0 * X


def test_a_new_task_is_a_process_around_the_shared_function(by_hand):
    centres, prior = by_hand
    X, y = centres[::2], np.array([1.0, -3.0, 0.5, 2.0])
    exact = PLAIN.fit(X, y - 2.0 * X[:, 0])
    mean, std = exact.predict(centres, return_std=True)
    plain = prior.adapt(GaussianProcessRegressor(), X, y)
    found, spread = plain.predict(centres, return_std=True)
    assert_allclose(found, mean + 2.0 * centres[:, 0], rtol=1e-7)
    assert_allclose(spread, np.sqrt(std**2 + NOISE), rtol=1e-7)
    assert_allclose(
        prior.log_evidence(GaussianProcessRegressor(), read_tasks(X, y)), exact.log_marginal_likelihood_value_
    )


def test_no_rows_are_the_shared_function_and_all_that_tasks_vary(by_hand):
    centres, prior = by_hand
    mean, std = prior.zero_shot(GaussianProcessRegressor()).predict(centres, return_std=True)
    assert_allclose(mean, 2.0 * centres[:, 0], atol=1e-12)
    assert_allclose(std, np.sqrt(SCALE + LEVEL + NOISE), rtol=1e-7)


def test_kernel_ridge_has_the_same_mean_whatever_its_alpha(by_hand):
    centres, prior = by_hand
    X, y = centres[::2], np.array([1.0, -3.0, 0.5, 2.0])
    model = KernelRidge().fit([[0.0]], [0.0])
    prior = GaussianProcessPrior(model, prior.outputs, prior.columns, prior.correction, prior.linear_model, n_tasks=1)
    exact = PLAIN.fit(X, y - 2.0 * X[:, 0]).predict(centres) + 2.0 * centres[:, 0]
    for alpha in (0.1, 10.0):
        assert_allclose(prior.adapt(KernelRidge(alpha=alpha), X, y).predict(centres), exact, rtol=1e-7)


def test_waves_are_learned_and_the_intervals_are_the_shells():
    past = make_sinusoids(15, 10, noise=0.1, random_state=0)[:2]
    X, y, _ = make_sinusoids(1, 40, noise=0.1, random_state=1)
    estimator = GaussianProcessRegressor(RBF(1.5), alpha=0.01, optimizer=None)
    model = WarmStartRegressor(estimator, task=-1, learner=GaussianProcessLearner(max_rounds=1)).fit(*past)
    assert repr(model.prior_).startswith("GaussianProcessPrior(GaussianProcessRegressor of all tasks, for each task ")
    assert "corrected by a linear model of output, kernel" in repr(model.prior_)
    assert "keeps rows" in repr(model.prior_)
    warm = WarmStartRegressor(estimator, prior=model.prior_).fit(X[:6, :1], y[:6])
    mean, std = warm.predict(X[6:, :1], return_std=True)
    plain = warm.estimator_.predict(X[6:, :1], return_std=True)
    assert_allclose(plain[0], mean)
    assert_allclose(plain[1], std, rtol=1e-6)
    own = estimator.fit(X[:6, :1], y[:6]).predict(X[6:, :1])
    assert np.mean((mean - y[6:]) ** 2) < 0.25 * np.mean((own - y[6:]) ** 2)


def test_rows_of_many_tasks_are_noisy_to_each_other():
    X = np.linspace(0.0, 1.0, 5)[:, None]
    noisy = with_noise(GaussianProcessRegressor(RBF(1.0)), X)
    assert noisy.normalize_y and "WhiteKernel" in repr(noisy.kernel)
    has_noise = GaussianProcessRegressor(RBF(1.0) + WhiteKernel(0.5))
    assert with_noise(has_noise, X).kernel == has_noise.kernel


class Counting(RBF):
    """Remembers how many rows were compared with how many."""

    asked: list = []  # noqa: RUF012

    def __call__(self, X, Y=None, eval_gradient=False):
        self.asked.append((len(X), len(X if Y is None else Y)))
        return super().__call__(X, Y, eval_gradient)


@varied("noise", [None, WhiteKernel(0.1), WhiteKernel(0.1) * ConstantKernel(2.0)], ids=str)
def test_no_kernel_compares_all_rows_with_all(noise):
    rng = np.random.default_rng(0)
    X = np.column_stack([rng.normal(size=400), np.repeat(np.arange(8.0), 50)])
    kernel = Counting(1.0) if noise is None else Counting(1.0) + noise
    learner = GaussianProcessLearner(max_rounds=1, max_rows=40, max_task_rows=10, max_columns=10)
    Counting.asked.clear()
    WarmStartRegressor(GaussianProcessRegressor(kernel, optimizer=None), task=-1, learner=learner).fit(X, X[:, 0])
    assert Counting.asked and max(min(each) for each in Counting.asked) <= 60


@pytest.mark.parametrize(
    ("estimator", "share"),
    [
        (GaussianProcessRegressor(RBF(1.0)), 0.25),
        (GaussianProcessRegressor(), 0.25),
        (GaussianProcessRegressor(RBF(1.0, "fixed")), 0.25),  # the noise between tasks is searched
        (GaussianProcessRegressor(RBF(1.0) + WhiteKernel(0.1), optimizer=None), 1.0),
        (GaussianProcessRegressor(RBF(1.0), optimizer=None), 1.0),
        (GaussianProcessRegressor(RBF(1.0, "fixed") + WhiteKernel(0.1, "fixed")), 1.0),
        (KernelRidge(), 1.0),
    ],
    ids=str,
)
def test_a_quarter_of_the_rows_where_hyperparameters_are_searched_and_nowhere_else(estimator, share):
    X, y, _ = make_sinusoids(6, 30, random_state=0)
    tasks, learner = read_tasks(X, y, task=-1), GaussianProcessLearner(max_rows=40)
    shared = learner._shared(estimator, tasks)
    assert [len(train) for train, _ in learner._folds(shared, tasks)] == [40 * share] * 5


@pytest.mark.parametrize("level", [0.0, 1e3, 1e6, -1e8])
@pytest.mark.parametrize("noise", [1e-4, 0.3])
def test_the_variance_of_a_plain_process_does_not_depend_on_its_level(level, noise):
    rng = np.random.default_rng(0)
    coef, root, Z = np.r_[level, rng.normal(size=4)], rng.normal(size=(5, 5)), rng.normal(size=(7, 4))
    steps = _process(GaussianProcessRegressor(), coef, root @ root.T, noise)
    rows = Z
    for _, step in steps[:-1]:
        rows = step.transform(rows)
    mean, std = steps[-1][1].predict(rows, return_std=True)
    one = np.column_stack([np.ones(7), Z])
    assert_allclose(mean, one @ coef, rtol=1e-12, atol=1e-9)
    assert_allclose(std, np.sqrt(((one @ root) ** 2).sum(axis=1) + noise), rtol=1e-9)


def test_limits_of_rows_and_columns_are_kept_or_refused():
    X, y, _ = make_sinusoids(6, 30, random_state=0)
    searched, solved = GaussianProcessRegressor(RBF(1.0)), KernelRidge(kernel="rbf")
    tasks = read_tasks(X, y, task=-1)
    learner = GaussianProcessLearner(max_rows=40)
    for estimator, n in ((searched, 10), (solved, 40)):
        assert [len(train) for train, _ in learner._folds(estimator, tasks)] == [n] * 5
    kernel, few = kernel_of(searched), Limits(columns=2, rows=20, task_rows=5)
    assert kernel_columns(kernel, tasks.X, y - y.mean(), tasks, few).n_components <= 2
    assert [len(rows) for rows in _rows_to_learn_from(tasks.X, tasks, few)] == [5] * 4
    for name in ("max_rows", "max_task_rows", "max_columns"):
        with pytest.raises(ValueError, match=name):
            WarmStartRegressor(solved, task=-1, learner=GaussianProcessLearner(**{name: 0})).fit(X, y)


@pytest.mark.parametrize(
    ("estimator", "message"),
    [
        (KernelRidge(kernel="precomputed"), "kernel: wanted a kernel of the columns, found 'precomputed'"),
        (GaussianProcessRegressor(alpha=np.ones(12)), "alpha: wanted one number"),
    ],
    ids=["precomputed", "alpha"],
)
def test_what_is_no_one_kernel_for_all_tasks_is_refused(estimator, message):
    X, y, _ = make_sinusoids(2, 6, random_state=0)
    with pytest.raises(ValueError, match=message):
        WarmStartRegressor(estimator, task=-1).fit(X, y)


@pytest.mark.variations
def test_several_outputs_have_their_own_deviations():
    X, y, _ = make_sinusoids(5, 6, random_state=0)
    learner = GaussianProcessLearner(max_rounds=1)
    model = WarmStartRegressor(KernelRidge(kernel="rbf"), task=-1, learner=learner).fit(X, np.column_stack([y, -y]))
    plain = model.adapt(X[:5, :1], np.column_stack([y, -y])[:5])
    found = plain.predict(X[:8, :1])
    assert found.shape == (8, 2)
    assert_allclose(found[:, 0], -found[:, 1], atol=1e-6 * np.abs(found).max())


def test_a_prior_of_another_family_is_refused():
    X, y, _ = make_sinusoids(3, 6, random_state=0)
    prior = GaussianPrior([0.0, 0.0], 1.0, n_tasks=1)
    with pytest.raises(TypeError, match="prior: wanted one for KernelRidge, found a GaussianPrior"):
        WarmStartRegressor(KernelRidge(), task=-1, prior=prior).fit(X, y)
