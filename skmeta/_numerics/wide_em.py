"""Empirical Bayes for wide tasks: what a collection says of coefficients that outnumber the rows.

The sweeps of `wide_sweep` climb an evidence that leaves out, column by column, what tasks have in common through other
columns. So tasks are held out: their evidence chooses the shape of the covariance, stretches what the sweeps found to
what new tasks ask for, and tells how often a task is a stranger.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.special import logit

from skmeta._numerics.dual import DualProblem, evidence_slopes
from skmeta._numerics.mixture import learn_vague_weight
from skmeta._numerics.wide import WidePrior, wide_evidence
from skmeta._numerics.wide_rows import read_batches
from skmeta._numerics.wide_sweep import Output, State, add_factors, sweep

_FREE = 100.0  # prior variance of the mean's intercept: as good as free
_SIGNAL = 4.0  # variance of a linear predictor whose unit is not that of the targets
_MAX_RANK = 3
_HELD_OUT = 3  # one task in so many is held out
_ROUNDS = 3  # of sweeps for factors, each followed by a stretch
_EP = 5  # steps of expectation propagation at each trial of a stretch
_TIGHT = 1.0  # prior standard deviation of the logarithms of a stretch
_TOL = 0.01
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Shape:
    """What may differ: ``moves`` is what sweeps learn of the variances, ``rank`` the number of factors."""

    moves: str
    rank: int = 0


def learn_wide(rows, loss, *, covariance="auto", rank=None, n_iter=20, past=None, n_jobs=1):
    """Learn a `WidePrior` from the tasks of `moments.Rows`.

    ``covariance`` is "spherical", "diagonal", "factor" or "auto"; shapes are compared, and how often tasks look like
    strangers is learned, by the evidence of tasks held out. ``past`` counts as ``past.n_tasks`` tasks seen.
    """
    batches = read_batches(rows)
    level = pooled_level(batches, loss)
    start = initial_state(batches, loss, level)
    trial = _choose(rows, loss, _shapes(covariance, rank, rows.n_tasks), start, level, n_iter, n_jobs)
    state = fit_wide(batches, loss, trial.shape, start=moved_to(batches, trial.state), n_iter=n_iter // 4, n_jobs=n_jobs)
    prior = stretched(as_prior(state, level), trial.stretch)
    n_rows = float(len(rows.order) if rows.weight is None else rows.weight[rows.order].sum())
    return replace(prior, vague_weight=trial.vague_weight, n_tasks=float(rows.n_tasks), n_rows=n_rows)


def fit_wide(batches, loss, shape, *, start, n_iter, n_jobs=1):
    """`State` after some sweeps from ``start`` towards one `Shape`."""
    state = start
    for _ in range(n_iter):
        new = sweep(batches, state, loss, moves=shape.moves, n_jobs=n_jobs)
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
    factor = Shape("loadings", min(rank or _MAX_RANK, max(n_tasks - 1, 0)))
    words = {"spherical": [Shape("scales")], "diagonal": [Shape("columns")], "factor": [Shape("scales"), factor]}
    return [Shape("scales"), Shape("columns"), factor] if covariance == "auto" else words[covariance]


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
        return _Trial(shapes[0], start, np.ones((len(level), 5)), learn_vague_weight(np.zeros(0), np.zeros(0)), 0.0)
    train, test = read_batches(_some(rows, ~held)), read_batches(_some(rows, held))
    trials, state = [], moved_to(train, start)
    for shape in shapes:
        if shape.rank:
            state = _fit_factors(train, test, state, loss, shape.rank, level, n_jobs)
        else:
            sweeps = n_iter // 4 if trials else n_iter // 2
            state = fit_wide(train, loss, shape, start=state, n_iter=sweeps, n_jobs=n_jobs)
        prior = as_prior(state, level)
        stretch, score = find_stretch(test, prior, loss)
        evidence = wide_evidence(test, stretched(prior, stretch), loss)
        trials.append(_Trial(shape, state, stretch, learn_vague_weight(*evidence.T), score))
    return max(trials, key=lambda trial: trial.score)


def _fit_factors(train, test, state, loss, rank, level, n_jobs):
    """Factors, which would overfit the tasks that they are made from: held-out tasks scale them as they grow."""
    state = add_factors(train, state, loss, rank, n_jobs=n_jobs)
    for _ in range(_ROUNDS):
        state = fit_wide(train, loss, Shape("loadings"), start=state, n_iter=2, n_jobs=n_jobs)
        state = _rescaled(state, find_stretch(test, as_prior(state, level), loss)[0])
    return state


def _rescaled(state, stretch):
    outputs = []
    for out, (_, slopes, factor, level, noise) in zip(state.outputs, stretch, strict=True):
        loadings, variance, reach = out.loadings.copy(), slopes * out.variance, out.reach.copy()
        loadings[:, 1:] *= np.sqrt(factor)
        reach[:, 1:] *= factor
        variance[-1] = level * out.variance[-1]
        changed = {"loadings": loadings, "variance": variance, "reach": reach}
        outputs.append(replace(out, noise=noise * out.noise, common=slopes * out.common, **changed))
    return State(outputs, state.rows)


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
    """Factors ``(K, 5)`` by which new tasks want a prior multiplied, and their evidence (with a penalty) if it is.

    The columns stand for the mean's slopes, the variances of slopes, factors and intercept, and the noise. Whatever
    approximations made the prior, the evidence of tasks it never saw is honest.
    """
    logs, best, step = np.zeros((len(prior.noise), 5)), -np.inf, 0.0
    laws, bells = [_Law.read(batch, prior) for batch in batches], [None] * len(batches)
    for _ in range(n_steps):
        trial = logs + step
        climbed = [law.climb(np.exp(trial), loss, bell) for law, bell in zip(laws, bells, strict=True)]
        *sums, bells = zip(*climbed, strict=True)
        value, slopes, fisher = (sum(part) for part in sums)
        value -= 0.5 * np.sum(trial**2) / _TIGHT**2
        if value < best:
            step = 0.5 * step
            continue
        logs, best = trial, value
        matrix = fisher + np.eye(5) / _TIGHT**2
        step = np.clip(np.linalg.solve(matrix, (slopes - logs / _TIGHT**2)[..., None])[..., 0], -1.0, 1.0)
        if np.abs(step).max() < _TOL:
            break
    return np.exp(logs), best


@dataclass(frozen=True, eq=False)
class _Law:
    """The parts of what a prior says of a batch: of the offset ``(b, n)`` and the kernel ``(b, n, n)`` of each output."""

    batch: object
    noise: np.ndarray
    level: list
    mean: list
    kernels: list

    @classmethod
    def read(cls, batch, prior):
        """The parts, as the prior has them."""
        last = np.eye(1, prior.mean.shape[1], prior.mean.shape[1] - 1)[0]
        ones = batch.times(last[:, None])[..., 0]
        level = [m[-1] * ones for m in prior.mean]
        mean = [batch.times((m * (1.0 - last))[:, None])[..., 0] for m in prior.mean]
        reach = [batch.times(F) for F in prior.factor]
        kernels = [
            (batch.kernel(batch.spread(v * (1.0 - last))), U @ np.swapaxes(U, 1, 2), v[-1] * ones[:, :, None] * ones[:, None])
            for v, U in zip(prior.variance, reach, strict=True)
        ]
        return cls(batch, prior.noise, level, mean, kernels)

    def climb(self, stretch, loss, before):
        """Evidence, its gradient ``(K, 5)`` and information ``(K, 5, 5)`` in the logarithms of the stretch; the `Bell`."""
        outputs = range(len(self.noise))
        mean = [s[0] * m for s, m in zip(stretch, self.mean, strict=True)]
        kernels = [[f * K for f, K in zip(s[1:4], parts, strict=True)] for s, parts in zip(stretch, self.kernels, strict=True)]
        offset = np.stack([m + v for m, v in zip(mean, self.level, strict=True)], axis=2)
        kernel = np.stack([sum(parts) for parts in kernels], axis=1)
        batch, noise = self.batch, self.noise * stretch[:, 4]
        problem = DualProblem(loss, batch.Y, batch.weight, noise, offset, kernel)
        bell = problem.resumed(before, n_steps=_EP)
        slopes, fisher = np.zeros((len(outputs), 5)), np.zeros((len(outputs), 5, 5))
        for k in outputs:
            found = evidence_slopes(bell.dual.block(k), bell.a[..., k], [mean[k]], kernels[k] + problem.noise_kernel(k))
            n = len(found[0])
            slopes[k, :n], fisher[k, :n, :n] = found
            problem.add_repetitions(slopes[k], fisher[k])
        return problem.evidence(bell).sum(), slopes, fisher, bell


def stretched(prior, stretch):
    """A prior with mean slopes, variances of slopes, factors, intercept, and noise multiplied by ``stretch (K, 5)``."""
    mean, slopes, factor, level, noise = stretch.T
    new_mean, variance = prior.mean * mean[:, None], prior.variance * slopes[:, None]
    new_mean[:, -1], variance[:, -1] = prior.mean[:, -1], prior.variance[:, -1] * level
    return replace(
        prior,
        mean=new_mean,
        variance=variance,
        factor=prior.factor * np.sqrt(factor)[:, None, None],
        noise=prior.noise * noise,
    )


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
    signals = np.maximum(square, _FLOOR) if loss.name == "gaussian" else np.full(len(level), _SIGNAL)
    outputs = []
    for start, signal in zip(level, signals, strict=True):
        even = 0.25 * signal / max(norm, _FLOOR)
        variance, loadings = np.full(p, even), np.zeros((p, 1))
        variance[-1], loadings[-1] = 0.25 * signal, start
        reach = variance[:, None].copy()
        reach[-1] = _FREE
        noise = 1.0 if not loss.dispersed else 0.5 * signal if loss.name == "gaussian" else 1.0
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
