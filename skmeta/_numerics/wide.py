"""Wide tasks in the dual: posteriors from matrices of a task's own rows, never of the columns.

Model: ``w_t ~ N(mean, diag(variance) + factor factor')`` for each output, rows by a `Loss`. With the kernel
``K_t = Z_t (diag(variance) + factor factor') Z_t'`` the linear predictor at the mode is ``Z_t mean + K_t a_t``, where
``a_t`` is the gradient of the log-likelihood, found by Newton's method (Rasmussen and Williams, 2006, Gaussian
Processes for Machine Learning, algorithms 3.1 to 3.3; one step is exact for Gaussian rows), and the coefficients are
``mean + (diag(variance) + factor factor') Z_t' a_t``. As in `mixture`, a learned and a few vague priors are weighed by
their evidence.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import gammaln, logsumexp

from skmeta._numerics.linalg import spd_inverse
from skmeta._numerics.mixture import _INTERCEPT, _NOISE_DOF, SIGNAL_TO_NOISE
from skmeta._numerics.wide_rows import read_batches

_HALVINGS = 12  # of a Newton step that makes things worse
_AT_ONCE = 64  # new rows of a task that are predicted together, at least


@dataclass(frozen=True, eq=False)
class WidePrior:
    """What is known of the next task, in the units of the engine: columns scaled, never centred; intercept last.

    ``mean (K, p)``, ``variance (K, p)``, ``factor (K, p, k)`` with ``k`` possibly 0, ``noise (K,)`` (one where the loss
    has no dispersion); ``vague_weight`` is how often a task looks like a stranger, ``level (K,)`` where a stranger's
    intercept is centred.
    """

    mean: np.ndarray
    variance: np.ndarray
    factor: np.ndarray
    noise: np.ndarray
    level: np.ndarray
    vague_weight: float = 0.0
    n_tasks: float = 0.0
    n_rows: float = 0.0


# One prior ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Dual:
    """``(K_t + W_t^-1)^-1`` of every task: ``blocks`` of each output, less what a softmax couples (``coupling``)."""

    blocks: np.ndarray
    coupling: np.ndarray | None

    def apply(self, v):
        """The product with ``(b, n, K)``."""
        v = along(self.blocks, v)
        if self.coupling is None:
            return v
        return v - along(self.blocks, (self.coupling @ v.sum(axis=2, keepdims=True)) * np.ones(v.shape[2]))

    def block(self, k):
        """The square block of one output ``(b, n, n)``."""
        E = self.blocks[:, k]
        return E if self.coupling is None else E - E @ self.coupling @ E


def along(matrices, v):
    """``(b, K, n, n)`` times ``(b, n, K)``, output by output."""
    return np.swapaxes((matrices @ np.swapaxes(v, 1, 2)[..., None])[..., 0], 1, 2)


def invert(kernel, curvature, coupled):
    """`Dual` of a kernel ``(b, K, n, n)`` and the curvature ``(b, n, K)`` of the rows' loss."""
    root = np.sqrt(np.swapaxes(curvature, 1, 2))
    blocks = root[..., :, None] * spd_inverse(_well_conditioned(kernel, root)) * root[..., None, :]
    return Dual(blocks, spd_inverse(_summed(blocks, curvature)) if coupled else None)


def _well_conditioned(kernel, root):
    B = root[..., :, None] * kernel * root[..., None, :]
    rows = np.arange(B.shape[-1])
    B[..., rows, rows] += 1.0
    return B


def _summed(blocks, curvature):
    """The sum over classes that a softmax needs, made invertible for rows of weight zero."""
    total = blocks.sum(axis=1)
    rows = np.arange(total.shape[-1])
    total[..., rows, rows] += curvature.sum(axis=2) == 0
    return total


def log_determinant(kernel, curvature, coupled):
    """``log |I + K_t W_t|`` of every task, ``W_t`` being the Hessian of the loss."""
    root = np.sqrt(np.swapaxes(curvature, 1, 2))
    B = _well_conditioned(kernel, root)
    logdet = 2.0 * np.log(np.diagonal(np.linalg.cholesky(B), axis1=-2, axis2=-1)).sum(axis=(1, 2))
    if coupled:
        blocks = root[..., :, None] * spd_inverse(B) * root[..., None, :]
        weight = curvature.sum(axis=2)
        logdet += np.linalg.slogdet(_summed(blocks, curvature))[1]
        logdet -= np.log(np.where(weight > 0, weight, 1.0)).sum(axis=1)
    return logdet


@dataclass(frozen=True, eq=False)
class Mode:
    """The most probable linear predictor ``eta (b, n, K)``: its dual ``a`` and the loss' ``curvature`` there."""

    eta: np.ndarray
    a: np.ndarray
    curvature: np.ndarray


def find_mode(loss, Y, weight, offset, kernel, a=None, *, n_steps=50, tol=1e-10):
    """Newton's method from the dual ``a``, all tasks at once; ``weight (b, n, K)`` is rows' weight by noise."""
    a = np.zeros_like(offset) if a is None else a
    eta = offset + along(kernel, a)
    for _ in range(n_steps):
        curvature = _curvature(loss, eta, Y, weight)
        gradient = weight * loss.residual(eta, Y)
        target = _hessian_times(loss, curvature, eta - offset) + gradient
        target -= invert(kernel, curvature, is_coupled(loss)).apply(along(kernel, target))
        a, moved = _line_search(loss, Y, weight, offset, a, eta, target - a, along(kernel, target - a))
        eta = eta + moved
        if loss.name == "gaussian" or np.abs(moved).max(initial=0.0) < tol * (1.0 + np.abs(eta).max()):
            break
    return Mode(eta, a, _curvature(loss, eta, Y, weight))


def is_coupled(loss):
    """Whether the outputs of a row have one likelihood together."""
    return loss.name == "multinomial"


def _curvature(loss, eta, Y, weight):
    return weight * (loss.mean(eta) if is_coupled(loss) else loss.curvature(eta, Y))


def _hessian_times(loss, curvature, v):
    if not is_coupled(loss):
        return curvature * v
    total = curvature.sum(axis=2, keepdims=True)
    share = curvature / np.where(total > 0, total, 1.0)
    return curvature * (v - (share * v).sum(axis=2, keepdims=True))


def _line_search(loss, Y, weight, offset, a, eta, step, moved):
    """Halve the step of each task until its objective does not rise: the new ``a``, and how far ``eta`` moves."""
    if loss.name == "gaussian":
        return a + step, moved

    def objective(size):
        at, dual = eta + size * moved, a + size * step
        return misfit(loss, at, Y, weight) + 0.5 * (dual * (at - offset)).sum(axis=(1, 2))

    size, before = np.ones((len(eta), 1, 1)), objective(0.0)
    for _ in range(_HALVINGS):
        worse = ~(objective(size) <= before + 1e-12 * (1.0 + np.abs(before)))
        if not worse.any():
            break
        size[worse] *= 0.5
    return a + size * step, size * moved


def misfit(loss, eta, Y, weight):
    """The loss of every task ``(b,)``, each row and output by its weight."""
    if is_coupled(loss):
        return (weight[..., 0] * loss.value(eta, Y)).sum(axis=1)
    outputs = [slice(k, k + 1) for k in range(eta.shape[2])]
    return sum((weight[..., k.start] * loss.value(eta[..., k], Y[..., k])).sum(axis=1) for k in outputs)


def log_evidence(loss, Y, weight, offset, kernel, mode, noise):
    """Laplace's ``log p(y_t)`` of every task (exact for Gaussian rows)."""
    if loss.name == "gaussian":
        constant = 0.5 * (weight * noise * np.log(2.0 * np.pi * noise)).sum(axis=(1, 2))
    else:
        constant = 0.0
    penalty = 0.5 * (mode.a * (mode.eta - offset)).sum(axis=(1, 2))
    logdet = log_determinant(kernel, mode.curvature, is_coupled(loss))
    return -misfit(loss, mode.eta, Y, weight) - penalty - 0.5 * logdet - constant


# A learned one and strangers ------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Component:
    """One prior and what a batch makes of it: everything that the answer mixes.

    ``variance`` has the cells of each output, ``unit (b, K)`` is what variances are to be multiplied by.
    """

    mean: np.ndarray
    variance: list
    factor: np.ndarray
    offset: np.ndarray
    kernel: np.ndarray
    mode: Mode
    noise: np.ndarray
    evidence: np.ndarray
    unit: np.ndarray


@dataclass(frozen=True, eq=False)
class WidePosterior:
    """What is known of ``n_tasks`` wide tasks after their own rows.

    ``mean (n_tasks, K, p)``; ``noise (n_tasks, K)``; ``weights (n_tasks, c)`` of the components, the learned one first;
    ``trust (n_tasks,)`` is what it has; ``evidence (n_tasks, 2)`` is ``log p(y_t)`` if the task is a fellow or a
    stranger.
    """

    mean: np.ndarray
    noise: np.ndarray
    weights: np.ndarray
    trust: np.ndarray
    evidence: np.ndarray


def learned_kernel(batch, prior):
    """The learned prior's mean ``(b, n, K)`` and kernel ``(b, K, n, n)`` of the linear predictor."""
    offset = batch.times(prior.mean.T)
    reach = [batch.times(factor) for factor in prior.factor]
    kernel = [batch.kernel(batch.spread(v)) + U @ np.swapaxes(U, 1, 2) for v, U in zip(prior.variance, reach, strict=True)]
    return offset, np.stack(kernel, axis=1)


def _learned(batch, prior, loss, strength):
    offset, kernel = learned_kernel(batch, prior)
    weight = batch.weight[..., None] / prior.noise
    mode = find_mode(loss, batch.Y, weight, offset, kernel)
    evidence = log_evidence(loss, batch.Y, weight, offset, kernel, mode, prior.noise)
    if strength != 1.0:
        kernel = kernel / strength
        mode = find_mode(loss, batch.Y, weight, offset, kernel, mode.a)
    variance = [batch.spread(v / strength) for v in prior.variance]
    noise = np.broadcast_to(prior.noise, (len(evidence), len(prior.noise)))
    factor = prior.factor / np.sqrt(strength)
    return _Component(prior.mean, variance, factor, offset, kernel, mode, noise, evidence, np.ones_like(noise))


def _strangers(batch, prior, loss, strength):
    """The vague components: even slopes at each signal-to-noise ratio, for rows as long as the task's own."""
    p = prior.mean.shape[1]
    slope, level = np.ones(p), np.zeros(p)
    slope[-1], level[-1] = 0.0, 1.0
    slopes, levels = batch.kernel(batch.spread(slope)), batch.kernel(batch.spread(level))
    norm = (batch.weight * np.diagonal(slopes, axis1=1, axis2=2)).sum(axis=1) / batch.weight.sum(axis=1).clip(1e-300)
    noise = np.ones_like(prior.noise) if loss.name == "gaussian" else prior.noise
    intercept = np.maximum(_INTERCEPT / prior.noise, _INTERCEPT)
    for snr in SIGNAL_TO_NOISE:
        even = snr / np.where(norm > 0, norm, 1.0)
        kernel = even[:, None, None, None] * slopes[:, None] + intercept[:, None, None] * levels[:, None]
        ratios = [batch.spread_tasks(even) * batch.spread(slope) + r * batch.spread(level) for r in intercept]
        variance = [s * ratio for s, ratio in zip(noise, ratios, strict=True)]
        yield _stranger(batch, prior, loss, strength, noise[:, None, None] * kernel, variance, noise)


def _stranger(batch, prior, loss, strength, kernel, variance, noise):
    gaussian = loss.name == "gaussian"
    mean = np.zeros_like(prior.mean)
    mean[:, -1] = prior.level
    offset = batch.times(mean.T)
    weight = batch.weight[..., None] / noise
    mode = find_mode(loss, batch.Y, weight, offset, kernel)
    if gaussian:
        evidence, noises = _noise_integrated(batch, offset, kernel, mode, prior.noise)
    else:
        evidence = log_evidence(loss, batch.Y, weight, offset, kernel, mode, noise)
        noises = np.broadcast_to(prior.noise, (len(evidence), len(prior.noise)))
    if strength != 1.0:
        kernel, variance = kernel / strength, [v / strength for v in variance]
        mode = find_mode(loss, batch.Y, weight, offset, kernel, mode.a)
    none = np.zeros((*prior.mean.shape, 0))
    unit = noises if gaussian else np.ones_like(noises)
    return _Component(mean, variance, none, offset, kernel, mode, noises, evidence, unit)


def _noise_integrated(batch, offset, kernel, mode, level):
    """Log-evidence and expected noises where the noise is not known: see `mixture`, whose dual this is."""
    logdet = np.stack([log_determinant(kernel[:, [k]], mode.curvature[..., [k]], False) for k in range(len(level))], 1)
    square = np.maximum(((batch.Y - offset) * mode.a).sum(axis=1), 0.0)
    a, b = _NOISE_DOF / 2.0, _NOISE_DOF / 2.0 * level
    rows = batch.weight.sum(axis=1)[:, None] / 2.0
    evidence = (
        -rows * np.log(2.0 * np.pi)
        - 0.5 * logdet
        + (a * np.log(b) + gammaln(a + rows) - gammaln(a))
        - (a + rows) * np.log(b + square / 2.0)
    )
    return evidence.sum(axis=1), (b + square / 2.0) / (a + rows - 1.0)


def _components(batch, prior, loss, strength):
    """The components of one batch, their weights ``(b, c)`` and the evidences of fellow and stranger ``(b, 2)``."""
    parts = [_learned(batch, prior, loss, strength)]
    if prior.vague_weight > 0:
        parts += _strangers(batch, prior, loss, strength)
    n_vague = len(parts) - 1
    evidence = np.stack([part.evidence for part in parts], axis=1)
    share = np.r_[1.0 - prior.vague_weight, np.full(n_vague, prior.vague_weight / max(n_vague, 1))]
    logs = evidence + np.log(share)
    weights = np.exp(logs - logsumexp(logs, axis=1, keepdims=True))
    stranger = logsumexp(evidence[:, 1:], axis=1) - np.log(n_vague) if n_vague else np.full(len(evidence), -np.inf)
    return parts, weights, np.stack([evidence[:, 0], stranger], axis=1)


def wide_posterior(rows, prior, loss, *, strength=1.0):
    """`WidePosterior` of every task of `moments.Rows`, with the prior ``strength`` times as strong as learned.

    Whether a task belongs to the collection is judged at strength one.
    """
    n_outputs, p = prior.mean.shape
    mean, noise = np.empty((rows.n_tasks, n_outputs, p)), np.empty((rows.n_tasks, n_outputs))
    evidence, weights = np.empty((rows.n_tasks, 2)), None
    for batch in read_batches(rows):
        parts, share, evidence[batch.tasks] = _components(batch, prior, loss, strength)
        weights = np.empty((rows.n_tasks, len(parts))) if weights is None else weights
        weights[batch.tasks] = share
        mean[batch.tasks] = _coefficients(batch, parts, share)
        noise[batch.tasks] = sum(share[:, [c]] * part.noise for c, part in enumerate(parts))
    return WidePosterior(mean, noise, weights, weights[:, 0], evidence)


def wide_evidence(batches, prior, loss):
    """``log p(y_t)`` of every task as a fellow and as a stranger: ``(n_tasks, 2)``."""
    prior = replace(prior, vague_weight=0.5)
    evidence = np.empty((sum(len(batch.tasks) for batch in batches), 2))
    for batch in batches:
        evidence[batch.tasks] = _components(batch, prior, loss, 1.0)[2]
    return evidence


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
        out[:, k] = batch.scatter(cells) + dense
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
            eta, spread = _predicted(parts, share, is_coupled(loss))
            at = batch.index - n_old
            mean[at[at >= 0]], variance[at[at >= 0]] = eta[at >= 0], spread[at >= 0]
    return mean, variance


def _slices(rows, new):
    """New rows in parts of about as many rows a task as it has old ones: their ``tasks`` and places in ``new.order``."""
    counts = np.diff(new.starts)
    task = np.repeat(np.arange(new.n_tasks), counts)
    turn = np.arange(len(task)) - new.starts[task]
    turn //= max(int(np.diff(rows.starts).max(initial=0)), _AT_ONCE)
    for part in range(int(turn.max(initial=-1)) + 1):
        yield task[turn == part], new.order[turn == part]


def _joint(rows, new, tasks, fresh):
    """The old rows of some tasks followed by new ones of weight zero, as one collection."""
    counts = np.diff(rows.starts)
    old = np.isin(np.repeat(np.arange(rows.n_tasks), counts), tasks)
    task = np.r_[np.repeat(np.arange(rows.n_tasks), counts)[old], tasks]
    stack = sparse.vstack if sparse.issparse(rows.X) else np.concatenate
    weight = np.ones(rows.X.shape[0]) if rows.weight is None else rows.weight
    order = np.r_[rows.order[old], rows.X.shape[0] + fresh][np.argsort(task, kind="stable")]
    return replace(
        rows,
        X=stack([rows.X, new.X]),
        Y=np.concatenate([rows.Y, np.zeros((new.X.shape[0], rows.Y.shape[1]))]),
        weight=np.r_[weight, np.zeros(new.X.shape[0])],
        order=order,
        starts=np.r_[0, np.cumsum(np.bincount(task, minlength=rows.n_tasks))],
    )


def _predicted(parts, share, coupled):
    """Mean and variance ``(b, n, K)`` of the linear predictor under the mixture."""
    mean = sum(share[:, c, None, None] * part.mode.eta for c, part in enumerate(parts))
    variance = np.zeros_like(mean)
    for c, part in enumerate(parts):
        dual = invert(part.kernel, part.mode.curvature, coupled)
        for k in range(mean.shape[2]):
            K = part.kernel[:, k]
            inside = np.diagonal(K, axis1=1, axis2=2) - np.einsum("bij,bij->bi", K @ dual.block(k), K)
            variance[..., k] += share[:, [c]] * part.unit[:, [k]] * np.maximum(inside, 0.0)
        variance += share[:, c, None, None] * (part.mode.eta - mean) ** 2
    return mean, variance
