r"""Tasks in crossed groups: coefficients ``w = mu + u_f[i] + u_g[j] + ...``, one deviation of each factor's level.

All rows at a level add up, and so do those at a pair of levels: with roots ``R`` of the factors' covariances and ``u = R v``
these sums make the mixed model equations of ``(v, mu)`` (Henderson, 1975, Biometrics 31, equation 3),

.. math:: A = \begin{pmatrix} I + R^\top G R / \sigma^2 & R^\top G / \sigma^2 \\ G R / \sigma^2 & G / \sigma^2 \end{pmatrix} .

The levels of one factor have no entries in common, so the factor with most coefficients is eliminated block by block; of the
others and the mean a dense Schur complement remains.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import cholesky, lapack, solve_triangular

from skmeta._inference.gaussian_em import NOISE_FLOOR
from skmeta._inference.joint import Joint
from skmeta._inference.levels import LawT, LevelsLaw
from skmeta._inference.linalg import cholesky as cholesky_of_blocks
from skmeta._inference.linalg import cholesky_root, diagonal, spd_inverse, symmetrize, times, triangular_inverse
from skmeta._inference.messages import Beliefs
from skmeta._inference.moments import Moments
from skmeta._inference.tree import HELD

Array = NDArray[Any]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Sums:
    """What the rows at some levels, or pairs of levels, say: ``gram (n, p, p)``; ``cross (n, p)`` of levels alone.

    Pairs are of the level ``first`` of one factor and ``second`` of another ``(n,)``.
    """

    gram: np.ndarray
    cross: np.ndarray
    first: Codes
    second: Codes


class CrossedModel:
    """The ``tasks`` of one output (`in_columns.InColumns`), and the level ``codes[f] (n_tasks,)`` of each in every factor.

    ``n_levels`` says how many levels each factor has. A task counts as its rows do: it has no deviation of its own.
    """

    def __init__(self, tasks: Any, codes: tuple[Codes, ...], n_levels: tuple[int, ...]) -> None:
        self.tasks, self.codes, self.n_levels = tasks, codes, n_levels
        moments, often = tasks.moments, tasks.counts
        flat = moments.gram.reshape(tasks.n_tasks, -1)
        self.total, self.cross = (often @ flat).reshape(moments.gram.shape[1:]), often @ moments.cross
        self.square, self.n_rows = float(often @ moments.square), float(often @ moments.n_rows)
        self.levels = [self._sums(code, np.zeros_like(code), n, 1) for code, n in zip(codes, n_levels, strict=True)]
        n = len(codes)
        pairs = [(f, g) for f in range(n) for g in range(n) if f < g]
        self.pairs = {(f, g): self._sums(codes[f], codes[g], n_levels[f], n_levels[g]) for f, g in pairs}

    def _sums(self, first: Codes, second: Codes, n_first: int, n_second: int) -> Sums:
        keys, place = np.unique(first * n_second + second, return_inverse=True)
        add, moments = self._adding(place.ravel(), len(keys)), self.tasks.moments
        gram = (add @ moments.gram.reshape(len(first), -1)).reshape(len(keys), *moments.gram.shape[1:])
        return Sums(gram, add @ moments.cross, keys // n_second, keys % n_second)

    def _adding(self, place: Codes, n: int) -> sparse.csr_array:
        return sparse.csr_array((self.tasks.counts, (place, np.arange(len(place)))), shape=(n, len(place)))

    def adding(self, f: int) -> sparse.csr_array:
        """Adds what the tasks have to their levels in a factor, ``(n_f, n_tasks)``."""
        return self._adding(self.codes[f], self.n_levels[f])

    @property
    def counts(self) -> list[float]:
        """How many levels each factor has."""
        return [float(n) for n in self.n_levels]

    @property
    def informed(self) -> NDArray[np.bool_]:
        """Which of the mean's coefficients any row informs about."""
        found: NDArray[np.bool_] = diagonal(self.total) > 0.0
        return found

    def passed(self, law: LevelsLaw) -> CrossedPass:
        """The mixed model equations under a law, solved; see `levels.Model`."""
        return CrossedPass(self, law)


class CrossedPass:
    """The mixed model equations of a model under a law: what is known of the mean and of all factors (`levels.Passed`)."""

    def __init__(self, model: CrossedModel, law: LevelsLaw) -> None:
        self.model, self.law, self.roots = model, law, law.roots
        self.widths = [root.shape[1] for root in self.roots]
        sizes = [n * k for n, k in zip(model.n_levels, self.widths, strict=True)]
        self.first = int(np.argmax(sizes))
        self.rest = [f for f in range(len(sizes)) if f != self.first]
        starts = np.r_[0, np.cumsum([sizes[f] for f in self.rest])].astype(int)
        self.start = dict(zip(self.rest, starts[:-1].tolist(), strict=True))
        self.n_rest = int(starts[-1])  # where the mean's own coefficients begin
        self._solve()

    def _solve(self) -> None:
        model, noise, root = self.model, self.law.noise, self.roots[self.first]
        own = model.levels[self.first]
        blocks = np.eye(root.shape[1]) + root.T @ own.gram @ root / noise
        lower = cholesky_of_blocks(blocks)
        self.half = triangular_inverse(lower)
        self.coupling = self._coupling()
        pull = (self.half @ (own.cross @ root / noise)[..., None]).ravel()
        parts = [(model.levels[f].cross @ self.roots[f] / noise).ravel() for f in self.rest]
        whole = self._of_the_rest() - (self.coupling.T @ self.coupling).toarray()
        right = np.concatenate([*parts, model.cross / noise]) - self.coupling.T @ pull
        factor = cholesky(whole, lower=True, overwrite_a=True, check_finite=False)
        solved = solve_triangular(factor, right, lower=True, check_finite=False)
        self.logdet = 2.0 * float(np.log(diagonal(lower)).sum() + np.log(np.diagonal(factor)).sum())
        self.quadratic = float(pull @ pull + solved @ solved)
        self.factor = factor
        self.others = solve_triangular(factor, solved, lower=True, trans=1, check_finite=False)
        left = (pull - self.coupling @ self.others).reshape(model.n_levels[self.first], -1, 1)
        self.eliminated = (np.swapaxes(self.half, -1, -2) @ left)[..., 0]

    def _coupling(self) -> sparse.csr_array:
        """``L^-1 B``: how the eliminated factor's levels, whitened by their blocks' factors, hang together with the rest."""
        model, noise, root, first = self.model, self.law.noise, self.roots[self.first], self.first
        whitened, rows, columns = [], [], []
        for f in self.rest:
            own, other, gram = self._pairs(first, f)
            blocks = self.half[own] @ (root.T @ gram @ self.roots[f] / noise)
            whitened.append(blocks)
            rows.append(own)
            columns.append(self.start[f] + other * self.widths[f])
        mean = self.half @ (root.T @ model.levels[first].gram / noise)
        whitened.append(mean)
        rows.append(np.arange(len(mean)))
        columns.append(np.full(len(mean), self.n_rest))
        parts = zip(whitened, rows, columns, strict=True)
        shape = (len(mean) * root.shape[1], self.n_rest + mean.shape[2])
        return sum_of_blocks([(block, row * root.shape[1], column) for block, row, column in parts], shape)

    def _pairs(self, f: int, g: int) -> tuple[Codes, Codes, Array]:
        """Levels of two factors that meet, and what their rows say."""
        if f < g:
            sums = self.model.pairs[f, g]
            return sums.first, sums.second, sums.gram
        sums = self.model.pairs[g, f]
        return sums.second, sums.first, sums.gram

    def _of_the_rest(self) -> Array:
        """The mixed model equations of the other factors and the mean ``(q, q)``."""
        model, noise, p = self.model, self.law.noise, len(self.model.cross)
        blocks = []
        for f in self.rest:
            root, width, own = self.roots[f], self.widths[f], model.levels[f].gram
            at = self.start[f] + np.arange(len(own)) * width
            blocks.append((np.eye(width) + root.T @ own @ root / noise, at, at))
            with_mean = root.T @ own / noise
            blocks += [(with_mean, at, np.full(len(at), self.n_rest))]
            for g in [g for g in self.rest if g > f]:
                ours, theirs, gram = self._pairs(f, g)
                columns = self.start[g] + theirs * self.widths[g]
                blocks.append((root.T @ gram @ self.roots[g] / noise, at[ours], columns))
        held = model.total / noise + np.diag(self.law.shrink + HELD)
        end = np.array([self.n_rest])
        upper = sum_of_blocks([*blocks, (held[None], end, end)], (self.n_rest + p,) * 2).toarray()
        upper = np.triu(upper)
        return upper + np.triu(upper, 1).T

    own_slopes = np.zeros(0)  # the law of crossed groups has no numbers of its own

    @property
    def evidence(self) -> float:
        """``log p(y)`` of all tasks, the mean's coefficients integrated out."""
        shrink, model, noise = self.law.shrink, self.model, self.law.noise
        flat = shrink <= 0.0
        known = np.log(np.where(flat, 1.0, shrink)).sum() + flat.sum() * np.log(2.0 * np.pi)
        constant = model.square / noise + model.n_rows * np.log(2.0 * np.pi * noise)
        return -0.5 * float(constant - self.quadratic + self.logdet - known)

    @cached_property
    def joint(self) -> Joint:
        """What is known of the levels of all factors and of the mean together."""
        inverse, failed = lapack.dpotri(self.factor, lower=1)
        assert failed == 0
        inverse = np.tril(inverse)
        inverse += np.tril(inverse, -1).T
        coefficients = {self.first: self.eliminated}
        for f in self.rest:
            size = self.model.n_levels[f] * self.widths[f]
            own = self.others[self.start[f] : self.start[f] + size]
            coefficients[f] = own.reshape(self.model.n_levels[f], -1)
        means = [coefficients[f] for f in range(len(self.roots))]
        return Joint(self.first, means, self.others[self.n_rest :], self.half, self.coupling, inverse)

    @property
    def coefficients(self) -> Array:
        """Expected coefficients ``(n_tasks, p)``."""
        joint, codes = self.joint, self.model.codes
        each = [joint.means[f][codes[f]] @ root.T for f, root in enumerate(self.roots)]
        return np.asarray(joint.mean + sum(each))

    @property
    def mean(self) -> Beliefs:
        """What is known of the mean of all, ``(1, p)``."""
        n = self.n_rest
        return Beliefs(self.others[None, n:], self.joint.inverse[None, n:, n:])

    @cached_property
    def squares(self) -> list[Array]:
        """The sums of ``E[v v'] (k, k)`` over the levels of each factor."""
        found = [means.T @ means for means in self.joint.means]
        doubts = [self.joint.doubts(f).sum(axis=0) for f in range(len(found))]
        return [symmetrize(square + doubt) for square, doubt in zip(found, doubts, strict=True)]

    @property
    def misfit(self) -> float:
        r"""The rows' expected squares in units of the noise, less their number.

        .. math:: E |y - Z w|^2 / \sigma^2 = y^\top y / \sigma^2 - b^\top A^{-1} b - E |v|^2 - E \mu^\top P \mu + \dim(v, \mu)
        """
        mean, held = self.mean, self.law.shrink + HELD
        determined = sum(n * k for n, k in zip(self.model.n_levels, self.widths, strict=True)) + len(held)
        square = held @ (mean.mean[0] ** 2 + np.diagonal(mean.covariance[0]))
        expected = self.model.square / self.law.noise - self.quadratic + determined - square
        return float(expected - sum(np.trace(each) for each in self.squares) - self.model.n_rows)

    def with_noise(self, law: LawT, *, shared: bool) -> LawT:
        """One noise for all tasks, whether ``shared`` or not: EM's step."""
        noise = max(law.noise * (1.0 + self.misfit / self.model.n_rows), NOISE_FLOOR)
        return replace(law, noise=noise, noise_dof=np.inf, own_noise=np.full_like(law.own_noise, noise))


def sum_of_blocks(blocks: list[tuple[Array, Codes, Codes]], shape: tuple[int, int]) -> sparse.csr_array:
    """A sparse matrix of blocks ``(n, a, b)`` whose corners are at rows and columns ``(n,)``."""
    rows, columns, values = [], [], []
    for block, row, column in blocks:
        _, a, b = block.shape
        rows.append(np.broadcast_to(row[:, None, None] + np.arange(a)[:, None], block.shape).ravel())
        columns.append(np.broadcast_to(column[:, None, None] + np.arange(b), block.shape).ravel())
        values.append(block.ravel())
    at = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return sparse.coo_array(at, shape=shape).tocsr()


# What a pass tells of the tasks -----------------------------------------------------------------------


def around_the_others(passed: CrossedPass, f: int) -> Moments:
    """The rows at each level of a factor as a task's of noise one, the other factors and the mean being as expected."""
    model, noise, n = passed.model, passed.law.noise, passed.model.n_levels[f]
    tasks, code = model.tasks, model.codes[f]
    own = (passed.joint.means[f] @ passed.roots[f].T)[code]
    score, square = tasks.moments.residual(passed.coefficients - own)

    def summed(values: Array) -> Array:
        return np.asarray(model.adding(f) @ (values.reshape(len(code), -1)))

    n_rows = summed(tasks.n_rows)[:, 0]
    constant = summed(square)[:, 0] / noise
    context = np.zeros((n, score.shape[1] - 1))
    return Moments(model.levels[f].gram / noise, summed(score) / noise, constant, n_rows, context)


def cavities(passed: CrossedPass) -> Beliefs:
    r"""What the others say of the coefficients of each task, its own rows left out.

    Of all that is known, ``N(m, V)``, its rows' statistics are taken away again, by the root ``V = L L'``:

    .. math:: V_{-t} = L (I - L^\top G_t L / \sigma^2)^{-1} L^\top, \quad m_{-t} = m - V_{-t} (c_t - G_t m) / \sigma^2
    """
    model, noise, p = passed.model, passed.law.noise, len(passed.model.cross)
    codes = dict(enumerate(model.codes))
    known = passed.joint.beliefs(passed.roots, codes, np.eye(p))
    often = np.minimum(model.tasks.counts, 1.0)  # one task is left out of those that it counts for
    root = cholesky_root(known.covariance)
    gram = (often / noise)[:, None, None] * model.tasks.moments.gram
    score, _ = model.tasks.moments.residual(known.mean)
    inner = spd_inverse(symmetrize(np.eye(p) - np.swapaxes(root, -1, -2) @ gram @ root))
    covariance = symmetrize(root @ inner @ np.swapaxes(root, -1, -2))
    return Beliefs(known.mean - times(covariance, score * (often / noise)[:, None]), covariance)
