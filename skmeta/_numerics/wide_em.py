"""Empirical Bayes for wide tasks: what a collection says of coefficients that outnumber the rows.

``w_t = L (1, z_t) + e_t`` with loadings ``L = [mean, factor]``, scores ``z_t ~ N(0, I)`` and ``e_t ~ N(0, diag(D))``.
One sweep finds every task's mode in the dual (`wide`) and then moves

* the variances ``D`` and the noise by the ratio of what the gradients are to what they should be, a minorise-maximise
  step (Zhou, Hu, Zhou and Lange, 2019, JCGS 28, equation 6), each column drawn to the common variance;
* the loadings by a penalised Newton step, whose equations conjugate gradients solve without any matrix of the columns.

The uncertainty of the loadings counts as variance of the tasks (REML; for a task, it is what the *other* tasks leave
open, column by column), so that coefficients seen in few tasks do not look sharper than they are.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import logit

from skmeta._numerics.linalg import spd_inverse, symmetrize
from skmeta._numerics.mixture import learn_vague_weight
from skmeta._numerics.gaussian_em import run
from skmeta._numerics.wide import WidePrior, along, find_mode, invert, is_coupled, wide_evidence
from skmeta._numerics.wide_rows import read_batches

_STRENGTH = 2.0  # pseudo-tasks of the common variance
_FREE = 100.0  # prior variance of the mean's intercept: as good as free
_NEWTON = 5  # steps a sweep towards modes that the next sweep moves anyway
_MAX_RANK = 3
_HELD_OUT = 3  # one task in so many is held out
_TRIAL = 8  # sweeps of a trial
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
    """Where the learning stands: ``loadings (K, p, 1 + k)``, ``variance (K, p)``, ``reach (K, p, 1 + k)``.

    ``reach`` is the prior variance of the loadings, ``common (K,)`` that of slopes of which nothing is known,
    ``information (K, p, 1 + k)`` what the tasks said of the loadings. ``memory`` has, for each batch, its modes' duals
    and its cells' share of the information.
    """

    loadings: np.ndarray
    variance: np.ndarray
    reach: np.ndarray
    common: np.ndarray
    noise: np.ndarray
    information: np.ndarray
    memory: list


def learn_wide(rows, loss, *, covariance="auto", rank=None, n_iter=20, past=None, n_jobs=1):
    """Learn a `WidePrior` from the tasks of `moments.Rows`.

    ``covariance`` is "spherical", "diagonal", "factor" or "auto"; shapes are compared, and how often tasks look like
    strangers is learned, by the evidence of tasks held out. ``past`` counts as ``past.n_tasks`` tasks seen.
    """
    batches = read_batches(rows)
    shape, vague_weight = _choose(rows, loss, _candidates(covariance, rank, rows.n_tasks), past, n_jobs)
    state = fit_wide(batches, loss, shape, n_iter=n_iter, past=past, n_jobs=n_jobs)
    return as_prior(state, rows, loss, past, vague_weight)


def fit_wide(batches, loss, shape, *, n_iter, start=None, past=None, n_jobs=1):
    """`State` after some sweeps towards one `Shape`."""
    state = start or initial_state(batches, loss, past)
    late = n_iter // 2 if start is None else 1
    for sweep in range(n_iter):
        if sweep == late and shape.rank > state.loadings.shape[2] - 1:
            state = add_factors(batches, state, shape.rank)
        state = _sweep(batches, state, loss, shape, past, n_jobs)
    return state


def _candidates(covariance, rank, n_tasks):
    factor = Shape("factor", min(rank or _MAX_RANK, max(n_tasks - 1, 0)))
    words = {"spherical": [Shape("spherical", equal=True)], "diagonal": [Shape("diagonal")], "factor": [factor]}
    return sum(words.values(), []) if covariance == "auto" else words[covariance]


def _choose(rows, loss, shapes, past, n_jobs):
    """The shape under which held-out tasks are most probable, and the weight of strangers among them."""
    held = _held_out(rows)
    if not held.any() or held.all():
        return shapes[0], learn_vague_weight(np.zeros(0), np.zeros(0))
    train, test = read_batches(_some(rows, ~held)), read_batches(_some(rows, held))
    evidence, state = [], None
    for shape in shapes:
        state = fit_wide(train, loss, shape, n_iter=_TRIAL if state is None else _TRIAL // 2, start=state, past=past, n_jobs=n_jobs)
        evidence.append(wide_evidence(test, as_prior(state, rows, loss, past, 0.5), loss))
    best = int(np.argmax([each[:, 0].sum() for each in evidence]))
    return shapes[best], learn_vague_weight(*evidence[best].T)


def _held_out(rows):
    """A mask of tasks: every third in order of what their rows hold, whatever the tasks are called."""
    counts = np.diff(rows.starts)
    task = np.repeat(np.arange(rows.n_tasks), counts)
    square = np.asarray(rows.X.multiply(rows.X).sum(axis=1)).ravel() if hasattr(rows.X, "multiply") else np.nansum(rows.X**2, axis=1)
    targets, size = (np.bincount(task, v[rows.order], minlength=rows.n_tasks) for v in ((rows.Y**2).sum(axis=1), square))
    place = np.argsort(np.lexsort((size, targets / np.maximum(counts, 1))))
    return place % _HELD_OUT == 1


def _some(rows, mask):
    kept = np.flatnonzero(mask)
    parts = [rows.order[rows.starts[t] : rows.starts[t + 1]] for t in kept]
    return replace(rows, order=np.concatenate(parts), starts=np.r_[0, np.cumsum([len(part) for part in parts])])


# States ---------------------------------------------------------------------------------------------


def pooled_level(batches, loss):
    """The intercept ``(K,)`` that fits all rows best on its own."""
    total = sum(batch.weight.sum() for batch in batches)
    mean = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y) for batch in batches) / max(total, 1e-300)
    if loss.name == "gaussian":
        return np.zeros_like(mean)
    if loss.name == "binomial":
        return logit(np.clip(mean, 1e-3, 1.0 - 1e-3))
    return np.log(np.maximum(mean, 1e-3))


def initial_state(batches, loss, past=None):
    """A start: a quarter of the targets' variance each to the mean and to the tasks, half of it to the noise."""
    total = max(sum(batch.weight.sum() for batch in batches), 1e-300)
    n_outputs, p = batches[0].Y.shape[2], len(batches[0].total(batches[0].spread_tasks(np.zeros(len(batches[0].tasks)))))
    slopes = np.r_[np.ones(p - 1), 0.0]
    norm = sum((batch.weight * np.diagonal(batch.kernel(batch.spread(slopes)), axis1=1, axis2=2)).sum() for batch in batches) / total
    square = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y**2) for batch in batches) / total
    signal = np.maximum(square, 1e-10) if loss.name == "gaussian" else np.ones(n_outputs)
    even = 0.25 * signal / max(norm, 1e-10)
    variance = np.repeat(even[:, None], p, axis=1)
    variance[:, -1] = 0.25 * signal
    noise = 0.5 * signal if loss.dispersed else np.ones(n_outputs)
    loadings, reach = np.zeros((n_outputs, p, 1)), variance[:, :, None].copy()
    reach[:, -1] = _FREE
    loadings[:, -1, 0] = pooled_level(batches, loss)
    if past is not None:
        variance, noise, even = past.variance.copy(), past.noise, np.median(past.variance[:, :-1], axis=1)
        loadings = np.concatenate([past.mean[..., None], past.factor], axis=2)
        reach = np.repeat(variance[..., None] / max(past.n_tasks, 1.0), loadings.shape[2], axis=2)
    memory = [_Memory(None, None, None)] * len(batches)
    return State(loadings, variance, reach, even, noise, np.zeros_like(loadings), memory)


def as_prior(state, rows, loss, past, vague_weight):
    """What a new task should expect: the uncertainty of the loadings counts as variance of the tasks."""
    open_ = (1.0 / (1.0 / state.reach + state.information)).sum(axis=2)
    n_rows = float(len(rows.order) if rows.weight is None else rows.weight[rows.order].sum())
    n_tasks = float(rows.n_tasks)
    if past is not None:
        n_tasks, n_rows = n_tasks + past.n_tasks, n_rows + past.n_rows
    level = np.zeros(1)
    return WidePrior(
        state.loadings[..., 0], state.variance + open_, state.loadings[..., 1:], state.noise, level, vague_weight, n_tasks, n_rows
    )


def add_factors(batches, state, rank):
    """Start factors where the tasks' gradients agree more than independent columns would (one small Gram matrix)."""
    new = rank - (state.loadings.shape[2] - 1)
    columns = np.stack([_directions(batches, state, k, new) for k in range(len(state.noise))])
    reach = np.repeat((columns**2).sum(axis=1, keepdims=True) / max((state.information[0, :, 0] > 0).sum(), 1), columns.shape[1], axis=1)
    reach[:, -1] = np.maximum(state.variance[:, -1:], _FLOOR)
    memory = [replace(m, own=None, square=None) for m in state.memory]
    loadings = np.concatenate([state.loadings, columns], axis=2)
    return replace(state, loadings=loadings, reach=np.concatenate([state.reach, np.maximum(reach, 1e-12)], axis=2), memory=memory,
                   information=np.concatenate([state.information, 0 * columns], axis=2))


def _directions(batches, state, k, new):
    root = np.sqrt(state.variance[k])
    rows, expected = [], []
    for batch, memory in zip(batches, state.memory, strict=True):
        rows.append(batch.scatter(batch.cells(memory.a[..., k]) * batch.spread(root)))
        expected.append(batch.scatter(memory.own[k][0] * batch.spread(root**2)).sum(axis=1))
    table, expected = np.concatenate(rows), np.concatenate(expected)
    gram = table @ table.T
    values, vectors = np.linalg.eigh(gram - np.diag(expected))
    directions = table.T @ vectors[:, ::-1][:, :new]
    directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-300)
    seen = ((table @ directions) ** 2).sum(axis=0)
    usual = (state.information[k, :, 0] * root**2) @ directions**2
    size = np.maximum(np.sqrt(seen / np.maximum(usual, 1e-300)) - 1.0, 0.1)
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), range(new)])
    return root[:, None] * directions * np.sqrt(size) * signs


# One sweep ------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Memory:
    """What a batch keeps for the next sweep: the duals ``a``, its cells' information and the scores' squares."""

    a: np.ndarray | None
    own: list | None
    square: np.ndarray | None


@dataclass(frozen=True, eq=False)
class _Expected:
    """What one batch says: sums for the variances, the noise and the loadings, and the Newton operator's parts."""

    memory: _Memory
    squares: np.ndarray
    traces: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    misfit: np.ndarray
    dof: np.ndarray
    operator: np.ndarray
    moments: np.ndarray


def _sweep(batches, state, loss, shape, past, n_jobs):
    pairs = list(zip(batches, state.memory, strict=True))
    found = run(lambda pair: _expect(*pair, state, loss), pairs, n_jobs)
    total = {name: sum(getattr(f, name) for f in found) for name in ("squares", "traces", "gradient", "information", "misfit", "dof")}
    variance, common = _variances(state, total["squares"], total["traces"], shape, past)
    loadings = np.stack([_loadings(batches, found, state, total, k, past) for k in range(len(state.noise))])
    reach = state.reach if past else _reach(state, loadings, total["information"])
    noise = np.sqrt(state.noise * total["misfit"] / total["dof"]) if loss.dispersed else state.noise
    return State(loadings, variance, reach, common, np.maximum(noise, _FLOOR), total["information"], [f.memory for f in found])


def _expect(batch, memory, state, loss):
    coupled = is_coupled(loss)
    n_outputs, p, width = state.loadings.shape
    weight = batch.weight[..., None] / state.noise
    offset = batch.times(state.loadings[..., 0].T)
    U = np.stack([batch.times(L[:, 1:]) for L in state.loadings], axis=1)
    kernel = np.stack([batch.kernel(batch.spread(v)) for v in state.variance], axis=1) + U @ np.swapaxes(U, 2, 3)
    mode = find_mode(loss, batch.Y, weight, offset, kernel, memory.a, n_steps=_NEWTON, tol=1e-6)
    dual = invert(kernel, mode.curvature, coupled)
    open_ = [batch.kernel(_open(batch, memory, state, k)) for k in range(n_outputs)]
    marginal = invert(kernel + np.stack(open_, axis=1), mode.curvature, coupled)
    squares, traces, gradient = np.empty((n_outputs, p)), np.empty((n_outputs, p)), np.empty(state.loadings.shape)
    information, own = np.empty(state.loadings.shape), []
    operator, moments = np.empty(kernel.shape), np.empty((len(batch.tasks), n_outputs, width, width))
    P_diagonal = np.empty(mode.a.shape)
    for k in range(n_outputs):
        C, P, a = dual.block(k), marginal.block(k), mode.a[..., k]
        moments[:, k], push = _scores(C, U[:, k], a)
        gradient[k] = batch.collect(push)
        operator[:, k] = _without_factor(dual.blocks[:, k], U[:, k])
        h = batch.diagonal(P)
        squares[k], traces[k] = batch.total(batch.cells(a) ** 2), batch.total(h)
        own.append([h * batch.spread_tasks(moments[:, k, j, j]) for j in range(width)])
        information[k] = np.stack([batch.total(cells) for cells in own[k]], axis=1)
        P_diagonal[..., k] = np.diagonal(P, axis1=1, axis2=2)
    square = np.diagonal(moments, axis1=2, axis2=3)
    misfit, dof = _dispersion(loss, batch, mode, P_diagonal)
    return _Expected(_Memory(mode.a, own, square), squares, traces, gradient, information, misfit, dof, operator, moments)


def _open(batch, memory, state, k):
    """What the other tasks leave open of the loadings, as a variance of every cell."""
    total = 0.0
    for j in range(state.loadings.shape[2]):
        precision = batch.spread(1.0 / state.reach[k, :, j])
        if memory.own is None:
            total = total + 1.0 / precision
            continue
        others = batch.spread(state.information[k, :, j]) - memory.own[k][j]
        total = total + batch.spread_tasks(memory.square[:, k, j]) / (precision + np.maximum(others, 0.0))
    return total


def _scores(C, U, a):
    """Second moments of ``(1, z_t)`` and what pushes the loadings ``(b, n, 1 + k)``."""
    z = np.einsum("bnk,bn->bk", U, a)
    reach = C @ U
    moments = np.empty((len(z), z.shape[1] + 1, z.shape[1] + 1))
    moments[:, 0, 0], moments[:, 0, 1:], moments[:, 1:, 0] = 1.0, z, z
    moments[:, 1:, 1:] = np.eye(z.shape[1]) - np.swapaxes(U, 1, 2) @ reach + z[:, :, None] * z[:, None, :]
    return moments, np.concatenate([a[..., None], a[..., None] * z[:, None, :] - reach], axis=2)


def _without_factor(E, U):
    """``(K - UU' + W^-1)^-1`` from ``E = (K + W^-1)^-1``."""
    if not U.shape[2]:
        return E
    reach = E @ U
    inner = symmetrize(np.eye(U.shape[2]) - np.swapaxes(U, 1, 2) @ reach)
    return E + reach @ np.linalg.solve(inner, np.swapaxes(reach, 1, 2))


def _dispersion(loss, batch, mode, P_diagonal):
    """Pearson's statistic of every output and the degrees of freedom that are left for it."""
    seen = batch.weight[..., None]
    usual = loss.curvature(mode.eta, loss.mean(mode.eta))
    misfit = seen * loss.residual(mode.eta, batch.Y) ** 2 / usual
    left = np.where(seen > 0, P_diagonal / np.where(seen > 0, mode.curvature, 1.0) + seen - 1.0, 0.0)
    return misfit.sum(axis=(0, 1)), np.maximum(left.sum(axis=(0, 1)), _FLOOR)


def _variances(state, squares, traces, shape, past):
    """The next variances and the common one that they are drawn to."""
    D = state.variance
    scatter, n_past = D**2 * squares, past.n_tasks if past is not None else 0.0
    known = n_past * past.variance if past is not None else 0.0
    if shape.equal:
        slopes = (part[:, :-1].sum(axis=1) for part in (scatter + known, traces))
        common = _solve_variance(*slopes, n_past * (D.shape[1] - 1))
        variance = np.repeat(common[:, None], D.shape[1], axis=1)
    else:
        strength, centre = _STRENGTH, state.common[:, None]
        variance = _solve_variance(scatter + strength * centre + known, traces, strength + n_past)
        seen = (variance * traces)[:, :-1]
        common = (seen * variance[:, :-1]).sum(axis=1) / np.maximum(seen.sum(axis=1), 1e-300)
    level = scatter[:, -1] + _STRENGTH * D[:, -1] + (known[:, -1] if past is not None else 0.0)
    variance[:, -1] = _solve_variance(level, traces[:, -1], _STRENGTH + n_past)
    return np.maximum(variance, _FLOOR), common


def _solve_variance(scatter, trace, n_pseudo):
    """The positive root ``D`` of ``trace D^2 + n_pseudo D = scatter``."""
    return 2.0 * scatter / (n_pseudo + np.sqrt(n_pseudo**2 + 4.0 * trace * scatter)).clip(1e-300)


def _reach(state, loadings, information):
    """Prior variances of the loadings, each column's slopes together (MacKay's fixed point, damped)."""
    slopes = state.reach[:, :-1]
    gained = (information[:, :-1] / (1.0 / slopes + information[:, :-1])).sum(axis=1)
    square = (loadings[:, :-1] ** 2).sum(axis=1)
    even = np.sqrt(slopes[:, 0] * square / np.maximum(gained, _FLOOR))
    reach = state.reach.copy()
    reach[:, :-1] = np.maximum(even, 1e-12)[:, None]
    return reach


def _loadings(batches, found, state, total, k, past):
    """One penalised Newton step of an output's loadings, rescaled so that scores have variance one."""
    L, precision = state.loadings[k], 1.0 / state.reach[k]
    centre = np.zeros_like(L)
    if past is not None:
        centre[:, 0], known = past.mean[k], past.factor[k]
        centre[:, 1 : 1 + known.shape[1]] = known[:, : L.shape[1] - 1]

    def product(V):
        parts = (b.collect(f.operator[:, k] @ (b.times(V) @ f.moments[:, k])) for b, f in zip(batches, found, strict=True))
        return sum(parts) + precision * V

    step = solve_by_gradients(product, total["gradient"][k] - precision * (L - centre), precision + total["information"][k])
    new = L + step
    if L.shape[1] > 1:
        n_tasks = sum(len(b.tasks) for b in batches)
        spread = sum(f.moments[:, k, 1:, 1:].sum(axis=0) for f in found) / n_tasks
        new[:, 1:] = new[:, 1:] @ np.linalg.cholesky(spread)
    return new


def solve_by_gradients(product, target, diagonal):
    """Preconditioned conjugate gradients for a symmetric positive definite ``product(V) = target``."""
    V, residual = np.zeros_like(target), target
    direction = z = residual / diagonal
    energy = first = np.sum(residual * z)
    for _ in range(_CG):
        if energy <= _CG_TOL**2 * first:
            break
        image = product(direction)
        length = energy / np.sum(direction * image)
        V = V + length * direction
        residual = residual - length * image
        z = residual / diagonal
        energy, before = np.sum(residual * z), energy
        direction = z + energy / before * direction
    return V
