"""Empirical Bayes for wide tasks: what a collection says of coefficients that outnumber the rows.

``w_t = L (1, s_t) + e_t`` with loadings ``L = [mean, factor]``, scores ``s_t ~ N(0, I)`` and ``e_t ~ N(0, diag(D))``.
One sweep finds every task's mode in the dual and then moves

* the columns' shares of ``D`` by how large the tasks' gradients are against what they should be, a minorise-maximise
  step (Zhou, Hu, Zhou and Lange, 2019, JCGS 28, equation 6), each column drawn to the common variance;
* the scales of ``D`` and of the noise by one step of Fisher scoring on Laplace's evidence;
* the loadings by a penalised Newton step, solved by conjugate gradients without any matrix of the columns.

Each task is judged by what the *other* tasks say of the loadings: their uncertainty, taken column by column, counts as
variance of the task, and the gradient at the common mode is that of a mean that never saw the task (REML).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from skmeta._numerics.dual import DualProblem
from skmeta._numerics.gaussian_em import run
from skmeta._numerics.linalg import symmetrize
from skmeta._numerics.wide import WidePrior

_STRENGTH = 2.0  # pseudo-tasks of the common variance
_FREE = 100.0  # prior variance of the mean's intercept: as good as free
_NEWTON = 5  # steps a sweep towards modes that the next sweep moves anyway
_LONGEST = 1.0  # step of a logarithm of a scale
_CG = 30
_CG_TOL = 1e-3
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Shape:
    """What may differ: ``equal`` gives all slopes one variance, ``rank`` is the number of factors."""

    name: str
    rank: int = 0
    equal: bool = False


@dataclass(frozen=True, eq=False)
class State:
    """Where the learning stands: ``loadings (K, p, 1 + k)``, ``variance (K, p)``, ``noise (K,)``.

    ``reach (K, p, 1 + k)`` is the prior variance of the loadings, ``common (K,)`` that of slopes of which nothing is
    known, ``information (K, p, 1 + k)`` what the tasks said of the loadings, ``memory`` what each batch keeps.
    """

    loadings: np.ndarray
    variance: np.ndarray
    noise: np.ndarray
    reach: np.ndarray
    common: np.ndarray
    information: np.ndarray
    memory: list

    @property
    def rank(self):
        return self.loadings.shape[2] - 1


@dataclass(frozen=True, eq=False)
class _Memory:
    """What a batch keeps for the next sweep: its duals ``a``, its cells' information, the scores' squares."""

    a: np.ndarray | None = None
    own: list | None = None
    square: np.ndarray | None = None


def fit_wide(batches, loss, shape, *, n_iter, start, past=None, tol=0.01, n_jobs=1):
    """`State` after some sweeps from ``start`` towards one `Shape`; ``past`` counts as ``past.n_tasks`` tasks seen."""
    state = start
    for _ in range(n_iter):
        new = _sweep(batches, state, loss, shape, past, n_jobs)
        moved = _change(new, state)
        state = new
        if moved < tol:
            break
    return state


def initial_state(batches, loss, past=None):
    """A start: a quarter of the targets' variance each to the mean and to the tasks, half of it to the noise."""
    if past is not None:
        return _state_of(past, batches)
    n_outputs, p = batches[0].Y.shape[2], batches[0].width
    total = max(sum(batch.weight.sum() for batch in batches), 1e-300)
    slopes = np.r_[np.ones(p - 1), 0.0]
    norms = (np.diagonal(batch.kernel(batch.spread(slopes)), axis1=1, axis2=2) for batch in batches)
    norm = sum((batch.weight * n).sum() for batch, n in zip(batches, norms, strict=True)) / total
    square = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y**2) for batch in batches) / total
    signal = np.maximum(square, _FLOOR) if loss.name == "gaussian" else np.ones(n_outputs)
    even = 0.25 * signal / max(norm, _FLOOR)
    variance = np.repeat(even[:, None], p, axis=1)
    variance[:, -1] = 0.25 * signal
    loadings, reach = np.zeros((n_outputs, p, 1)), variance[:, :, None].copy()
    loadings[:, -1, 0], reach[:, -1] = pooled_level(batches, loss), _FREE
    noise = 0.5 * signal if loss.dispersed else np.ones(n_outputs)
    return State(loadings, variance, noise, reach, even, np.zeros_like(loadings), [_Memory()] * len(batches))


def _state_of(past, batches):
    loadings = np.concatenate([past.mean[..., None], past.factor], axis=2)
    reach = np.repeat(past.variance[..., None] / past.n_tasks, loadings.shape[2], axis=2)
    common = np.median(past.variance[:, :-1], axis=1)
    memory = [_Memory()] * len(batches)
    return State(loadings, past.variance, past.noise, reach, common, np.zeros_like(loadings), memory)


def moved_to(batches, state):
    """The same state for other tasks: what is known of columns stays, what was kept of tasks goes."""
    return replace(state, information=np.zeros_like(state.loadings), memory=[_Memory()] * len(batches))


def pooled_level(batches, loss):
    """The intercept ``(K,)`` that fits all rows best on its own."""
    total = max(sum(batch.weight.sum() for batch in batches), 1e-300)
    mean = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y) for batch in batches) / total
    if loss.name == "gaussian":
        return np.zeros_like(mean)
    if loss.name == "binomial":
        return logit(np.clip(mean, 1e-3, 1.0 - 1e-3))
    return np.log(np.maximum(mean, 1e-3))


def as_prior(state, level):
    """What a new task should expect: the uncertainty of the loadings counts as variance of the tasks."""
    unsure = (1.0 / (1.0 / state.reach + state.information)).sum(axis=2)
    unsure[:, -1] = np.minimum(unsure[:, -1], state.variance[:, -1])
    return WidePrior(
        state.loadings[..., 0], state.variance + unsure, state.loadings[..., 1:], state.noise, level, vague_weight=0.5
    )


# One sweep ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Found:
    """What one batch says: sums for variances, scales, noise and loadings, and the Newton operator's parts."""

    memory: _Memory
    squares: np.ndarray
    traces: np.ndarray
    slopes: np.ndarray
    curvature: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    misfit: np.ndarray
    operator: np.ndarray
    moments: np.ndarray


def _sweep(batches, state, loss, shape, past, n_jobs):
    pairs = list(zip(batches, state.memory, strict=True))
    found = run(lambda pair: _expect(*pair, state, loss), pairs, n_jobs)

    def total(name):
        return sum(getattr(f, name) for f in found)

    n_tasks, misfit = sum(len(batch.tasks) for batch in batches), total("misfit")
    scale = _scale_step(state, total("slopes"), total("curvature"), past, n_tasks)
    variance, common = _variances(state, total("squares"), total("traces"), scale, shape)
    noise = state.noise
    if loss.name == "gaussian":
        noise = noise * scale[:, 2]
    elif loss.dispersed:
        noise = np.sqrt(noise * misfit[:, 0] / misfit[:, 1])
    information, gradient = total("information"), total("gradient")
    outputs = range(len(noise))
    loadings = np.stack([_loadings(batches, found, state, gradient[k], information[k], k, past) for k in outputs])
    reach = state.reach if past is not None else _reach(state, loadings, information)
    memory = [f.memory for f in found]
    return State(loadings, variance, np.maximum(noise, _FLOOR), reach, common, information, memory)


def _expect(batch, memory, state, loss):
    n_outputs, p, width = state.loadings.shape
    U = np.stack([batch.times(L[:, 1:]) for L in state.loadings], axis=1)
    own = np.stack([batch.kernel(batch.spread(v)) for v in state.variance], axis=1)
    offset = batch.times(state.loadings[..., 0].T)
    problem = DualProblem(loss, batch.Y, batch.weight, state.noise, offset, own + U @ np.swapaxes(U, 2, 3))
    mode = problem.mode(memory.a, n_steps=_NEWTON, tol=1e-6)
    unsure = np.stack([batch.kernel(_unsure(batch, memory, state, k)) for k in range(n_outputs)], axis=1)
    alone = replace(problem, kernel=problem.kernel + unsure)
    dual, marginal = problem.inverse(mode), alone.inverse(mode)
    parts = [_one_output(batch, state, alone, mode, k, dual, marginal.block(k), own[:, k], U[:, k]) for k in range(n_outputs)]
    columns = [np.stack(column) for column in list(zip(*parts, strict=True))[:7]]
    operator, moments = (np.stack([part[i] for part in parts], axis=1) for i in (7, 8))
    cells = [
        [part[9] * batch.spread_tasks(part[8][:, j, j]) for j in range(width)] for part in parts
    ]
    memory = _Memory(mode.a, cells, np.diagonal(moments, axis1=2, axis2=3))
    information = np.stack([np.stack([batch.total(c) for c in one], axis=1) for one in cells])
    squares, traces, slopes, curvature, gradient, misfit = columns[:6]
    return _Found(memory, squares, traces, slopes, curvature, gradient, information, misfit, operator, moments)
