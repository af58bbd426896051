"""Wide tasks in the dual: posteriors from matrices of a task's own rows, never of the columns.

Model: ``w_t ~ N(mean, diag(variance) + factor factor')`` for each output, rows by a `Loss`. With the kernel
``K_t = Z_t (diag(variance) + factor factor') Z_t'``, `dual` finds the gradient ``a_t`` of the log-likelihood at the
mode, and the coefficients are ``mean + (diag(variance) + factor factor') Z_t' a_t``. As in `mixture`, a learned and a
few vague priors are weighed by their evidence.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import gammaln, logsumexp

from skmeta._numerics.dual import Bell, DualProblem
from skmeta._numerics.mixture import _NOISE_DOF, Believed, bounded_level, strangers
from skmeta._numerics.wide_rows import read_batches

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
    evidence, shares = np.empty((rows.n_tasks, 2)), {}
    for batch in read_batches(rows):
        parts, share, evidence[batch.tasks] = _components(batch, prior, loss, strength)
        shares |= dict(zip(batch.tasks, share, strict=True))
        mean[batch.tasks] = _coefficients(batch, parts, share)
        noise[batch.tasks] = sum(share[:, [c]] * part.noise for c, part in enumerate(parts))
    weights = np.array([shares[t] for t in range(rows.n_tasks)])
    return WidePosterior(mean, noise, weights, weights[:, 0], evidence)


def wide_evidence(batches, prior, loss):
    """``log p(y_t)`` of every task as a fellow and as a stranger: ``(n_tasks, 2)``."""
    prior = replace(prior, vague_weight=0.5)
    evidence = np.empty((sum(len(batch.tasks) for batch in batches), 2))
    for batch in batches:
        evidence[batch.tasks] = _components(batch, prior, loss, 1.0)[2]
    return evidence


# Components -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Component:
    """One prior and what a batch makes of it: everything that the answer mixes.

    ``variance`` has the cells of each output, ``unit (b, K)`` is what variances are to be multiplied by.
    """

    mean: np.ndarray
    variance: list
    factor: np.ndarray
    problem: DualProblem
    mode: Bell
    noise: np.ndarray
    evidence: np.ndarray
    unit: np.ndarray


def _components(batch, prior, loss, strength):
    """The components of one batch, their weights ``(b, c)`` and the evidences of fellow and stranger ``(b, 2)``."""
    vague = list(_strangers(batch, prior, loss)) if prior.vague_weight > 0 else []
    parts = [_learned(batch, prior, loss), *(part for part, _ in vague)]
    evidence = np.stack([part.evidence for part in parts], axis=1)
    shares = np.array([share for _, share in vague])
    logs = evidence + np.log(np.r_[1.0 - prior.vague_weight, prior.vague_weight * shares])
    weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    stranger = logsumexp(evidence[:, 1:] + np.log(shares), axis=1) if vague else np.full(len(evidence), -np.inf)
    if strength != 1.0:
        parts = [_strengthened(part, strength) for part in parts]
    return parts, weights, np.stack([evidence[:, 0], stranger], axis=1)


def _learned(batch, prior, loss):
    reach = [batch.times(factor) for factor in prior.factor]
    kernels = [batch.kernel(batch.spread(v)) + U @ np.swapaxes(U, 1, 2) for v, U in zip(prior.variance, reach, strict=True)]
    kernel = np.stack(kernels, axis=1)
    problem = DualProblem(loss, batch.Y, batch.weight, prior.noise, batch.times(prior.mean.T), kernel)
    mode, variance = problem.mode(), [batch.spread(v) for v in prior.variance]
    noise = np.broadcast_to(prior.noise, (len(batch.tasks), len(prior.noise)))
    unit = np.ones(noise.shape)
    return _Component(prior.mean, variance, prior.factor, problem, mode, noise, problem.evidence(mode), unit)


def _strangers(batch, prior, loss):
    """The vague components of `mixture.strangers`, and their shares.

    Where rows are sparse their length says how much signal a slope is worth, so that on the grid slopes are to give the
    signal-to-noise ratio to rows as long as the task's own.
    """
    n_outputs, p = prior.mean.shape
    last = np.eye(1, p, p - 1)[0]
    # With Gaussian rows a stranger's noise is not known: everything is in units of it.
    noise = np.ones(n_outputs) if loss.name == "gaussian" else prior.noise
    levels = batch.kernel(batch.spread(last))
    even = batch.kernel(batch.spread(1.0 - last))
    norm = (batch.weight * np.diagonal(even, axis1=1, axis2=2)).sum(axis=1) / batch.weight.sum(axis=1).clip(1e-300)
    size = (p - 1) / np.where(norm > 0, norm, p - 1)
    grids = [strangers(_engine_prior(batch, prior, k)) for k in range(n_outputs)]
    for g, components in enumerate(zip(*grids, strict=True)):
        ratios = [ratio for ratio, _ in components]
        sizes = np.ones(len(size)) if g == 0 else size
        slopes = batch.kernel(batch.spread(ratios[0] * (1.0 - last))) if g == 0 else even * ratios[0][0]
        kernels = [
            s * (sizes[:, None, None] * slopes + ratio[-1] * levels) for s, ratio in zip(noise, ratios, strict=True)
        ]
        variance = [
            s * (batch.spread_tasks(sizes) * batch.spread(ratio * (1.0 - last)) + ratio[-1] * batch.spread(last))
            for s, ratio in zip(noise, ratios, strict=True)
        ]
        yield _stranger(batch, prior, loss, np.stack(kernels, axis=1), variance, noise), components[0][1]


def _engine_prior(batch, prior, k):
    """One output's prior as `mixture.strangers` wants it, who looks at no covariance."""
    return Believed(
        mean=prior.mean[k],
        root=None,
        noise=prior.noise[[k]],
        noise_probability=np.ones(1),
        vague_weight=prior.vague_weight,
        stranger_mean=None,
        scale=batch.scale,
    )


def _stranger(batch, prior, loss, kernel, variance, noise):
    mean = np.zeros_like(prior.mean)
    mean[:, -1] = prior.level
    problem = DualProblem(loss, batch.Y, batch.weight, noise, batch.times(mean.T), kernel)
    mode, none = problem.mode(), np.zeros((*mean.shape, 0))
    if loss.name == "gaussian":
        evidence, noises = _noise_integrated(problem, mode, prior.noise)
        return _Component(mean, variance, none, problem, mode, noises, evidence, noises)
    noises = np.broadcast_to(prior.noise, (len(batch.tasks), len(prior.noise)))
    evidence = problem.evidence(mode) + len(noise) * bounded_level(batch.weight.sum(axis=1))
    return _Component(mean, variance, none, problem, mode, noises, evidence, np.ones(noises.shape))


def _noise_integrated(problem, mode, level):
    """Log-evidence and expected noises where the noise is not known: see `mixture`, whose dual this is."""
    square = np.maximum(((problem.Y - problem.offset) * mode.a).sum(axis=1), 0.0)
    a, b = _NOISE_DOF / 2.0, _NOISE_DOF / 2.0 * level
    rows = problem.weight.sum(axis=1)[:, None] / 2.0
    evidence = (
        -rows * np.log(2.0 * np.pi)
        - 0.5 * problem.log_determinant(mode)
        + (a * np.log(b) + gammaln(a + rows) - gammaln(a))
        - (a + rows) * np.log(b + square / 2.0)
    )
    noise = (b + square / 2.0) / np.maximum(a + rows - 1.0, 0.5)
    return (evidence + bounded_level(rows)).sum(axis=1), noise


def _strengthened(part, strength):
    problem = replace(part.problem, kernel=part.problem.kernel / strength)
    return replace(
        part,
        variance=[v / strength for v in part.variance],
        factor=part.factor / np.sqrt(strength),
        problem=problem,
        mode=problem.mode(part.mode.a),
    )


def _coefficients(batch, parts, share):
    """The evidence-weighted coefficients ``(b, K, p)``."""
    n_outputs, p = parts[0].mean.shape
    out = np.empty((len(batch.tasks), n_outputs, p))
    for k in range(n_outputs):
        cells, dense = 0.0, 0.0
        for c, part in enumerate(parts):
            a = share[:, [c]] * part.mode.a[..., k]
            cells = cells + part.variance[k] * batch.cells(a)
            dense = dense + share[:, [c]] * part.mean[k]
            if part.factor.shape[2]:
                scores = np.einsum("bnk,bn->bk", batch.times(part.factor[k]), a)
                dense = dense + scores @ part.factor[k].T
        out[:, k] = dense + batch.table(cells)
    return out


# New rows of known tasks ----------------------------------------------------------------------------


def wide_predict(rows, prior, loss, new, *, strength=1.0):
    """Mean and variance ``(n_new, K)`` of the linear predictor at the rows of ``new``, another `Rows` of the same tasks.

    New rows are rows of weight zero: they learn from the others of their task and teach them nothing.
    """
    n_old, shape = rows.X.shape[0], (new.X.shape[0], prior.mean.shape[0])
    mean, variance = np.full(shape, np.nan), np.full(shape, np.nan)
    for tasks, fresh in _slices(rows, new):
        for batch in read_batches(_joint(rows, new, tasks, fresh)):
            parts, share, _ = _components(batch, prior, loss, strength)
            eta, spread = _predicted(parts, share)
            at = batch.index - n_old
            mean[at[at >= 0]], variance[at[at >= 0]] = eta[at >= 0], spread[at >= 0]
    return mean, variance


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


def _predicted(parts, share):
    """Mean and variance ``(b, n, K)`` of the linear predictor under the mixture."""
    mean = sum(share[:, c, None, None] * part.mode.eta for c, part in enumerate(parts))
    variance = np.zeros_like(mean)
    for c, part in enumerate(parts):
        own = part.unit[:, None, :] * part.problem.variance(part.mode)
        variance += share[:, c, None, None] * (own + (part.mode.eta - mean) ** 2)
    return mean, variance
