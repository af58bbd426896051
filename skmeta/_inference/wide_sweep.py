"""One sweep over wide tasks: from what is believed of their coefficients to what should be believed next.

``w_t = L (1, s_t) + e_t`` with loadings ``L = [mean, factor]``, scores ``s_t ~ N(0, I)`` and ``e_t ~ N(0, diag(D))``.
A sweep finds every task's mode in the dual and then moves

* the columns' shares of ``D`` by how large the tasks' gradients are against what they should be, a minorise-maximise
  step (Zhou, Hu, Zhou and Lange, 2019, JCGS 28, equation 6), each column drawn to the common variance;
* the scales of ``D`` and of the noise by one step of Fisher scoring on Laplace's evidence;
* the loadings by a penalised Newton step, solved by conjugate gradients without any matrix of the columns.

Each task is judged by what the *other* tasks say of the loadings: their uncertainty, taken column by column, counts as
variance of the task, and the gradient at the common mode is that of a mean that never saw the task (REML).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from skmeta._inference.dual import DualProblem, along, evidence_slopes
from skmeta._inference.linalg import symmetrize
from skmeta._inference.threads import run

_STRENGTH = 2.0  # pseudo-tasks of the common variance
_STEPS = 2  # of expectation propagation in a sweep: the next one moves on
_TIGHT = 1.0  # prior standard deviation of the logarithm of a scale
_LONGEST = 1.0  # step of the logarithm of a scale
_SOME = 1024  # tasks whose gradients suggest factors
_CG = 30
_CG_TOL = 1e-3
_FLOOR = 1e-10


@dataclass(frozen=True, eq=False)
class Output:
    """What is believed of one output: ``loadings (p, 1 + k)``, ``variance (p,)``, ``noise``.

    ``reach (p, 1 + k)`` is the prior variance of the loadings around ``centre (p, 1 + k)``, ``common`` the variance of
    slopes of which nothing is known, ``information (p, 1 + k)`` what the tasks said of the loadings. ``anchor (3,)`` is
    what to expect of the `scales`; ``steady`` keeps the reach as it is. ``shares`` has, for each batch, its cells' parts
    of the information and the second moments ``(b, 1 + k)`` of the scores.
    """

    loadings: np.ndarray
    variance: np.ndarray
    noise: float
    reach: np.ndarray
    centre: np.ndarray
    common: float
    information: np.ndarray
    anchor: np.ndarray
    steady: bool = False
    shares: list | None = None

    @property
    def rank(self):
        return self.loadings.shape[1] - 1

    @property
    def scales(self):
        """The common variance, the intercept's, and the noise."""
        return np.array([self.common, self.variance[-1], self.noise])


@dataclass(frozen=True, eq=False)
class State:
    """One `Output` each, and for every batch its modes' duals and the curvature and pull of its rows' Gaussians."""

    outputs: list
    rows: list

    @property
    def noise(self):
        return np.array([output.noise for output in self.outputs])


@dataclass(frozen=True, eq=False)
class _Part:
    """What one batch says of one output: see `_speak`."""

    squares: np.ndarray
    traces: np.ndarray
    slopes: np.ndarray
    fisher: np.ndarray
    misfit: np.ndarray
    gradient: np.ndarray
    information: np.ndarray
    operator: np.ndarray
    moments: np.ndarray
    share: tuple


def sweep(batches, state, loss, *, moves, n_jobs=1):
    """The next `State`; what ``moves``: "loadings" alone, the "scales" of variances as well, or all "columns" of them."""
    found = run(lambda i: _expect(batches[i], i, state, loss), range(len(batches)), n_jobs)
    parts = [[both[1][k] for both in found] for k in range(len(state.outputs))]
    outputs = [_maximise(batches, part, output, loss, moves) for part, output in zip(parts, state.outputs, strict=True)]
    return State(outputs, [rows for rows, _ in found])


# Expectation ----------------------------------------------------------------------------------------


def _expect(batch, i, state, loss):
    """What to remember of the rows of one batch, and a `_Part` of each output."""
    U = np.stack([batch.times(output.loadings[:, 1:]) for output in state.outputs], axis=1)
    own = np.stack([batch.kernel(batch.spread(output.variance)) for output in state.outputs], axis=1)
    unsure = np.stack([batch.kernel(_unsure(batch, i, output)) for output in state.outputs], axis=1)
    offset = batch.times(np.stack([output.loadings[:, 0] for output in state.outputs], axis=1))
    problem = DualProblem(loss, batch.Y, batch.weight, state.noise, offset, own + U @ np.swapaxes(U, 2, 3))
    bell, alone, judged = _settle(problem, unsure, state.rows[i])
    dual, marginal = bell.dual, judged.dual
    scales = [
        _scales(batch, alone, judged, k, marginal.block(k), own[:, k], out) for k, out in enumerate(state.outputs)
    ]
    parts = []
    for k, scale in enumerate(scales):
        P = marginal.block(k)
        moments, push = _scores(dual.block(k), U[:, k], bell.a[..., k])
        trace = batch.diagonal(P)
        square = np.diagonal(moments, axis1=1, axis2=2)
        share = [trace * batch.spread_tasks(square[:, j]) for j in range(square.shape[1])]
        parts.append(
            _Part(
                batch.total(batch.cells(judged.a[..., k]) ** 2),
                batch.total(trace),
                scale[0],
                scale[1],
                _misfit(alone, judged, k, P),
                batch.collect(push),
                np.stack([batch.total(cells) for cells in share], axis=1),
                _without_factor(dual.blocks[:, k], U[:, k]),
                moments,
                (share, square),
            )
        )
    return (bell.a, bell.curvature, bell.pull), parts


def _settle(problem, unsure, before):
    """The `Bell` of a batch at the common loadings, and the problem and `Bell` of tasks that did not help to find them.

    What a task itself did to the mean is ``unsure a``: without it, and with the others' uncertainty as variance, the
    posterior is the same, but now rows can be judged by what was expected of them.
    """
    if before is None or problem.modal:
        bell = problem.mode(None if before is None else before[0], n_steps=10, tol=1e-6)
    else:
        bell = problem.around(*before[1:])
    alone = replace(problem, kernel=problem.kernel + unsure, offset=problem.offset - along(unsure, bell.a))
    if problem.modal:
        return bell, alone, replace(bell, dual=alone.inverse(bell.curvature))
    judged = alone.matched(alone.around(bell.curvature, bell.pull), n_steps=_STEPS)
    return problem.around(judged.curvature, judged.pull), alone, judged


def _unsure(batch, i, output):
    """What the other tasks leave open of the loadings, as a variance of every cell."""
    precision = 1.0 / output.reach
    if output.shares is None:
        return batch.spread(output.reach.sum(axis=1))
    share, square = output.shares[i]
    open_ = precision + output.information
    return sum(
        batch.spread_tasks(square[:, j]) / np.maximum(batch.spread(open_[:, j]) - cells, batch.spread(precision[:, j]))
        for j, cells in enumerate(share)
    )


def _scales(batch, alone, judged, k, P, own, output):
    """Gradient and information of the evidence in the logarithms of three scales: slopes, intercept, noise."""
    ones = batch.times(np.eye(1, len(output.variance), len(output.variance) - 1).T)[..., 0]
    level = output.variance[-1] * ones[:, :, None] * ones[:, None, :]
    kernels = [own - level, level, *alone.noise_kernel(k)]
    slopes, fisher = evidence_slopes(P, judged.a[..., k], [], kernels)
    alone.add_repetitions(slopes, fisher)
    return slopes, fisher


def _scores(C, U, a):
    """Second moments of ``(1, s_t)`` and what pushes the loadings ``(b, n, 1 + k)``."""
    s = np.einsum("bnk,bn->bk", U, a)
    reach = C @ U
    moments = np.empty((len(s), s.shape[1] + 1, s.shape[1] + 1))
    moments[:, 0, 0], moments[:, 0, 1:], moments[:, 1:, 0] = 1.0, s, s
    moments[:, 1:, 1:] = np.eye(s.shape[1]) - np.swapaxes(U, 1, 2) @ reach + s[:, :, None] * s[:, None, :]
    return moments, np.concatenate([a[..., None], a[..., None] * s[:, None, :] - reach], axis=2)


def _without_factor(E, U):
    """``(K - UU' + W^-1)^-1`` from ``E = (K + W^-1)^-1``."""
    if not U.shape[2]:
        return E
    reach = E @ U
    inner = symmetrize(np.eye(U.shape[2]) - np.swapaxes(U, 1, 2) @ reach)
    return E + reach @ np.linalg.solve(inner, np.swapaxes(reach, 1, 2))


def _misfit(problem, mode, k, P):
    """Pearson's statistic and the degrees of freedom that are left for it."""
    mean = problem.loss.mean(mode.eta)
    square = (
        problem.weight * ((problem.Y - mean) ** 2 / np.maximum(problem.loss.variance_function(mean), _FLOOR))[..., k]
    )
    real, curvature = problem.weight > 0, mode.curvature[..., k]
    left = np.diagonal(P, axis1=1, axis2=2) / np.where(real, curvature, 1.0) + problem.weight - 1.0
    return np.array([square.sum(), max(left[real].sum(), _FLOOR)])


# Maximisation ---------------------------------------------------------------------------------------


def _maximise(batches, parts, output, loss, moves):
    """The next `Output` from what all batches say of it."""

    def total(name):
        return sum(getattr(part, name) for part in parts)

    information = total("information")
    loadings = _loadings(batches, parts, output, total("gradient"), information)
    new = replace(output, loadings=loadings, information=information, shares=[part.share for part in parts])
    if moves == "loadings":
        return new
    scale, misfit = _scale_step(output, total("slopes"), total("fisher")), total("misfit")
    variance, common = _variances(output, total("squares"), total("traces"), scale, moves == "scales")
    noise = output.noise
    if loss.quadratic:
        noise = noise * scale[2]
    elif loss.dispersed:
        noise = np.sqrt(noise * misfit[0] / misfit[1])
    reach = output.reach if output.steady else _reach(output, loadings, information)
    return replace(new, variance=variance, noise=max(float(noise), _FLOOR), reach=reach, common=common)


def _scale_step(output, slopes, fisher):
    """Factors by which one step of Fisher scoring multiplies the scales, tied as they are to what was expected."""
    n = len(slopes)
    off = np.log(output.scales[:n] / output.anchor[:n])
    step = np.linalg.solve(fisher + np.eye(n) / _TIGHT**2, slopes - off / _TIGHT**2)
    return np.exp(np.clip(step, -_LONGEST, _LONGEST))


def _variances(output, squares, traces, scale, equal):
    """The next variances and the common one that they are drawn to."""
    D, new = output.variance, output.variance.copy()
    common = output.common * scale[0]
    if not equal:
        share = _solve_variance(D**2 * squares + _STRENGTH * output.common, traces, _STRENGTH)[:-1]
        weight = traces[:-1]
        new[:-1] = share * (D[:-1] @ weight / max(share @ weight, 1e-300))
        seen = new[:-1] * weight
        common = float(seen @ new[:-1] / max(seen.sum(), 1e-300)) * scale[0]
    new[:-1] *= scale[0]
    new[-1] *= scale[1]
    return np.maximum(new, _FLOOR), common


def _solve_variance(scatter, trace, n_pseudo):
    """The positive root ``D`` of ``trace D^2 + n_pseudo D = scatter``."""
    return 2.0 * scatter / (n_pseudo + np.sqrt(n_pseudo**2 + 4.0 * trace * scatter))


def _reach(output, loadings, information):
    """Prior variances of the loadings, each column's slopes together (MacKay's fixed point)."""
    slopes = output.reach[:-1]
    gained = (information[:-1] / (1.0 / slopes + information[:-1])).sum(axis=0)
    square = ((loadings - output.centre)[:-1] ** 2).sum(axis=0)
    factor = square / np.maximum(gained * slopes.mean(axis=0), 1e-300)
    reach = output.reach.copy()
    reach[:-1] = np.maximum(slopes * factor, 1e-12)
    return reach


def _loadings(batches, parts, output, gradient, information):
    """One penalised Newton step of the loadings, rescaled so that the scores have variance one."""
    precision = 1.0 / output.reach

    def product(V):
        pairs = zip(batches, parts, strict=True)
        return sum(b.collect(part.operator @ (b.times(V) @ part.moments)) for b, part in pairs) + precision * V

    target = gradient - precision * (output.loadings - output.centre)
    loadings = output.loadings + conjugate_gradients(product, target, precision + information)
    if output.rank:
        n_tasks = sum(len(part.moments) for part in parts)
        spread = sum(part.moments[:, 1:, 1:].sum(axis=0) for part in parts) / n_tasks
        loadings[:, 1:] = loadings[:, 1:] @ np.linalg.cholesky(spread)
    return loadings


def add_factors(batches, state, loss, rank, *, n_jobs=1):
    """A `State` with new factors, along which the tasks' gradients agree more than independent columns would.

    Their agreements are one small matrix of tasks by tasks, whose leading vectors are a first guess of the scores.
    """
    found = run(lambda i: _expect(batches[i], i, state, loss), range(len(batches)), n_jobs)
    outputs = []
    for k, output in enumerate(state.outputs):
        duals, parts = [rows[0][..., k] for rows, _ in found], [both[1][k] for both in found]
        scores = _agreements(batches, duals, parts, output.variance, rank - output.rank)
        wider = _widened(output, scores[0].shape[1])
        parts = [_scored(*each) for each in zip(batches, duals, parts, scores, strict=True)]
        gradient, information = (sum(getattr(part, name) for part in parts) for name in ("gradient", "information"))
        outputs.append(replace(wider, loadings=_loadings(batches, parts, wider, gradient, information)))
    return State(outputs, [rows for rows, _ in found])


def _agreements(batches, duals, parts, variance, rank):
    """First scores ``(b, rank)`` of every batch's tasks; those of tasks that say little are zero."""
    root, tables, expected = np.sqrt(variance), [], []
    for batch, a, part in zip(batches, duals, parts, strict=True):
        tables.append(batch.table(batch.cells(a) * batch.spread(root)))
        expected.append(batch.table(part.share[0][0] * batch.spread(variance)).sum(axis=1))
    table = (sparse.vstack if sparse.issparse(tables[0]) else np.concatenate)(tables)
    said = np.concatenate(expected)
    loud = np.sort(np.argsort(-said, kind="stable")[:_SOME])
    agreements = table[loud] @ table[loud].T
    agreements = agreements.toarray() if sparse.issparse(agreements) else agreements
    _, vectors = np.linalg.eigh(agreements - np.diag(said[loud]))
    scores = np.zeros((len(said), rank))
    scores[loud] = np.sqrt(len(loud)) * vectors[:, ::-1][:, :rank]
    return np.split(scores, np.cumsum([len(batch.tasks) for batch in batches])[:-1])


def _widened(output, n_new):
    nothing = np.zeros((len(output.variance), n_new))
    reach = np.repeat(output.variance[:, None] / n_new, n_new, axis=1)
    return replace(
        output,
        loadings=np.concatenate([output.loadings, nothing], axis=1),
        reach=np.concatenate([output.reach, reach], axis=1),
        centre=np.concatenate([output.centre, nothing], axis=1),
        information=np.concatenate([output.information, nothing], axis=1),
        shares=None,
    )


def _scored(batch, a, part, scores):
    """A batch's part in the loadings' step if the new scores were known."""
    known = np.concatenate([part.moments[:, 0], scores], axis=1)
    return replace(
        part,
        gradient=batch.collect(a[..., None] * known[:, None, :]),
        information=np.stack([batch.total(part.share[0][0] * batch.spread_tasks(s**2)) for s in known.T], axis=1),
        moments=known[:, :, None] * known[:, None, :],
    )


def conjugate_gradients(product, target, diagonal):
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
