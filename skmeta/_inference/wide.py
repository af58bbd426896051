"""Wide tasks in the dual: posteriors from matrices of a task's own rows, never of the columns.

Model: ``w_t ~ N(mean, diag(variance) + factor factor')`` for each output, rows by a `Likelihood`. With the kernel
``K_t = Z_t (diag(variance) + factor factor') Z_t'``, `dual` finds the gradient ``a_t`` of the log-likelihood at the
mode, and the coefficients are ``mean + (diag(variance) + factor factor') Z_t' a_t``. As in `mixture`, a learned and a
vague prior is weighed by its evidence.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import gammaln, logsumexp

from skmeta._inference.believed import level_bonus, stranger_variance
from skmeta._inference.dual import Bell, DualProblem
from skmeta._inference.mixture import NOISE_DOF
from skmeta._inference.wide_rows import read_batches

_AT_ONCE = 64  # new rows of a task that are predicted together, at least


@dataclass(frozen=True, eq=False)
class WidePrior:
    """What is known of the next task, in the units of the engine: columns scaled, never centred; intercept last.

    ``mean (K, p)``, ``variance (K, p)``, ``factor (K, p, k)`` with ``k`` possibly 0, ``noise (K,)`` (one where the loss
    has no dispersion); ``level (K,)`` is where a stranger's intercept is centred, ``vague_weight`` how often a task
    looks like a stranger.
    """

    mean: np.ndarray
    variance: np.ndarray
    factor: np.ndarray
    noise: np.ndarray
    level: np.ndarray
    vague_weight: float = 0.0
    n_tasks: float = 0.0
    n_rows: float = 0.0


@dataclass(frozen=True, eq=False)
class WidePosterior:
    """What is known of ``n_tasks`` wide tasks after their own rows.

    ``mean (n_tasks, K, p)``; ``noise (n_tasks, K)``; ``weights (n_tasks, c)`` of the components, the learned one first;
    ``trust (n_tasks,)`` is what it has; ``evidence (n_tasks, 2)`` is ``log p(y_t)`` of a fellow and of a stranger.
    """

    mean: np.ndarray
    noise: np.ndarray
    weights: np.ndarray
    trust: np.ndarray
    evidence: np.ndarray


def wide_posterior(rows, prior, loss, *, strength=1.0):
    """`WidePosterior` of every task of `moments.Rows`, with the prior ``strength`` times as strong as learned.

    Whether a task belongs to the collection is judged at strength one.
    """
    n_outputs, p = prior.mean.shape
    mean, noise = np.empty((rows.n_tasks, n_outputs, p)), np.empty((rows.n_tasks, n_outputs))
    evidence, weights = np.full((rows.n_tasks, 2), -np.inf), np.empty((rows.n_tasks, 0))
    for batch in read_batches(rows):
        mixed = _mixture(batch, prior, loss, strength)
        weights = weights if weights.size else np.empty((rows.n_tasks, len(mixed.parts)))
        weights[batch.tasks], evidence[batch.tasks, : len(mixed.parts)] = mixed.weights, mixed.evidence
        mean[batch.tasks] = _coefficients(batch, mixed)
        noise[batch.tasks] = np.exp(np.einsum("bc,bck->bk", mixed.weights, np.log(mixed.noise)))
    return WidePosterior(mean, noise, weights, weights[:, 0], evidence)


def wide_evidence(batches, prior, loss):
    """``log p(y_t)`` of every task as a fellow and as a stranger: ``(n_tasks, 2)``."""
    prior = replace(prior, vague_weight=0.5)
    evidence = np.empty((sum(len(batch.tasks) for batch in batches), 2))
    for batch in batches:
        evidence[batch.tasks] = _mixture(batch, prior, loss, 1.0).evidence
    return evidence


# Components -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Component:
    """One prior and what a batch makes of it; ``variance`` has the cells of each output."""

    mean: np.ndarray
    variance: list
    factor: np.ndarray
    problem: DualProblem
    bell: Bell


@dataclass(frozen=True, eq=False)
class _Mixture:
    """What a batch makes of the learned prior and of the stranger's.

    ``weights (b, C)``, ``evidence (b, 2)`` of fellow and stranger, expected ``noise (b, C, K)``, and ``unit (b, C, K)``
    that a component's variances are to be multiplied by.
    """

    parts: list
    weights: np.ndarray
    evidence: np.ndarray
    noise: np.ndarray
    unit: np.ndarray


def _mixture(batch, prior, loss, strength):
    """The components of one batch, weighed at strength one."""
    parts = [_learned(batch, prior, loss)]
    if prior.vague_weight > 0:
        parts.append(_stranger(batch, prior, loss))
    n_rows = batch.weight.sum(axis=1)
    evidence, noise, unit = _evidence(parts, prior, loss, n_rows)
    logs = evidence + np.log([1.0 - prior.vague_weight, prior.vague_weight][: len(parts)])
    # Who has no rows is not known to be a stranger: then the learned prior is all there is.
    logs = np.where((n_rows[:, None] > 0) | (np.arange(len(parts)) == 0), logs, -np.inf)
    weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    if strength != 1.0:
        parts = [_strengthened(part, strength) for part in parts]
    return _Mixture(parts, weights, evidence, noise, unit)


def _evidence(parts, prior, loss, n_rows):
    """Evidence ``(b, C)``, noise ``(b, C, K)`` and unit of the variances ``(b, C, K)`` of every component."""
    noise = np.repeat(np.repeat(prior.noise[None, None], len(n_rows), axis=0), len(parts), axis=1)
    unit, evidence = np.ones_like(noise), np.empty(noise.shape[:2])
    for c, part in enumerate(parts):
        if c and loss.quadratic:
            evidence[:, c], noise[:, c] = _noise_integrated(part.problem, part.bell, prior.noise)
            evidence[:, c] += sum(level_bonus(level, n_rows, loss.quadratic) for level in prior.noise)
            unit[:, c] = noise[:, c]
        else:
            evidence[:, c] = part.problem.evidence(part.bell)
    return evidence, noise, unit


def _noise_integrated(problem, bell, level):
    """Log-evidence and expected noise of a stranger, whose noise is not known: see `mixture`, whose dual this is."""
    square = np.maximum(((problem.Y - problem.offset) * bell.a).sum(axis=1), 0.0)
    a, b = NOISE_DOF / 2.0, NOISE_DOF / 2.0 * level
    half = problem.weight.sum(axis=1)[:, None] / 2.0
    logs = -half * np.log(2.0 * np.pi) - 0.5 * problem.log_determinant(bell) - (a + half) * np.log(b + square / 2.0)
    logs += a * np.log(b) + gammaln(a + half) - gammaln(a)
    return logs.sum(axis=1), (b + square / 2.0) / np.maximum(a + half - 1.0, 0.5)


def _learned(batch, prior, loss):
    reach = [batch.times(factor) for factor in prior.factor]
    kernels = [
        batch.kernel(batch.spread(v)) + U @ np.swapaxes(U, 1, 2) for v, U in zip(prior.variance, reach, strict=True)
    ]
    kernel = np.stack(kernels, axis=1)
    problem = DualProblem(loss, batch.Y, batch.weight, prior.noise, batch.times(prior.mean.T), kernel)
    return _Component(prior.mean, [batch.spread(v) for v in prior.variance], prior.factor, problem, problem.mode())


def _stranger(batch, prior, loss):
    """The vague component: the plain estimator's own penalty (`believed.stranger_variance`).

    The noise of Gaussian rows is not known: it is the unit. A level is free for them alone: others, of a single class,
    may not tell it, and then it would have to be infinite.
    """
    n_outputs, p = prior.mean.shape
    mean, none = prior.level[:, None] * np.eye(1, p, p - 1), np.zeros((n_outputs, p, 0))
    gaussian = loss.quadratic
    noise = np.ones(n_outputs) if gaussian else prior.noise
    variances = [stranger_variance(p - 1, level, batch.scale, free=gaussian) for level in prior.noise]
    cells = [batch.spread(v * unit) for v, unit in zip(variances, noise, strict=True)]
    kernel = np.stack([batch.kernel(own) for own in cells], axis=1)
    problem = DualProblem(loss, batch.Y, batch.weight, noise, batch.times(mean.T), kernel)
    return _Component(mean, cells, none, problem, problem.mode())


def _strengthened(part, strength):
    problem = replace(part.problem, kernel=part.problem.kernel / strength)
    return replace(
        part,
        variance=[v / strength for v in part.variance],
        factor=part.factor / np.sqrt(strength),
        problem=problem,
        bell=problem.mode(part.bell.a),
    )


def _coefficients(batch, mixed):
    """The evidence-weighted coefficients ``(b, K, p)``."""
    n_outputs, p = mixed.parts[0].mean.shape
    out = np.empty((len(batch.tasks), n_outputs, p))
    for k in range(n_outputs):
        cells, dense = 0.0, 0.0
        for c, part in enumerate(mixed.parts):
            a = mixed.weights[:, [c]] * part.bell.a[..., k]
            cells = cells + part.variance[k] * batch.cells(a)
            dense = dense + mixed.weights[:, [c]] * part.mean[k]
            if part.factor.shape[2]:
                dense = dense + np.einsum("bnk,bn->bk", batch.times(part.factor[k]), a) @ part.factor[k].T
        out[:, k] = dense + batch.table(cells)
    return out


# New rows of known tasks ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class WidePrediction:
    """The linear predictor at new rows under every component.

    ``weights (n_new, C)``, and for each output ``centre (n_new, C, K)`` and ``spread (n_new, C, K)``, a variance.
    """

    weights: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    @property
    def mean(self):
        """The mean ``(n_new, K)`` of the mixture."""
        return (self.weights[..., None] * self.centre).sum(axis=1)

    @property
    def variance(self):
        """The variance ``(n_new, K)`` of the mixture."""
        return (self.weights[..., None] * (self.spread + (self.centre - self.mean[:, None]) ** 2)).sum(axis=1)


def wide_predict(rows, prior, loss, new, *, strength=1.0):
    """`WidePrediction` at the rows of ``new``, another `Rows` of the same tasks.

    New rows are rows of weight zero: they learn from the others of their task and teach them nothing.
    """
    n_old = rows.X.shape[0]
    at: list = []
    found: list = []
    for tasks, fresh in _slices(rows, new):
        for batch in read_batches(_joint(rows, new, tasks, fresh)):
            mixed, which = _mixture(batch, prior, loss, strength), batch.index >= n_old
            weights = np.repeat(mixed.weights[:, None], which.shape[1], axis=1)
            centre = np.stack([part.bell.eta for part in mixed.parts], axis=2)
            spread = np.stack([part.problem.variance(part.bell) for part in mixed.parts], axis=2) * mixed.unit[:, None]
            at.append(batch.index[which] - n_old)
            found.append([values[which] for values in (weights, centre, spread)])
    place = np.argsort(np.concatenate(at))
    return WidePrediction(*(np.concatenate(parts)[place] for parts in zip(*found, strict=True)))


def _slices(rows, new):
    """New rows in parts of about as many rows a task as it has old ones: their ``tasks`` and places in ``new.X``."""
    counts = np.diff(new.starts)
    task = np.repeat(np.arange(new.n_tasks), counts)
    turn = np.arange(len(task)) - new.starts[task]
    turn //= max(int(np.diff(rows.starts).max(initial=0)), _AT_ONCE)
    for part in range(int(turn.max(initial=-1)) + 1):
        yield task[turn == part], new.order[turn == part]


def _joint(rows, new, tasks, fresh):
    """The old rows of some tasks followed by new ones of weight zero, as one collection."""
    owner = np.repeat(np.arange(rows.n_tasks), np.diff(rows.starts))
    old = np.isin(owner, tasks)
    owner = np.r_[owner[old], tasks]
    order = np.r_[rows.order[old], rows.X.shape[0] + fresh][np.argsort(owner, kind="stable")]
    weight = np.ones(rows.X.shape[0]) if rows.weight is None else rows.weight
    stack = sparse.vstack if sparse.issparse(rows.X) else np.concatenate
    return replace(
        rows,
        X=stack([rows.X, new.X]),
        Y=np.concatenate([rows.Y, np.zeros((new.X.shape[0], rows.Y.shape[1]))]),
        weight=np.r_[weight, np.zeros(new.X.shape[0])],
        order=order,
        starts=np.r_[0, np.cumsum(np.bincount(owner, minlength=rows.n_tasks))],
    )
