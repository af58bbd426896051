"""Wide tasks: the dual gives the primal's answers, and learning finds what is there without a matrix of the columns."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from scipy.integrate import quad
from scipy.special import expit, polygamma
from variations import varied

from skmeta._inference import wide_rows
from skmeta._inference.dual import DualProblem, evidence_slopes
from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Tweedie
from skmeta._inference.mixture import Mixture, learn_weights, posterior
from skmeta._inference.moments import Rows
from skmeta._inference.noise import NoiseLaw
from skmeta._inference.wide import WidePrior
from skmeta._inference.wide_em import Options, Shape, fit_wide, initial_state, learn_wide, merged
from skmeta._inference.wide_rows import read_batches
from skmeta._inference.wide_scales import fit_scales, scaled
from skmeta._inference.wide_sweep import conjugate_gradients
from skmeta._inference.wide_weights import wide_evidence

LOSSES = {"gaussian": GAUSSIAN, "binomial": BINOMIAL, "multinomial": MULTINOMIAL, "poisson": Tweedie(1.0)}


def make_rows(counts, d, seed=0, *, n_outputs=1, density=0.5, weighted=False):
    """Random sparse-looking rows of tasks of the given lengths, shuffled; Gaussian targets."""
    rng = np.random.default_rng(seed)
    n = int(np.sum(counts))
    X = rng.normal(size=(n, d)) * (rng.random((n, d)) < density)
    task = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    order, starts = np.argsort(task, kind="stable"), np.r_[0, np.cumsum(counts)]
    weight = rng.integers(0, 4, n) / 2.0 if weighted else None
    return Rows(X, rng.normal(size=(n, n_outputs)), order, starts, np.zeros(d), 0.5 + rng.random(d), weight)


def with_targets(rows, loss, seed=0):
    """The rows with targets that suit a loss."""
    rng = np.random.default_rng(seed)
    n, n_outputs = rows.Y.shape
    if loss.name == "binomial":
        return replace(rows, Y=rng.integers(0, 2, (n, n_outputs)).astype(float))
    if loss.coupled:
        return replace(rows, Y=np.eye(n_outputs)[rng.integers(0, n_outputs, n)])
    return replace(rows, Y=rng.poisson(2.0, (n, n_outputs)).astype(float)) if loss.name == "tweedie" else rows


def make_prior(d, rank=2, seed=0, *, n_outputs=1, vague_weight=0.0):
    rng = np.random.default_rng(seed)
    shape = (n_outputs, d + 1)
    return WidePrior(
        mean=0.5 * rng.normal(size=shape),
        variance=0.1 + rng.random(shape),
        factor=0.5 * rng.normal(size=(*shape, rank)),
        noise=np.full(n_outputs, 1.0),
        noise_dof=np.full(n_outputs, np.inf),
        intercept=np.full(n_outputs, 0.2),
        weights=np.array([1.0 - vague_weight, vague_weight]),
    )


def wide_posterior(rows, prior, loss):
    """Posteriors under a learned prior and the estimator's own."""
    components = [prior.components(k, rows.scale, loss) for k in range(len(prior.mean))]
    between = np.zeros(len(components[0]) - len(prior.weights))  # of outliers, where a prior says nothing of them
    weights = np.r_[prior.weights[:-1], between, prior.weights[-1:]]
    return posterior(rows, Mixture(components, weights, loss), np.ones(len(components)))


def covariance(prior, k=0):
    return np.diag(prior.variance[k]) + prior.factor[k] @ prior.factor[k].T


def own_rows(rows, t):
    """Design with intercept, targets and weights of one task."""
    own = rows.order[rows.starts[t] : rows.starts[t + 1]]
    X = rows.X[own].toarray() if sparse.issparse(rows.X) else rows.X[own]
    weight = np.ones(len(own)) if rows.weight is None else rows.weight[own]
    return np.c_[X / rows.scale, np.ones(len(own))], rows.Y[own], weight


def as_sparse(rows):
    return replace(rows, X=sparse.csr_array(rows.X))


def owners(rows):
    task = np.empty(rows.X.shape[0], dtype=int)
    task[rows.order] = np.repeat(np.arange(rows.n_tasks), np.diff(rows.starts))
    return task


# Rows ---------------------------------------------------------------------------------------------


def test_missing_values_say_nothing():
    rows, prior = make_rows([4, 5], 6, density=1.0), make_prior(6)
    gaps, zeros = rows.X.copy(), rows.X.copy()
    gaps[owners(rows) == 0, 2], zeros[owners(rows) == 0, 2] = np.nan, 0.0
    found, wanted = (wide_posterior(replace(rows, X=X), prior, GAUSSIAN).coef for X in (gaps, zeros))
    np.testing.assert_array_equal(found, wanted)


def test_sparse_rows_are_not_centred():
    rows = replace(as_sparse(make_rows([3], 2)), centre=np.ones(2))
    with pytest.raises(ValueError, match="centre should be zero"):
        read_batches(rows)


def test_without_an_intercept_the_intercept_keeps_the_prior():
    rows, prior = replace(make_rows([4, 3], 5), intercept=False), make_prior(5, 0)
    for each in (rows, as_sparse(rows)):
        np.testing.assert_allclose(wide_posterior(each, prior, GAUSSIAN).coef[:, 0, -1], prior.mean[0, -1])


# Evidence -------------------------------------------------------------------------------------------


def problem_of(loss, kernel, offset, Y, noise=1.0):
    weight = np.ones(Y.shape[:2])
    return DualProblem(loss, Y, weight, np.full(Y.shape[2], noise), offset, kernel)


@pytest.mark.parametrize(("offset", "variance", "y"), [(0.0, 30.0, 1.0), (-2.0, 4.0, 1.0), (3.0, 0.5, 0.0)])
def test_evidence_of_a_single_row_is_exact(offset, variance, y):
    problem = problem_of(BINOMIAL, np.full((1, 1, 1, 1), variance), np.full((1, 1, 1), offset), np.full((1, 1, 1), y))
    sd, sign = np.sqrt(variance), 2.0 * y - 1.0

    def integrand(z):
        return expit(sign * (offset + sd * z)) * np.exp(-(z**2) / 2.0) / np.sqrt(2.0 * np.pi)

    wanted = np.log(quad(integrand, -12, 12, points=[-offset / sd], limit=200)[0])
    np.testing.assert_allclose(problem.evidence(problem.matched(problem.mode(), n_steps=10)), wanted, atol=2e-3)


def test_gaussian_evidence_is_the_density_of_the_targets():
    rng = np.random.default_rng(0)
    A, y = rng.normal(size=(4, 4)), rng.normal(size=4)
    problem = problem_of(GAUSSIAN, (A @ A.T)[None, None], np.zeros((1, 4, 1)), y[None, :, None], noise=0.7)
    C = A @ A.T + 0.7 * np.eye(4)
    wanted = -0.5 * (y @ np.linalg.solve(C, y) + np.linalg.slogdet(2.0 * np.pi * C)[1])
    np.testing.assert_allclose(problem.evidence(problem.mode()), wanted)


@pytest.mark.parametrize("name", ["gaussian", "binomial", "poisson"])
def test_slopes_of_the_evidence_are_its_differences(name):
    rng, loss = np.random.default_rng(1), LOSSES[name]
    rows = with_targets(make_rows([5, 5], 3), loss)
    Y = np.stack([own_rows(rows, t)[1] for t in range(2)])
    A, B, offset = rng.normal(size=(2, 5, 5)), rng.normal(size=(2, 5, 5)), 0.5 * rng.normal(size=(2, 5))
    parts = [A @ np.swapaxes(A, 1, 2), B @ np.swapaxes(B, 1, 2)]

    def problem_at(logs):
        s = np.exp(logs)
        kernel = s[1] * parts[0] + s[2] * parts[1]
        return problem_of(loss, kernel[:, None], s[0] * offset[..., None], Y, 0.5)

    def value(logs):
        problem = problem_at(logs)
        return problem.evidence(problem.matched(problem.mode(), n_steps=200)).sum()

    problem = problem_at(np.zeros(3))
    posterior = problem.matched(problem.mode(), n_steps=200)
    slopes, information = evidence_slopes(
        posterior.dual.block(0), posterior.a[..., 0], [offset], parts, np.ones(len(offset))
    )
    step = 1e-4 * np.eye(3)
    differences = [(value(e) - value(-e)) / 2e-4 for e in step]
    np.testing.assert_allclose(slopes, differences, atol=2e-3)
    assert np.all(np.linalg.eigvalsh(information) > 0)


def test_conjugate_gradients_solve():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(8, 8))
    A, b = A @ A.T + 8.0 * np.eye(8), rng.normal(size=(8, 2))
    np.testing.assert_allclose(
        conjugate_gradients(lambda V: A @ V, b, np.diag(A)[:, None]), np.linalg.solve(A, b), rtol=0.02
    )


# Learning -------------------------------------------------------------------------------------------


def make_collection(n_tasks, n, d, seed=0, *, loss=GAUSSIAN, mean=1.0, sd=1.0, factor=0.0, noise=0.5, density=0.2):
    """Tasks from a known prior, in unit rows, and that prior."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_tasks * n, d)) * (rng.random((n_tasks * n, d)) < density)
    X /= np.maximum(np.linalg.norm(X, axis=1, keepdims=True), 1e-12)
    centre, F = mean * rng.normal(size=d), factor * rng.normal(size=(d, 1))
    W = centre + sd * rng.normal(size=(n_tasks, d)) + rng.normal(size=(n_tasks, 1)) @ F.T
    task = np.repeat(np.arange(n_tasks), n)
    eta = np.einsum("ij,ij->i", X, W[task]) + 0.3 * rng.normal(size=n_tasks)[task]
    y = eta + np.sqrt(noise) * rng.normal(size=len(eta)) if loss is GAUSSIAN else rng.random(len(eta)) < expit(eta)
    rows = Rows(X, y.astype(float)[:, None], np.arange(len(eta)), n * np.arange(n_tasks + 1), np.zeros(d), np.ones(d))
    truth = WidePrior(
        mean=np.r_[centre, 0.0][None],
        variance=np.r_[np.full(d, sd**2), 0.09][None],
        factor=np.r_[F, np.zeros((1, 1))][None],
        noise=np.array([noise if loss is GAUSSIAN else 1.0]),
        noise_dof=np.full(1, np.inf),
        intercept=np.zeros(1),
    )
    return rows, truth


def split(rows, n_first):
    """The first tasks and the others."""
    first = replace(rows, order=rows.order[: rows.starts[n_first]], starts=rows.starts[: n_first + 1])
    rest = replace(rows, order=rows.order[rows.starts[n_first] :], starts=rows.starts[n_first:] - rows.starts[n_first])
    return first, rest


def evidence_per_row(prior, rows, loss):
    return wide_evidence(read_batches(rows), prior, loss)[:, 0].sum() / len(rows.order)


@pytest.mark.parametrize("loss", [GAUSSIAN, BINOMIAL], ids=lambda loss: loss.name)
def test_learning_approaches_the_prior_that_made_the_tasks(loss):
    signal = 1.0 if loss is GAUSSIAN else 2.0
    rows, truth = make_collection(120, 20, 60, loss=loss, mean=signal, sd=signal)
    past, new = split(rows, 90)
    learned = learn_wide(past, loss)
    nothing = replace(truth, mean=0.0 * truth.mean)
    best, without = (evidence_per_row(each, new, loss) for each in (truth, nothing))
    assert evidence_per_row(learned, new, loss) > best - 0.2 * (best - without)
    n_held_out, n_components = 90 // 3, len(learned.weights)
    assert learned.weights[-1] < 4.0 / (n_held_out + n_components + 2.0)  # three are assumed, and less than one was met
    assert learned.weights.sum() == pytest.approx(1.0)
    assert 0.4 < np.median(learned.variance[0, :-1]) / signal**2 < 2.5
    if loss is GAUSSIAN:
        assert 0.5 < learned.noise[0] / truth.noise[0] < 2.0


def test_rows_of_their_own_kind_do_not_make_variances_vanish():
    # Penalised quasi-likelihood drives the variance of binary tasks with few rows to nothing.
    rows, _ = make_collection(80, 15, 200, loss=BINOMIAL, mean=2.0, sd=2.0)
    assert np.median(learn_wide(as_sparse(rows), BINOMIAL).variance[0, :-1]) > 0.5


def test_a_factor_is_found_where_there_is_one():
    rows, _ = make_collection(90, 25, 60, mean=0.5, sd=0.2, factor=1.5, noise=0.2, density=0.5)
    past, new = split(rows, 70)
    plain, found = (learn_wide(past, GAUSSIAN, covariance=word) for word in ("spherical", "auto"))
    assert plain.factor.shape[2] == 0
    assert found.factor.shape[2] > 0
    assert evidence_per_row(found, new, GAUSSIAN) > evidence_per_row(plain, new, GAUSSIAN) + 0.05


def test_columns_may_differ_in_variance():
    rows, _ = make_collection(90, 20, 40, mean=0.0, sd=0.0, noise=0.05, density=1.0)
    rng, task = np.random.default_rng(3), np.repeat(np.arange(90), 20)
    eta = 3.0 * rng.normal(size=(90, 5))[task] * rows.X[:, :5]
    rows = replace(rows, Y=rows.Y + eta.sum(axis=1, keepdims=True))
    learned = learn_wide(rows, GAUSSIAN, covariance="diagonal").variance[0, :-1]
    assert learned[:5].min() > 10.0 * np.median(learned[5:])


def test_stretch_undoes_wrong_scales():
    rows, truth = make_collection(100, 20, 40)
    wrong = scaled(truth, np.array([[0.5, 3.0, 1.0, 2.0, 0.4]]))
    found, _ = fit_scales(read_batches(rows), wrong, GAUSSIAN)
    np.testing.assert_allclose(found[0, [0, 1, 4]], [2.0, 1 / 3.0, 2.5], rtol=0.2)


@pytest.mark.parametrize("covariance", ["spherical", "diagonal", "factor"])
def test_learning_does_not_depend_on_order_or_storage(covariance):
    rows, _ = make_collection(14, 8, 30, density=0.3)
    rng = np.random.default_rng(5)
    tasks = rng.permutation(14)
    order = np.concatenate([rng.permutation(rows.order[rows.starts[t] : rows.starts[t + 1]]) for t in tasks])
    want, *others = (
        learn_wide(each, GAUSSIAN, covariance=covariance, n_iter=8)
        for each in (rows, replace(rows, order=order), as_sparse(rows))
    )
    for found in others:
        np.testing.assert_allclose(found.mean, want.mean, atol=1e-7)
        np.testing.assert_allclose(found.variance, want.variance, rtol=1e-7)
        both = np.swapaxes(want.factor, 1, 2) @ want.factor, np.swapaxes(found.factor, 1, 2) @ found.factor
        np.testing.assert_allclose(np.linalg.norm(both[0]), np.linalg.norm(both[1]), rtol=1e-6)
        np.testing.assert_allclose(found.weights, want.weights, rtol=1e-7)


def test_threads_do_not_change_the_answer(monkeypatch):
    monkeypatch.setattr(wide_rows, "_WORK", 500)
    rows, _ = make_collection(12, 8, 30)
    assert len(read_batches(rows)) > 3
    one, two = (learn_wide(rows, GAUSSIAN, n_iter=4, n_jobs=n_jobs) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one.mean, two.mean)
    np.testing.assert_array_equal(one.variance, two.variance)


def test_batches_and_kept_products_do_not_change_the_answer(monkeypatch):
    rows = as_sparse(make_collection(10, 8, 30)[0])
    want = learn_wide(rows, GAUSSIAN, covariance="diagonal", n_iter=4)
    assert all(batch.pairs is not None for batch in read_batches(rows))
    monkeypatch.setattr(wide_rows, "_WORK", 2000)
    monkeypatch.setattr(wide_rows, "_MANY", 0.0)
    assert all(batch.pairs is None for batch in read_batches(rows))
    found = learn_wide(rows, GAUSSIAN, covariance="diagonal", n_iter=4)
    np.testing.assert_allclose(found.mean, want.mean, atol=1e-9)
    np.testing.assert_allclose(found.variance, want.variance, rtol=1e-8)


def test_weights_that_are_counts_are_repetitions():
    rows, _ = make_collection(10, 6, 12)
    twice = replace(rows, order=np.repeat(rows.order, 2), starts=2 * rows.starts)
    weighted = replace(rows, weight=np.full(len(rows.Y), 2.0), count=np.full(len(rows.Y), 2.0))
    one, two = (learn_wide(each, GAUSSIAN, covariance="diagonal", n_iter=6) for each in (weighted, twice))
    np.testing.assert_allclose(one.mean, two.mean, atol=1e-6)
    np.testing.assert_allclose(one.variance, two.variance, rtol=1e-5)
    np.testing.assert_allclose(one.noise, two.noise, rtol=1e-5)
    assert one.n_rows == two.n_rows == 120


@pytest.mark.parametrize("loss", [GAUSSIAN, BINOMIAL], ids=lambda loss: loss.name)
def test_a_column_that_no_task_touched_keeps_mean_zero_and_the_common_variance(loss):
    rows, _ = make_collection(20, 10, 30, loss=loss)
    X = rows.X.copy()
    X[:, [3, 17]] = 0.0
    for covariance in ("spherical", "diagonal"):
        learned = learn_wide(as_sparse(replace(rows, X=X)), loss, covariance=covariance, n_iter=6)
        np.testing.assert_array_equal(learned.mean[0, [3, 17]], 0.0)
        expected = learned.expected_variance[0, :-1]
        assert learned.structure == covariance and expected[3] == expected[17]
        touched, unsure = (np.delete(each, [3, 17]) for each in (expected, learned.mean_variance[0, :-1]))
        assert touched.min() < expected[3] < 3.0 * touched.max()
        assert learned.mean_variance[0, 3] > unsure.max(), "nobody knows their mean better than before"


@varied("n_tasks", [1, 2, 3])
@pytest.mark.parametrize("name", LOSSES)
def test_few_tasks_are_legal(name, n_tasks):
    loss, n_outputs = LOSSES[name], 3 if name == "multinomial" else 1
    rows = with_targets(make_rows([4] * n_tasks, 9, n_outputs=n_outputs), loss)
    learned = learn_wide(rows, loss, n_iter=4)
    found = wide_posterior(rows, learned, loss)
    assert np.isfinite(found.coef).all()
    assert np.all(learned.variance > 0)
    assert learned.n_tasks == n_tasks


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_a_single_class_is_legal(value):
    rows = make_rows([5, 4, 6, 5], 9)
    rows = replace(rows, Y=np.full(rows.Y.shape, value))
    found = wide_posterior(rows, learn_wide(rows, BINOMIAL, n_iter=6), BINOMIAL)
    assert np.all(np.sign(found.coef[:, 0, -1]) == 2.0 * value - 1.0)


def test_classes_are_learned_by_label_not_by_position():
    rows = make_rows([12] * 9, 20, n_outputs=3, density=1.0)
    W = np.random.default_rng(0).normal(size=(20, 3))
    rows = replace(rows, Y=np.eye(3)[np.argmax(rows.X @ W, axis=1)])
    turn = [2, 0, 1]
    one, two = (learn_wide(replace(rows, Y=Y), MULTINOMIAL, n_iter=6) for Y in (rows.Y, rows.Y[:, turn]))
    np.testing.assert_allclose(one.mean[turn], two.mean, atol=1e-6)
    np.testing.assert_allclose(one.weights, two.weights, rtol=1e-6)
    fitted = wide_posterior(rows, one, MULTINOMIAL).coef
    eta = np.einsum("id,ikd->ik", np.c_[rows.X / rows.scale, np.ones(len(rows.X))], fitted[owners(rows)])
    assert np.mean(eta.argmax(axis=1) == rows.Y.argmax(axis=1)) > 0.9


def test_a_past_counts_as_the_tasks_it_saw():
    rows, truth = make_collection(60, 12, 30, mean=1.5)
    early, late = split(rows, 50)
    past, alone = learn_wide(early, GAUSSIAN), learn_wide(late, GAUSSIAN)
    both = learn_wide(late, GAUSSIAN, past=past)
    assert both.n_tasks == 60
    assert both.n_rows == 720
    errors = [np.linalg.norm(each.mean[0] - truth.mean[0]) for each in (both, past, alone)]
    assert errors[0] < 1.05 * errors[1]
    assert errors[0] < 0.9 * errors[2]


def test_a_task_of_weight_two_is_the_task_twice():
    """Where the same tasks are held out: with one task nothing is."""
    rows, _ = make_collection(9, 6, 12)
    batches = read_batches(rows, np.array([2.0, 1, 0, 3, 1, 1, 0.0, 2, 1]))
    copies = read_batches(rows.pick(np.repeat(np.arange(9), [2, 1, 0, 3, 1, 1, 0, 2, 1])))
    how = Options(noise="task")
    for shape in (Shape("scales"), Shape("columns")):
        states = [
            fit_wide(each, GAUSSIAN, shape, 4, how, start=initial_state(each, GAUSSIAN, np.zeros(1), how))
            for each in (batches, copies)
        ]
        one, two = (state.outputs[0] for state in states)
        np.testing.assert_allclose(one.loadings, two.loadings, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(one.variance, two.variance, rtol=1e-7)
        np.testing.assert_allclose([one.noise, one.noise_dof], [two.noise, two.noise_dof], rtol=1e-7)


def test_tasks_differ_in_noise_as_far_as_they_do():
    rng, d, n_tasks, n = np.random.default_rng(0), 40, 150, 30
    X, task = rng.normal(size=(n_tasks * n, d)), np.repeat(np.arange(n_tasks), n)
    eta = np.einsum("nd,nd->n", X, 0.1 * rng.normal(size=(n_tasks, d))[task])
    own = 0.5 * 5.0 / rng.chisquare(5.0, n_tasks)
    at = {}
    for name, variance in (("own", own), ("same", np.full(n_tasks, 0.5))):
        y = eta + np.sqrt(variance)[task] * rng.normal(size=len(task))
        rows = Rows(X, y[:, None], np.arange(len(task)), n * np.arange(n_tasks + 1), np.zeros(d), np.ones(d))
        at[name] = rows
    learned = learn_wide(at["own"], GAUSSIAN, covariance="spherical")
    np.testing.assert_allclose(learned.noise_dof, 5.0, rtol=0.5)
    np.testing.assert_allclose(learned.noise, 0.5, rtol=0.3)
    assert np.isinf(learn_wide(at["same"], GAUSSIAN, covariance="spherical").noise_dof[0])
    assert np.isinf(learn_wide(at["own"], GAUSSIAN, covariance="spherical", noise="shared").noise_dof[0])


def test_tasks_look_like_what_they_are():
    rows, truth = make_collection(200, 25, 30, mean=1.0, noise=0.05)
    truth = replace(truth, noise_dof=np.full(1, 20.0))
    rng = np.random.default_rng(0)
    own_noise = 0.05 * 20.0 / rng.chisquare(20.0, 200)
    y = rows.Y + np.sqrt(np.maximum(own_noise - 0.05, 0.0)).repeat(25)[:, None] * rng.normal(size=rows.Y.shape)
    kinds = {
        0: y,
        1: y + 2.5 * rng.choice([-1.0, 1.0], 200).repeat(25)[:, None],  # the intercept's standard deviation is 0.3
        2: y + np.sqrt(0.05 * np.exp(2.5 * NoiseLaw(0.05, 20.0).log_spread)) * rng.normal(size=y.shape),
        4: rng.normal(size=y.shape)
        + rng.normal(size=200).repeat(25)[:, None] * 10.0
        - rows.X @ truth.mean[0, :-1, None],
    }
    for kind, Y in kinds.items():
        evidence = wide_evidence(read_batches(replace(rows, Y=Y)), truth, GAUSSIAN)
        assert evidence.shape == (200, 5)
        assert np.argmax(learn_weights(evidence)) == kind
    assert wide_evidence(read_batches(rows), replace(truth, noise_dof=np.full(1, np.inf)), GAUSSIAN).shape == (200, 4)


def test_pseudo_tasks_draw_the_variances_together():
    rows, _ = make_collection(30, 12, 20)
    spread = [
        np.ptp(np.log(learn_wide(rows, GAUSSIAN, covariance="diagonal", pseudo_tasks=held).variance[0, :-1]))
        for held in (0.5, 2.0, 200.0)
    ]
    assert spread[0] > spread[1] > 4.0 * spread[2]


def test_merged_covariances_are_averaged_by_tasks():
    old, new = replace(make_prior(6, 1, 1), n_tasks=3.0), replace(make_prior(6, 2, 2), n_tasks=1.0)
    wanted = 0.75 * covariance(old) + 0.25 * covariance(new)
    np.testing.assert_allclose(covariance(merged(old, new)), wanted, atol=1e-12)
    wide = replace(old, factor=np.random.default_rng(0).normal(size=(1, 7, 3)))
    squeezed = covariance(merged(wide, new))
    np.testing.assert_allclose(np.diag(squeezed), np.diag(0.75 * covariance(wide) + 0.25 * covariance(new)))


def test_a_past_counts_as_its_tasks_in_all_that_is_merged():
    """Of two halves of one experience it does not matter which was first, nor whether they come as halves."""
    dof = np.full(1, 6.0)
    made = {"noise_dof": dof, "explained": 0.8, "n_tasks": 30.0, "n_rows": 90.0}
    some, other = replace(make_prior(6, 1, 1), **made), replace(make_prior(6, 1, 1), **(made | {"n_tasks": 10.0}))
    np.testing.assert_allclose(merged(some, other).noise_dof, dof)
    assert merged(some, other).explained == pytest.approx(0.8)
    poor = replace(other, explained=0.0, noise_dof=np.full(1, np.inf))
    for both in (merged(some, poor), merged(poor, some)):
        assert both.explained == pytest.approx(0.6)
        np.testing.assert_allclose(polygamma(1, both.noise_dof / 2.0), 0.75 * polygamma(1, dof / 2.0))
    assert merged(replace(some, explained=None), poor).explained == 0.0


@pytest.mark.parametrize("loss", [GAUSSIAN, BINOMIAL], ids=lambda loss: loss.name)
def test_nothing_is_as_large_as_columns_by_columns(loss):
    d = 20_000
    rng = np.random.default_rng(0)
    X = sparse.random_array((40, d), density=0.001, rng=rng, format="csr")
    rows = Rows(
        X,
        rng.integers(0, 2, (40, 1)) - 0.5 * (loss is GAUSSIAN),
        np.arange(40),
        10 * np.arange(5),
        np.zeros(d),
        np.ones(d),
    )
    tracemalloc.start()
    learned = learn_wide(rows, loss, covariance="diagonal", n_iter=4)
    wide_posterior(rows, learned, loss)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100 * 8 * d  # a matrix of the columns would be 20,000 times 8 d
