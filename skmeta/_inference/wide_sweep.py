"""One sweep over wide tasks: from one law of their coefficients to the next, more probable one.

``w_t = L (1, s_t) + e_t`` with loadings ``L = [mean, factor]``, scores ``s_t ~ N(0, I)`` and ``e_t ~ N(0, diag(D))``.
A sweep finds every task's mode in the dual and then moves

* the columns' by_task of ``D`` by how large the tasks' gradients are against what they should be, a minorise-maximise
  step (Zhou, Hu, Zhou and Lange, 2019, JCGS 28, equation 6), each column drawn to the common variance;
* the scales of ``D`` and of the noise by one step of Fisher scoring on Laplace's evidence;
* the loadings by a penalised Newton step, solved by conjugate gradients without any matrix of the columns.

Each task is judged by what the *other* tasks say of the loadings: their uncertainty, taken column by column, counts as
variance of the task, and the gradient at the common mode is that of a mean that never saw the task (REML).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.dual import SCALE_SPREAD, DualProblem, along, definite, evidence_slopes
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY, cholesky, solve, symmetrize
from skmeta._inference.noise import fit_noise, squeeze_noise
from skmeta._inference.structure import PSEUDO_TASKS
from skmeta._inference.threads import run

Array = NDArray[Any]

_CG = 30  # guard: conjugate gradients arrive before
_CG_TOL = 1e-3
_FLOOR = 1e-10  # guard: least variance


@dataclass(frozen=True, eq=False)
class Output:
    """The law of one output: ``loadings (p, 1 + k)``, ``variance (p,)``, and the noises' law.

    ``noise`` is what tasks have in common, ``noise_dof`` how alike they are; it is learned where tasks may have their
    ``own_noise``.
    ``loading_variance (p, 1 + k)`` is the prior variance of the loadings around ``centre (p, 1 + k)``; it stays as it is
    where it is ``known``. ``common`` is the variance of slopes of which nothing is known, ``pseudo_tasks`` how firmly
    others are drawn to it. ``information (p, 1 + k)`` is what the tasks say of the loadings; ``by_task`` has, for each
    batch, its cells' parts of it and the second moments ``(b, 1 + k)`` of the scores. ``expected_scales (3,)`` is what to
    expect of the `scales`. The first ``n_effects`` coefficients are the same in all tasks (`wide_context`).
    """

    loadings: np.ndarray
    variance: np.ndarray
    noise: float
    loading_variance: np.ndarray
    centre: np.ndarray
    common: float
    information: np.ndarray
    expected_scales: np.ndarray
    known: bool = False
    noise_dof: float = np.inf
    own_noise: bool = True
    pseudo_tasks: float = PSEUDO_TASKS
    by_task: list | None = None
    n_effects: int = 0

    @property
    def slopes(self) -> slice:
        """Where the coefficients are that tasks have of their own, without the intercept."""
        return slice(self.n_effects, -1)

    @property
    def rank(self) -> int:
        return self.loadings.shape[1] - 1

    @property
    def scales(self) -> Array:
        """The common variance, the intercept's, and the noise."""
        return np.array([self.common, self.variance[-1], self.noise])


@dataclass(frozen=True, eq=False)
class State:
    """One `Output` each, and for every batch what is kept of its rows (None: nothing yet).

    That is the modes' duals, the curvature and pull of the rows' Gaussians, and the tasks' own noises ``(b, 1, K)``.
    """

    outputs: list
    rows: list

    @property
    def noise(self) -> Array:
        """The noise that all tasks have in common ``(K,)``."""
        return np.array([output.noise for output in self.outputs])

    def noise_of(self, i: int) -> Array:
        """The own noises of the tasks of batch ``i``, or the common one."""
        return self.noise if self.rows[i] is None else self.rows[i][3]


@dataclass(frozen=True, eq=False)
class _Part:
    """What one batch says of one output: see `expect`."""

    squares: np.ndarray
    traces: np.ndarray
    slopes: np.ndarray
    fisher: np.ndarray
    misfit: tuple
    noise: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    operator: np.ndarray
    moments: np.ndarray
    share: tuple


def sweep(batches: Sequence[Any], state: State, loss: Likelihood, *, moves: str, n_jobs: int = 1) -> State:
    """The next `State`; what ``moves``: "loadings" alone, the "scales" of variances as well, or all "columns" of them."""
    found = run(lambda i: expect(batches[i], i, state, loss), range(len(batches)), n_jobs)
    parts = [[both[1][k] for both in found] for k in range(len(state.outputs))]
    outputs = [_maximise(batches, part, output, loss, moves) for part, output in zip(parts, state.outputs, strict=True)]
    noises = [
        np.stack([_own_noise(part, out, loss) for part, out in zip(own, outputs, strict=True)], axis=1)[:, None]
        for _, own in found
    ]
    return State(outputs, [(*rows[:3], noise) for (rows, _), noise in zip(found, noises, strict=True)])


# Expectation ----------------------------------------------------------------------------------------


def expect(batch: Any, i: int, state: State, loss: Likelihood) -> tuple[Any, ...]:
    """What to remember of the rows of one batch, and a `_Part` of each output."""
    U = np.stack([batch.times(output.loadings[:, 1:]) for output in state.outputs], axis=1)
    own = np.stack([batch.kernel(batch.spread(output.variance)) for output in state.outputs], axis=1)
    uncertain = np.stack([batch.kernel(_uncertain(batch, i, output)) for output in state.outputs], axis=1)
    offset = batch.times(np.stack([output.loadings[:, 0] for output in state.outputs], axis=1)) + batch.offset
    noise = state.noise_of(i)
    if state.rows[i] is None and loss.quadratic:
        noise = _first_noise(batch, offset, state)
    kernel = own + U @ np.swapaxes(U, 2, 3)
    problem = DualProblem(loss, batch.Y, batch.weight, noise, offset, kernel, batch.count)
    posterior, alone, judged = _settle(problem, uncertain, state.rows[i])
    dual, marginal = posterior.dual, judged.dual
    scales = [
        _scales(batch, alone, judged, k, marginal.block(k), own[:, k], out) for k, out in enumerate(state.outputs)
    ]
    parts = []
    for k, scale in enumerate(scales):
        P = marginal.block(k)
        moments, push = _scores(dual.block(k), U[:, k], posterior.a[..., k])
        trace = batch.diagonal(P)
        square = np.diagonal(moments, axis1=1, axis2=2)
        share = [trace * batch.spread_tasks(square[:, j]) for j in range(square.shape[1])]
        parts.append(
            _Part(
                batch.total(batch.cells(judged.a[..., k]) ** 2),
                batch.total(trace),
                scale[0],
                scale[1],
                alone.pearson(judged, k),
                np.broadcast_to(noise[..., k].ravel(), len(batch.tasks)),
                batch.collect(push),
                np.stack([batch.total(cells) for cells in share], axis=1),
                _without_factor(dual.blocks[:, k], U[:, k]),
                moments,
                (share, square),
            )
        )
    own = np.broadcast_to(noise, (len(batch.tasks), 1, len(parts)))
    return (posterior.a, posterior.curvature, posterior.pull, own), parts


def _first_noise(batch: Any, offset: Array, state: State) -> Array:
    """The tasks' noises ``(b, 1, K)`` before any sweep: where they may differ, at least half of what the mean leaves.

    A task that is all noise would bend what all have in common before its own noise is seen.
    """
    n_rows = np.maximum(batch.n_rows, TINY)
    left = np.einsum("bn,bnk->bk", batch.weight, (batch.Y - offset) ** 2) / n_rows[:, None]
    own = np.array([output.own_noise for output in state.outputs])
    return np.where(own, np.maximum(state.noise, 0.5 * left), state.noise)[:, None]


def _settle(problem: DualProblem, uncertain: Any, before: Any) -> tuple[Any, Any, Any]:
    """The `DualPosterior` of a batch at the common loadings; the problem and posterior of tasks that did not help to find them.

    What a task itself did to the mean is ``uncertain a``: without it, and with the others' uncertainty as variance, the
    posterior is the same, but now rows can be judged by what was expected of them.
    """
    if before is None or problem.modal:
        posterior = problem.mode(None if before is None else before[0])
    else:
        posterior = problem.around(*before[1:3])
    alone = replace(problem, kernel=problem.kernel + uncertain, offset=problem.offset - along(uncertain, posterior.a))
    if problem.modal:
        return posterior, alone, replace(posterior, dual=alone.inverse(posterior.curvature))
    judged = alone.matched(alone.around(posterior.curvature, posterior.pull))
    return problem.around(judged.curvature, judged.pull), alone, judged


def _uncertain(batch: Any, i: int, output: Output) -> Array:
    """What the other tasks leave open of the loadings, as a variance of every cell."""
    precision = 1.0 / output.loading_variance
    if output.by_task is None:
        return batch.spread(output.loading_variance.sum(axis=1))
    share, square = output.by_task[i]
    open_ = precision + output.information
    return sum(
        batch.spread_tasks(square[:, j]) / np.maximum(batch.spread(open_[:, j]) - cells, batch.spread(precision[:, j]))
        for j, cells in enumerate(share)
    )


def _scales(batch: Any, alone: Any, judged: Any, k: int, P: Array, own: Any, output: Output) -> tuple[Any, ...]:
    """Gradient and information of the evidence in the logarithms of three scales: slopes, intercept, noise."""
    ones = batch.times(np.eye(1, len(output.variance), len(output.variance) - 1).T)[..., 0]
    intercept = output.variance[-1] * ones[:, :, None] * ones[:, None, :]
    kernels = [own - intercept, intercept, *alone.noise_kernel(k)]
    slopes, fisher = evidence_slopes(P, judged.a[..., k], [], kernels, batch.counts)
    alone.add_repetitions(slopes, fisher, batch.counts)
    return slopes, fisher


def _scores(C: Array, U: Array, a: Array) -> tuple[Any, ...]:
    """Second moments of ``(1, s_t)`` and what pushes the loadings ``(b, n, 1 + k)``."""
    s = np.einsum("bnk,bn->bk", U, a)
    seen = C @ U
    moments = np.empty((len(s), s.shape[1] + 1, s.shape[1] + 1))
    moments[:, 0, 0], moments[:, 0, 1:], moments[:, 1:, 0] = 1.0, s, s
    moments[:, 1:, 1:] = np.eye(s.shape[1]) - np.swapaxes(U, 1, 2) @ seen + s[:, :, None] * s[:, None, :]
    return moments, np.concatenate([a[..., None], a[..., None] * s[:, None, :] - seen], axis=2)


def _without_factor(E: Array, U: Array) -> Array:
    """``(K - UU' + W^-1)^-1`` from ``E = (K + W^-1)^-1``."""
    if not U.shape[2]:
        return E
    seen = E @ U
    inner = symmetrize(np.eye(U.shape[2]) - np.swapaxes(U, 1, 2) @ seen)
    return E + seen @ solve(inner, np.swapaxes(seen, 1, 2))


# Maximisation ---------------------------------------------------------------------------------------


def _maximise(batches: Sequence[Any], parts: Any, output: Output, loss: Likelihood, moves: str) -> Output:
    """The next `Output` from what all batches say of it."""

    def total(name: Any) -> Array:
        return sum(getattr(part, name) for part in parts)

    information = total("information")
    loadings = next_loadings(batches, parts, output, total("gradient"), information)
    new = replace(output, loadings=loadings, information=information, by_task=[part.share for part in parts])
    if moves == "loadings":
        return new
    scale = _scale_step(output, total("slopes"), total("fisher"))
    variance, common = _variances(output, total("squares"), total("traces"), scale, moves == "scales")
    noise, noise_dof = _noise_law(batches, parts, output, loss, scale)
    if not output.known:
        new = replace(new, loading_variance=_loading_variance(output, loadings, information))
    return replace(new, variance=variance, noise=max(noise, _FLOOR), noise_dof=noise_dof, common=common)


def _noise_law(batches: Sequence[Any], parts: Any, output: Output, loss: Likelihood, scale: Any) -> tuple[float, float]:
    """The noise that tasks have in common and the degrees of freedom of its law (`noise`): inf where they do not differ.

    The tasks' own estimates are moved together, so that their total takes the step of Fisher scoring.
    """
    counts = np.concatenate([batch.counts for batch in batches])
    square, left = (np.concatenate(part) for part in zip(*(part.misfit for part in parts), strict=True))
    if not loss.quadratic:
        ratio = (counts @ square) / max(counts @ left, _FLOOR)
        return float(np.sqrt(output.noise * ratio)) if loss.dispersed else output.noise, np.inf
    own = np.concatenate([part.noise for part in parts])
    variance = scale[2] * (counts @ left) / max(counts @ (square / own), _FLOOR) * square / left
    if output.own_noise:
        common, dof = fit_noise(np.maximum(variance, _FLOOR), left, counts)
        if np.isfinite(dof):
            return float(common), float(dof)
    return float(counts @ (variance * left) / max(counts @ left, _FLOOR)), np.inf


def _own_noise(part: _Part, output: Output, loss: Likelihood) -> Array:
    """Every task's own noise ``(b,)``, drawn to the law."""
    if not loss.quadratic:
        return np.full(len(part.noise), output.noise)
    square, left = part.misfit
    return squeeze_noise(np.maximum(square / left, _FLOOR), left, output.noise, output.noise_dof)


def _scale_step(output: Output, slopes: Array, fisher: Array) -> Array:
    """Factors by which one step of Fisher scoring multiplies the scales, tied as they are to what was expected."""
    n = len(slopes)
    off = np.log(output.scales[:n] / output.expected_scales[:n])
    step = solve(definite(fisher) + np.eye(n) / SCALE_SPREAD**2, slopes - off / SCALE_SPREAD**2)
    return np.exp(np.clip(step, -SCALE_SPREAD, SCALE_SPREAD))


def _variances(output: Output, squares: Array, traces: Array, scale: Any, equal: bool) -> tuple[Any, ...]:
    """The next variances and the common one that they are drawn to."""
    D, new, slopes = output.variance, output.variance.copy(), output.slopes
    common = output.common * scale[0]
    if not equal:
        held = output.pseudo_tasks
        share = _solve_variance(D**2 * squares + held * output.common, traces, held)[slopes]
        weight = traces[slopes]
        new[slopes] = share * (D[slopes] @ weight / max(share @ weight, TINY))
        seen = new[slopes] * weight
        common = float(seen @ new[slopes] / max(seen.sum(), TINY)) * scale[0]
    new[slopes] *= scale[0]
    new[-1] *= scale[1]
    return np.maximum(new, _FLOOR), common


def _solve_variance(scatter: Array, trace: Array, n_pseudo: float) -> Array:
    """The positive root ``D`` of ``trace D^2 + n_pseudo D = scatter``."""
    return 2.0 * scatter / (n_pseudo + np.sqrt(n_pseudo**2 + 4.0 * trace * scatter))


def _loading_variance(output: Output, loadings: Array, information: Array) -> Array:
    """Prior variances of the loadings: each column's slopes together, and the effects (MacKay's fixed point)."""
    variance = output.loading_variance.copy()
    for own in (slice(output.n_effects), output.slopes):
        before, told = variance[own], information[own]
        gained = (told / (1.0 / before + told)).sum(axis=0)
        square = ((loadings - output.centre)[own] ** 2).sum(axis=0)
        factor = square / np.maximum(gained * before.sum(axis=0) / max(len(before), 1), TINY)
        variance[own] = np.maximum(before * factor, 1e-12)
    return variance


def next_loadings(batches: Sequence[Any], parts: Any, output: Output, gradient: Array, information: Array) -> Array:
    """One penalised Newton step of the loadings, rescaled so that the scores have variance one."""
    precision = 1.0 / output.loading_variance

    def product(V: Array) -> Array:
        pairs = zip(batches, parts, strict=True)
        return sum(b.collect(part.operator @ (b.times(V) @ part.moments)) for b, part in pairs) + precision * V

    target = gradient - precision * (output.loadings - output.centre)
    loadings = output.loadings + conjugate_gradients(product, target, precision + information)
    if output.rank:
        counts = np.concatenate([batch.counts for batch in batches])
        spread = np.tensordot(counts, np.concatenate([part.moments[:, 1:, 1:] for part in parts]), 1) / counts.sum()
        loadings[:, 1:] = loadings[:, 1:] @ cholesky(spread)
    return loadings


def conjugate_gradients(product: Any, target: Array, diagonal: Array) -> Array:
    """``V`` with ``product(V) = target``, symmetric positive definite, preconditioned by its ``diagonal``."""
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
