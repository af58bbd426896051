r"""Posteriors under a mixture of Gaussian components, each weighed by the evidence of a task's own rows.

.. math:: p(w | y) = \sum_c \omega_c \, p(w | y, c), \quad \omega_c \propto \pi_c \, p(y | c)

A prior that the rows contradict fades without a threshold. A task is of one component in all of its outputs. Whether it
is of a component is judged at strength one: it does not depend on how much is borrowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.components import Component, own_variances
from skmeta._inference.laplace import laplace_columns, laplace_rows
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import cholesky, triangular_inverse
from skmeta._inference.moments import Moments, Rows, collect_moments
from skmeta._inference.posterior_columns import ColumnPosterior
from skmeta._inference.posterior_rows import RowPosterior, row_batches
from skmeta._inference.stack import Stack
from skmeta._inference.threads import blocks_of, run

Array = NDArray[np.float64]

_BLOCK = 1024  # tasks whose matrices of the columns are held at once
_RULE_OF_THREE = 3.0  # unlike tasks that may be met though none was


@dataclass(frozen=True, eq=False)
class Mixture:
    """Components of every output, ``components[k][c]``, and their probabilities ``weights (C,)``.

    ``without_rows (C,)`` are those for a task without rows; None for the same.
    """

    components: Sequence[Sequence[Component]]
    weights: Array
    likelihood: Likelihood
    without_rows: Array | None = None

    @property
    def unseen(self) -> Array:
        """Probabilities ``(C,)`` for a task without rows."""
        return self.weights if self.without_rows is None else self.without_rows

    @cached_property
    def stacks(self) -> list[Stack]:
        """The components of each output as a batch."""
        return [Stack(output) for output in self.components]

    @cached_property
    def log_weights(self) -> Array:
        """Their logarithms; a component of weight zero is none."""
        with np.errstate(divide="ignore"):
            found: Array = np.log(self.weights)
        return found

    @property
    def shape(self) -> tuple[int, int, int]:
        """Numbers of components, outputs and coefficients."""
        return len(self.weights), len(self.components), self.components[0][0].mean.shape[-1]

    def weigh(self, log_evidence: Array, n_rows: Array) -> Array:
        """Bayes' rule: weights ``(n_tasks, C)``."""
        logs = log_evidence + self.log_weights
        weights = np.exp(logs - logs.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        return np.where(n_rows[:, None] > 0, weights, self.unseen)


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of ``n_tasks`` tasks after their own rows.

    ``coef (n_tasks, K, p)``; ``weights (n_tasks, C)`` and ``log_evidence (n_tasks, C)`` of the components; ``noise
    (n_tasks, C, K)`` under each of them. Where columns were worked with, ``moments`` are the statistics of every output. Of
    other likelihoods than squared error's the modes under each component are kept: by columns ``modes (n_tasks, C, K, p)``,
    by rows the ``duals (n, C, K)`` of the rows of the table.
    """

    coef: Array
    weights: Array
    noise: Array
    log_evidence: Array
    moments: list[Moments] | None = field(default=None, repr=False)
    modes: Array | None = field(default=None, repr=False)
    duals: Array | None = field(default=None, repr=False)

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"moments": None}  # they can be made again, and are larger than all else

    @property
    def expected_noise(self) -> Array:
        """One noise of every task and output ``(n_tasks, K)``: the geometric mean over the components."""
        return np.exp(np.einsum("tc,tck->tk", self.weights, np.log(self.noise)))


def work_by_rows(rows: Rows, mixture: Mixture) -> bool:
    r"""Whether matrices of rows by rows are cheaper than those of columns by columns: of cost, never of meaning.

    Multiplications for a task of :math:`n` rows and :math:`p` columns, with :math:`J` nodes of :math:`G` laws:
    :math:`G n^2 p + 3 J n^3` by rows, where factors are inverted too, and :math:`n p^2 + (G + J) p^3` by columns. What
    stays sparse is never centred. Laws of each task's own are worked with by columns.
    """
    n, p = np.diff(rows.starts).astype(float), float(rows.width)
    G, J = len(mixture.stacks[0].laws), len(mixture.stacks[0].levels)
    if any(stack.of_each_task for stack in mixture.stacks):
        return False
    by_rows = (G * n**2 * p + 3.0 * J * n**3).sum()
    by_columns = (n * p**2 + (G + J) * p**3).sum()
    return bool(by_rows < by_columns)


def posterior(
    rows: Rows,
    mixture: Mixture,
    strength: Array,
    *,
    n_jobs: int = 1,
    collect: Callable[[Rows], Moments] = collect_moments,
) -> Posterior:
    """`Posterior` of every task, the prior of each output ``strength (K,)`` times as strong as learned.

    ``collect(rows)`` makes their `Moments`, or has them already.
    """
    if not mixture.likelihood.quadratic:
        return _laplace(rows, mixture, float(strength[0]))
    if work_by_rows(rows, mixture):
        parts = ((batch.tasks, _row_solvers(batch, mixture, strength)) for batch in row_batches(rows))
        return _collected(rows.n_tasks, mixture, ((tasks, _solved(s, mixture)) for tasks, s in parts))
    collected = collect(rows)
    moments = [collected.output(k) for k in range(mixture.shape[1])]

    def job(block: slice) -> tuple[NDArray[np.intp], Posterior]:
        return np.arange(rows.n_tasks)[block], _solved(_column_solvers(moments, block, mixture, strength), mixture)

    return _collected(rows.n_tasks, mixture, run(job, blocks_of(rows.n_tasks, _BLOCK), n_jobs), moments)


def _row_solvers(batch: Any, mixture: Mixture, strength: Array) -> list[RowPosterior]:
    pairs = zip(mixture.stacks, strength, strict=True)
    return [RowPosterior(batch, batch.Y[..., k], stack, s) for k, (stack, s) in enumerate(pairs)]


def _column_solvers(moments: list[Moments], block: Any, mixture: Mixture, strength: Array) -> list[ColumnPosterior]:
    parts = zip(moments, mixture.stacks, strength, strict=True)
    return [ColumnPosterior(part.take(block), stack.of_tasks(block), s) for part, stack, s in parts]


def _solved(solvers: Sequence[Any], mixture: Mixture) -> Posterior:
    """`Posterior` of the tasks of one block, from what was solved for each output."""
    n_rows = solvers[0].n_rows
    logs = [s.stack.log_density(n_rows, s.logdet, s.misfit, s.has_intercept) for s in solvers]
    evidence = np.stack(
        [np.logaddexp.reduceat(log, s.stack.starts, axis=1) for log, s in zip(logs, solvers, strict=True)]
    )
    weights = mixture.weigh(evidence.sum(axis=0), n_rows)
    coef, noise = [], []
    for solver, log, own in zip(solvers, logs, evidence, strict=True):
        owner = solver.stack.owner
        inside = np.exp(log - own[:, owner])  # the probability of a node, given its component
        coef.append(solver.means(weights[:, owner] * inside))
        logarithm = inside * np.log(solver.stack.expected_noise(n_rows, solver.misfit))
        noise.append(np.exp(np.add.reduceat(logarithm, solver.stack.starts, axis=1)))
    return Posterior(np.stack(coef, axis=1), weights, np.stack(noise, axis=2), evidence.sum(axis=0))


def _collected(n_tasks: int, mixture: Mixture, parts: Any, moments: list[Moments] | None = None) -> Posterior:
    """One `Posterior` of the tasks of several blocks."""
    n_components, n_outputs, p = mixture.shape
    whole = Posterior(
        np.empty((n_tasks, n_outputs, p)),
        np.empty((n_tasks, n_components)),
        np.empty((n_tasks, n_components, n_outputs)),
        np.empty((n_tasks, n_components)),
        moments,
    )
    for tasks, part in parts:
        for name in ("coef", "weights", "noise", "log_evidence"):
            getattr(whole, name)[tasks] = getattr(part, name)
    return whole


def _laplace(rows: Rows, mixture: Mixture, strength: float) -> Posterior:
    """Modes under each component, weighed by Laplace's evidence."""
    solve = laplace_rows if work_by_rows(rows, mixture) else laplace_columns
    evidence, means, modes, duals = solve(rows, mixture.components, mixture.likelihood, strength)
    counts = rows.n_rows
    weights = mixture.weigh(evidence, counts)
    level = np.array([[c.noise.centre for c in output] for output in mixture.components]).T
    noise = np.broadcast_to(level, (rows.n_tasks, *level.shape)).copy()
    return Posterior(means(weights), weights, noise, evidence, modes=modes, duals=duals)


def node_weights(solver: Any, weights: Array) -> Array:
    """Weights ``(n_tasks, J)`` of the nodes, from those of the components ``(n_tasks, C)``."""
    stack = solver.stack
    log = stack.log_density(solver.n_rows, solver.logdet, solver.misfit, solver.has_intercept)
    own = np.logaddexp.reduceat(log, stack.starts, axis=1)
    return weights[:, stack.owner] * np.exp(log - own[:, stack.owner])


def posterior_covariances(
    moments: Moments, stack: Stack, strength: float, weights: Array, tasks: NDArray[np.intp]
) -> Iterator[Array]:
    """Covariances ``(p, p)`` of the coefficients of some tasks, one after the other, made by the block."""
    for block in blocks_of(len(tasks), _BLOCK):
        solver = ColumnPosterior(moments.take(tasks[block]), stack.of_tasks(tasks[block]), strength)
        yield from solver.covariances(node_weights(solver, weights[tasks[block]]))


def laplace_covariances(
    expanded: Sequence[Moments], components: Sequence[Component], strength: float, modes: Array, weights: Array
) -> Array:
    """Covariances ``(n_tasks, p, p)`` of one output under a mixture of Laplace's Gaussians.

    ``expanded`` are the working responses at the modes ``(n_tasks, C, p)`` of each component.
    """
    off = (modes - np.einsum("tc,tcp->tp", weights, modes)[:, None]) * np.sqrt(weights)[..., None]
    found: Array = np.swapaxes(off, 1, 2) @ off
    for c, (moments, component) in enumerate(zip(expanded, components, strict=True)):
        found += weights[:, c, None, None] * component_covariances([moments], [component], strength)[:, 0]
    return found


def component_covariances(moments: Sequence[Moments], components: Sequence[Component], strength: float) -> Array:
    """Covariances ``(n_tasks, K, p, p)`` of outputs under one component, from working responses around its modes."""
    root, level = np.stack([each.root for each in components]), np.array([each.noise.centre for each in components])
    turned, gram = np.swapaxes(root, 1, 2), np.stack([each.gram for each in moments], axis=1)
    information = turned @ gram @ root / level[:, None, None] + strength * np.eye(root.shape[2])
    half = triangular_inverse(cholesky(information)) @ turned
    found: Array = np.swapaxes(half, 2, 3) @ half
    return found


def log_evidence_of_moments(moments: Moments, components: Sequence[Component]) -> Array:
    """``log p(y_t | c)`` of every task of one output under every component ``(n_tasks, C)``, by columns."""
    return _log_evidence(ColumnPosterior(moments, Stack(components)))


def log_evidence_of_batch(batch: Any, y: Array, components: Sequence[Component], n_rows: Array | None = None) -> Array:
    """The same by rows, of a batch of them and one output ``y (b, n)``; ``n_rows (b,)`` where the batch does not know them."""
    return _log_evidence(RowPosterior(batch, y, Stack(components), n_rows=n_rows))


def _log_evidence(solver: Any) -> Array:
    logs = solver.stack.log_density(solver.n_rows, solver.logdet, solver.misfit, solver.has_intercept)
    return np.logaddexp.reduceat(logs, solver.stack.starts, axis=1)


def assumed_tasks(n_components: int, n_own: int = 1) -> Array:
    """How many tasks of each component ``(C,)`` are assumed to have been met before any: one, of own penalties three.

    As often as that may slopes be unlike the others' though no task's looked so: the 95 % bound is ``3 / n_tasks``
    (Hanley and Lippman-Hand, 1983, JAMA 249). The components with an estimator's own penalty are the last ``n_own``.
    """
    return np.r_[np.ones(n_components - n_own), np.full(n_own, _RULE_OF_THREE / n_own)]


def learn_weights(
    log_evidence: Array, counts: Array | None = None, known: Array | None = None, n_iter: int = 50
) -> Array:
    """How often held-out tasks were of each component ``(C,)``: EM for a mixture.

    ``log_evidence (n_tasks, C)`` are log-probabilities of the tasks, which count ``counts (n_tasks,)`` times (None: once);
    so many of each component are ``known`` already ``(C,)``; None for `assumed_tasks`, the last of them vague.
    """
    known = assumed_tasks(log_evidence.shape[1]) if known is None else known
    counts = np.ones(len(log_evidence)) if counts is None else counts
    n_tasks = counts.sum()
    total = n_tasks + known.sum()
    weights = np.r_[n_tasks + known[0], known[1:]] / total
    odds = np.exp(np.clip(log_evidence - log_evidence.max(axis=1, keepdims=True), -700.0, 0.0))
    for _ in range(n_iter):
        belongs = odds * weights
        belongs /= belongs.sum(axis=1, keepdims=True)
        weights = (counts @ belongs + known) / total
    return weights


def weights_by_use(often: Array, use: float, likelihood: Likelihood) -> Array:
    """How often a task is of each component ``(C,)``, the learned law being of use with a probability (`explained`).

    If it is, as ``often (C,)`` as held-out tasks were (`learn_weights`). If it is not, no slope is as learned. What held-out
    tasks said of levels stays: as many as were intercept outliers or vague are vague, the others, noise outliers too, are
    slope outliers; of other likelihoods than squared error's, all are vague.
    """
    weights, n_vague = use * often, len(own_variances(likelihood))
    vague = often[1] + often[-1] if likelihood.quadratic else 1.0
    weights[-n_vague:] += (1.0 - use) * vague / n_vague
    if likelihood.quadratic:
        weights[-2] += (1.0 - use) * (1.0 - vague)
    return weights


def weights_of_use(weights: Array, use: float, likelihood: Likelihood) -> Array:
    """How often a task is of each component ``(C,)`` if the law is of use: `weights_by_use` undone."""
    often, n_vague = weights / use, len(own_variances(likelihood))
    if likelihood.quadratic:
        often[-1] = weights[-1] - (1.0 - use) * often[1]
        often[-2] = 1.0 - often[:-2].sum() - often[-1]
    else:
        often[-n_vague:] -= (1.0 - use) / (use * n_vague)
    often = np.maximum(often, 0.0)  # weights may have been changed by hand
    return often / often.sum()
