"""Empirical Bayes for wide tasks: what a collection says of coefficients that outnumber the rows."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import logit

from skmeta._numerics.dual import DualProblem
from skmeta._numerics.mixture import learn_vague_weight
from skmeta._numerics.wide import WidePrior, wide_evidence
from skmeta._numerics.wide_rows import read_batches
from skmeta._numerics.wide_sweep import Output, State, sweep

_FREE = 100.0  # prior variance of the mean's intercept: as good as free
_MAX_RANK = 3
_HELD_OUT = 3  # one task in so many is held out
_SOME = 1024  # tasks whose gradients suggest factors
_TOL = 0.01
_TIGHT = 1.0  # prior standard deviation of the logarithms by which held-out tasks stretch a prior
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Shape:
    """What may differ: ``equal`` gives all slopes one variance, ``rank`` is the number of factors."""

    name: str
    rank: int = 0
    equal: bool = False


def learn_wide(rows, loss, *, covariance="auto", rank=None, n_iter=20, past=None, n_jobs=1):
    """Learn a `WidePrior` from the tasks of `moments.Rows`.

    ``covariance`` is "spherical", "diagonal", "factor" or "auto"; shapes are compared, and how often tasks look like
    strangers is learned, by the evidence of tasks held out. ``past`` counts as ``past.n_tasks`` tasks seen.
    """
    batches = read_batches(rows)
    level = pooled_level(batches, loss)
    start = initial_state(batches, loss, level)
    trial = _choose(rows, loss, _shapes(covariance, rank, rows.n_tasks), start, level, n_iter, n_jobs)
    state = fit_wide(batches, loss, trial.shape, start=moved_to(batches, trial.state), n_iter=n_iter, n_jobs=n_jobs)
    prior = stretched(as_prior(state, level), trial.stretch)
    n_rows = float(len(rows.order) if rows.weight is None else rows.weight[rows.order].sum())
    return replace(prior, vague_weight=trial.vague_weight, n_tasks=float(rows.n_tasks), n_rows=n_rows)


def fit_wide(batches, loss, shape, *, start, n_iter, n_jobs=1):
    """`State` after some sweeps from ``start`` towards one `Shape`."""
    state = start
    if shape.rank > state.outputs[0].rank:
        state = sweep(batches, state, loss, equal=shape.equal, n_jobs=n_jobs)
        state = add_factors(batches, state, shape.rank)
    for _ in range(n_iter):
        new = sweep(batches, state, loss, equal=shape.equal, n_jobs=n_jobs)
        moved = max(_change(*pair) for pair in zip(new.outputs, state.outputs, strict=True))
        state = new
        if moved < _TOL:
            break
    return state


def _change(new, old):
    logs = [np.log(new.common / old.common), np.log(new.noise / old.noise), np.log(new.variance[-1] / old.variance[-1])]
    mean = np.sum((new.loadings - old.loadings) ** 2) / max(np.sum(new.loadings**2), 1e-300)
    return max(*np.abs(logs), np.sqrt(mean))


def _shapes(covariance, rank, n_tasks):
    factor = Shape("factor", min(rank or _MAX_RANK, max(n_tasks - 1, 0)))
    words = {"spherical": [Shape("spherical", equal=True)], "diagonal": [Shape("diagonal")], "factor": [factor]}
    return sum(words.values(), []) if covariance == "auto" else words[covariance]


# What tasks held out say ----------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Trial:
    """A shape, the state learned without some tasks, and what these say: ``stretch`` and strangers' weight."""

    shape: Shape
    state: State
    stretch: np.ndarray
    vague_weight: float
    score: float


def _choose(rows, loss, shapes, start, level, n_iter, n_jobs):
    """The `_Trial` under which held-out tasks are most probable."""
    held = _held_out(rows)
    if not held.any() or held.all():
        return _Trial(shapes[0], start, np.ones((len(level), 4)), learn_vague_weight(np.zeros(0), np.zeros(0)), 0.0)
    train, test = read_batches(_some(rows, ~held)), read_batches(_some(rows, held))
    trials, state = [], moved_to(train, start)
    for shape in shapes:
        state = fit_wide(train, loss, shape, start=state, n_iter=n_iter, n_jobs=n_jobs)
        prior = as_prior(state, level)
        stretch = find_stretch(test, prior, loss)
        evidence = wide_evidence(test, stretched(prior, stretch), loss)
        trials.append(_Trial(shape, state, stretch, learn_vague_weight(*evidence.T), evidence[:, 0].sum()))
    return max(trials, key=lambda trial: trial.score)


def _held_out(rows):
    """A mask of tasks: every third in order of what their rows hold, whatever the tasks are called."""
    counts = np.diff(rows.starts)
    task = np.repeat(np.arange(rows.n_tasks), counts)
    squares = rows.X.multiply(rows.X).sum(axis=1) if sparse.issparse(rows.X) else np.nansum(rows.X**2, axis=1)
    per_row = (rows.Y**2).sum(axis=1), np.asarray(squares).ravel()
    target, size = (np.bincount(task, v[rows.order], rows.n_tasks) / np.maximum(counts, 1) for v in per_row)
    return np.argsort(np.lexsort((size, target))) % _HELD_OUT == 1


def _some(rows, mask):
    kept = np.flatnonzero(mask)
    parts = [rows.order[rows.starts[t] : rows.starts[t + 1]] for t in kept]
    return replace(rows, order=np.concatenate(parts), starts=np.r_[0, np.cumsum([len(part) for part in parts])])


def find_stretch(batches, prior, loss, n_steps=8):
    """Factors ``(K, 4)`` of a prior's mean, slopes' variance, intercept's variance and noise that new tasks ask for.

    Whatever approximations made the prior, evidence of tasks it never saw is honest (compare `laplace_em.stretch`).
    """
    logs, best, kept = np.zeros((len(prior.noise), 4)), -np.inf, None
    step = np.zeros_like(logs)
    for _ in range(n_steps):
        trial = logs + step
        value, slopes, fisher = _stretch_slopes(batches, stretched(prior, np.exp(trial)), loss)
        value -= 0.5 * np.sum(trial**2) / _TIGHT**2
        if value < best:
            step = 0.5 * step
            continue
        logs, best = trial, value
        fisher = fisher + np.eye(4) / _TIGHT**2
        step = np.clip(np.linalg.solve(fisher, (slopes - logs / _TIGHT**2)[..., None])[..., 0], -1.0, 1.0)
        if np.abs(step).max() < 1e-3:
            break
    return np.exp(logs)


def _stretch_slopes(batches, prior, loss):
    """Evidence of all tasks with its gradient ``(K, 4)`` and information ``(K, 4, 4)``."""
    n_outputs = len(prior.noise)
    value, slopes, fisher = 0.0, np.zeros((n_outputs, 4)), np.zeros((n_outputs, 4, 4))
    for batch in batches:
        only_slopes, ones = prior.mean.copy(), np.eye(1, prior.mean.shape[1], prior.mean.shape[1] - 1).T
        only_slopes[:, -1] = 0.0
        ones = batch.times(ones)[..., 0]
        U = np.stack([batch.times(F) for F in prior.factor], axis=1)
        own = np.stack([batch.kernel(batch.spread(v)) for v in prior.variance], axis=1)
        kernel = own + U @ np.swapaxes(U, 2, 3)
        problem = DualProblem(loss, batch.Y, batch.weight, prior.noise, batch.times(prior.mean.T), kernel)
        mode = problem.mode()
        dual = problem.inverse(mode)
        value += problem.evidence(mode).sum()
        pooled = batch.times(only_slopes.T)
        for k in range(n_outputs):
            level = prior.variance[k, -1] * ones[:, :, None] * ones[:, None, :]
            kernels = [kernel[:, k] - level, level]
            size = 3
            if loss.name == "gaussian":
                real = batch.weight > 0
                r = np.where(real, prior.noise[k] / np.where(real, batch.weight, 1.0), 0.0)
                kernels.append(r[:, :, None] * np.eye(r.shape[1]))
                size = 4
            g, f = problem.slopes(mode, k, dual.block(k), [pooled[..., k]], kernels)
            if loss.name == "gaussian":
                rep = np.where(real, batch.weight - 1.0, 0.0).sum()
                g[3] -= 0.5 * rep
                f[3, 3] += 0.5 * rep
            slopes[k, :size] += g
            fisher[k, :size, :size] += f
    return value, slopes, fisher


def stretched(prior, stretch):
    """A prior with mean slopes, variances and noise multiplied by the columns of ``stretch (K, 4)``."""
    mean, slopes, level, noise = stretch.T
    new_mean, variance = prior.mean * mean[:, None], prior.variance * slopes[:, None]
    new_mean[:, -1], variance[:, -1] = prior.mean[:, -1], prior.variance[:, -1] * level
    factor = prior.factor * np.sqrt(slopes)[:, None, None]
    return replace(prior, mean=new_mean, variance=variance, factor=factor, noise=prior.noise * noise)


# States ---------------------------------------------------------------------------------------------


def pooled_level(batches, loss):
    """The intercept ``(K,)`` that fits all rows best on its own."""
    total = max(sum(batch.weight.sum() for batch in batches), 1e-300)
    mean = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y) for batch in batches) / total
    if loss.name == "gaussian":
        return np.zeros_like(mean)
    if loss.name == "binomial":
        return logit(np.clip(mean, 1e-3, 1.0 - 1e-3))
    return np.log(np.maximum(mean, 1e-3))


def initial_state(batches, loss, level):
    """A start: a quarter of the targets' variance each to the mean and to the tasks, half of it to the noise."""
    p = batches[0].width
    total = max(sum(batch.weight.sum() for batch in batches), 1e-300)
    slopes = np.r_[np.ones(p - 1), 0.0]
    norms = (np.diagonal(batch.kernel(batch.spread(slopes)), axis1=1, axis2=2) for batch in batches)
    norm = sum((batch.weight * n).sum() for batch, n in zip(batches, norms, strict=True)) / total
    square = sum(np.einsum("bn,bnk->k", batch.weight, batch.Y**2) for batch in batches) / total
    signals = np.maximum(square, _FLOOR) if loss.name == "gaussian" else np.ones(len(level))
    outputs = []
    for start, signal in zip(level, signals, strict=True):
        even = 0.25 * signal / max(norm, _FLOOR)
        variance, loadings = np.full(p, even), np.zeros((p, 1))
        variance[-1], loadings[-1] = 0.25 * signal, start
        reach = variance[:, None].copy()
        reach[-1] = _FREE
        noise = 0.5 * signal if loss.dispersed else 1.0
        outputs.append(Output(loadings, variance, noise, reach, np.zeros((p, 1)), even, np.zeros((p, 1))))
    return State(outputs, [None] * len(batches))


def moved_to(batches, state):
    """The same beliefs for other tasks: what was kept of tasks goes."""
    outputs = [replace(out, information=np.zeros_like(out.loadings), shares=None) for out in state.outputs]
    return State(outputs, [None] * len(batches))


def as_prior(state, level):
    """What a new task should expect: the uncertainty of the loadings counts as variance of the tasks."""
    outputs = state.outputs
    unsure = np.stack([(1.0 / (1.0 / out.reach + out.information)).sum(axis=1) for out in outputs])
    return WidePrior(
        mean=np.stack([out.loadings[:, 0] for out in outputs]),
        variance=np.stack([out.variance for out in outputs]) + unsure,
        factor=np.stack([out.loadings[:, 1:] for out in outputs]),
        noise=state.noise,
        level=level,
    )


def add_factors(batches, state, rank):
    """Start factors where the tasks' gradients agree more than independent columns would (one small Gram matrix)."""
    outputs = []
    for k, out in enumerate(state.outputs):
        columns = _directions(batches, state, k, rank - out.rank)
        reach = np.repeat((columns**2).sum(axis=0, keepdims=True) / max((out.information[:, 0] > 0).sum(), 1), len(columns), axis=0)
        reach[-1] = out.variance[-1]
        grown = {name: np.concatenate([getattr(out, name), new], axis=1) for name, new in
                 [("loadings", columns), ("reach", np.maximum(reach, 1e-12)), ("centre", 0.0 * columns), ("information", 0.0 * columns)]}
        outputs.append(replace(out, shares=None, **grown))
    return State(outputs, state.duals)


def _directions(batches, state, k, new):
    out = state.outputs[k]
    root = np.sqrt(out.variance)
    rows, expected = [], []
    for batch, a, (share, _) in zip(batches, state.duals, out.shares, strict=True):
        rows.append(batch.scatter(batch.cells(a[..., k]) * batch.spread(root)))
        expected.append(batch.scatter(share[0] * batch.spread(root**2)).sum(axis=1))
    table, expected = np.concatenate(rows), np.concatenate(expected)
    _, vectors = np.linalg.eigh(table @ table.T - np.diag(expected))
    directions = table.T @ vectors[:, ::-1][:, :new]
    directions /= np.maximum(np.linalg.norm(directions, axis=0), 1e-300)
    seen = ((table @ directions) ** 2).sum(axis=0)
    usual = (out.information[:, 0] * root**2) @ directions**2
    size = np.maximum(np.sqrt(seen / np.maximum(usual, 1e-300)) - 1.0, 0.1)
    sign = np.sign(directions[np.abs(directions).argmax(axis=0), range(directions.shape[1])])
    return root[:, None] * directions * np.sqrt(size) * sign
