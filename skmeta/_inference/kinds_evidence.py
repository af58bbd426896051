"""What the rows of tasks say of laws of their coefficients, of which there are many at once: from sums, or at modes.

Laws have any leading axes ``(...)``; each meets every one of the ``T`` tasks. Where a task counts for nothing, as one that is
held out, its counts say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, side_by_side
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes
from skmeta._inference.in_columns import InColumns
from skmeta._inference.laplace import laplace_columns
from skmeta._inference.laplace_em import CLIMB, RATIOS
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import TINY, cholesky_root, symmetrize
from skmeta._inference.moments import Moments, Rows
from skmeta._inference.noise import N_NODES
from skmeta._inference.threads import blocks_of

Array = NDArray[Any]
Laws = Sequence[CoefficientLaw]  # one an output

_NUMBERS = 1 << 22  # held at once of designs or of matrices of the columns: 32 MB


class FromSums:
    """Tasks of squared errors: their evidence is exact; ``outputs`` are the statistics of each output."""

    def __init__(self, outputs: Sequence[Moments], noise: str) -> None:
        self.outputs, self.noise = list(outputs), noise

    def take(self, tasks: Any) -> FromSums:
        """Some tasks."""
        return FromSums([part.take(tasks) for part in self.outputs], self.noise)

    def evidence(self, laws: Laws) -> Array:
        """``log p(y_t)`` of every task under every law ``(..., T)``, all outputs together."""
        return np.asarray(sum(_evidence(part, law) for part, law in zip(self.outputs, laws, strict=True)))

    def expanded(self, laws: Laws) -> FromSums:
        """Itself: nothing has to be expanded."""
        return self

    def maximised(self, laws: Laws, counts: Array, structure: Any, past: Laws | None = None) -> list[CoefficientLaw]:
        """The laws after one sweep of EM in which tasks count ``counts (..., T)``."""
        given = list(zip(self.outputs, laws, strict=True))
        return _maximised(given, counts, structure, past or [None] * len(given), self.noise)

    def coefficients(self, laws: Laws) -> list[tuple[Array, Array]]:
        """Of every output what is expected of all tasks' ``(..., T, p)`` under one law, and the mean doubt ``(..., p, p)``."""
        return [_coefficients(part, law) for part, law in zip(self.outputs, laws, strict=True)]

    def unshrunk(self, laws: Laws, counts: Array) -> list[CoefficientLaw]:
        """The laws: exact evidence shrinks none."""
        return list(laws)

    def beside(self, components: Sequence[Sequence[Any]]) -> Array:
        """Evidence ``(T, C)`` under the components of a mixture, ``components[k]`` being those of output ``k``."""
        each = zip(self.outputs, components, strict=True)
        return np.asarray(sum(InColumns(part).component_evidence(own) for part, own in each))


class FromModes:
    """Tasks of other likelihoods: Laplace's evidence, around the mode of every task under every law."""

    def __init__(self, rows: Rows, likelihood: Likelihood) -> None:
        self.rows, self.likelihood = rows, likelihood
        self._whitened: dict[Any, Array] = {}  # of the last modes, by the number of laws: where the next search starts

    def take(self, tasks: Any) -> FromModes:
        """Some tasks."""
        return FromModes(self.rows.pick(tasks), self.likelihood)

    def evidence(self, laws: Laws) -> Array:
        """Laplace's ``log p(y_t)`` of every task under every law ``(..., T)``, up to a constant of the targets."""
        return self._modes(laws)[1]

    def expanded(self, laws: Laws) -> Expanded:
        """The tasks as the modes under some laws have them, which laws that are near may be learned from."""
        coef, evidence = self._modes(laws)
        found = Expanded(self.rows, self.likelihood, coef, np.zeros(1))
        return replace(found, constant=evidence - found.evidence(laws))

    def coefficients(self, laws: Laws) -> list[tuple[Array, Array]]:
        """As those of `FromSums`, around the modes."""
        moments = self.expanded(laws).moments(slice(None))
        return [_coefficients(part, law) for part, law in zip(moments, laws, strict=True)]

    def unshrunk(self, laws: Laws, counts: Array) -> list[CoefficientLaw]:
        """Laws with means and covariances scaled to the best evidence of the tasks that count: `laplace_em.undo_shrinkage`."""
        held = self.likelihood.logarithmic
        factors = np.ones((*np.shape(laws[0].noise), 2))
        best = (counts * self.evidence(laws)).sum(axis=-1)
        for i, step in [*enumerate(RATIOS)] * CLIMB:
            trial = factors.copy()
            trial[..., i] *= step
            value = (counts * self.evidence([_scaled(law, trial, held=held) for law in laws])).sum(axis=-1)
            better = value > best
            factors, best = np.where(better[..., None], trial, factors), np.where(better, value, best)
            if i and not better.any():
                break
        return [_scaled(law, factors, held=held) for law in laws]

    def beside(self, components: Sequence[Sequence[Any]]) -> Array:
        """As that of `FromSums`."""
        noise = np.array([component.noise.centre for component in components[0]])
        found = laplace_columns(self.rows, components, self.likelihood, 1.0)[0]
        return np.asarray(found - self._of_dispersion(noise))

    def _of_dispersion(self, noise: Array) -> Array:
        """What log densities ``(T, C)`` are less at dispersions ``(C,)``: those of an extended quasi-likelihood.

        They are of the deviance, so that dispersions compare (J. A. Nelder and D. Pregibon, 1987, Biometrika 74, equation 4).
        """
        return 0.5 * self.rows.n_rows[:, None] * np.log(noise) - self._saturated[:, None] / noise

    @cached_property
    def _saturated(self) -> Array:
        """What the rows of every task lose ``(T,)`` where each has its own mean; nothing where no dispersion is learned."""
        found = np.zeros(self.rows.n_tasks)
        if self.likelihood.dispersed:
            for tasks, _, Y, weight in self.rows.batches():
                y = np.where(weight[..., None] > 0, Y, 1.0)
                each = self.likelihood.value(self.likelihood.link(np.maximum(y, TINY)), y)
                found[tasks] = (weight * each).sum(axis=1)
        return found

    def _modes(self, laws: Laws) -> tuple[Array, Array]:
        """Modes ``(T, C, K, p)`` and evidence ``(..., T)``."""
        lead = np.shape(laws[0].noise)
        mean = np.stack([law.mean for law in laws], axis=len(lead))
        root = np.stack([cholesky_root(law.covariance) for law in laws], axis=len(lead))
        mean, root = mean.reshape(-1, *mean.shape[len(lead) :]), root.reshape(-1, *root.shape[len(lead) :])
        noise, parts, start = np.ravel(laws[0].noise), [], self._whitened.get(len(mean))
        for block in blocks_of(len(mean), self._at_once):
            priors, first = GaussianPriors(mean[block], root[block]), None if start is None else start[:, block]
            parts.append(posterior_modes(self.rows, priors, self.likelihood, float(noise[0]), start=first))
        coef, whitened, found = (
            np.concatenate([getattr(part, name) for part in parts], axis=1) for name in ("coef", "whitened", "evidence")
        )
        self._whitened = {len(mean): whitened}
        return coef, (found - self._of_dispersion(noise)).T.reshape(*lead, -1)

    @property
    def _at_once(self) -> int:
        """Laws whose tasks' designs are held at once."""
        return max(_NUMBERS // max(len(self.rows.order) * self.rows.width * self.rows.Y.shape[1], 1), 1)


@dataclass(frozen=True, eq=False)
class Expanded:
    """Working responses around ``coef (T, C, K, p)``, other ones under each of C laws, and a ``constant (..., T)`` of these."""

    rows: Rows
    likelihood: Likelihood
    coef: Array
    constant: Array

    def evidence(self, laws: Laws) -> Array:
        """``log p(y_t)`` of every task under its law ``(..., T)``, as far as the expansion holds."""
        flat, parts = self._flat(laws), []
        for block in self._blocks:
            each = zip(self.moments(block), flat, strict=True)
            parts.append(sum(_evidence(part, law.at(block)) for part, law in each))
        return np.concatenate(parts).reshape(*np.shape(laws[0].noise), -1) + self.constant

    def maximised(self, laws: Laws, counts: Array, structure: Any, past: Laws | None = None) -> list[CoefficientLaw]:
        """The laws after one sweep of EM, in which tasks count ``counts (..., T)``."""
        flat, known = self._flat(laws), None if past is None else self._flat(past)
        lead, counts, parts = np.shape(laws[0].noise), counts.reshape(-1, counts.shape[-1]), []
        for block in self._blocks:
            given = [(part, law.at(block)) for part, law in zip(self.moments(block), flat, strict=True)]
            own = [None] * len(flat) if known is None else [law.at(block) for law in known]
            parts.append(_maximised(given, counts[block], structure, own, "known"))
        return [side_by_side(each).reshaped(*lead) for each in zip(*parts, strict=True)]

    def moments(self, block: slice) -> list[Moments]:
        """Working responses of some laws, an output each, with a leading axis."""
        some = self.coef[:, block]
        each = [linearise(self.rows, some[:, c], self.likelihood) for c in range(some.shape[1])]
        return [_stacked(parts) for parts in zip(*each, strict=True)]

    def _flat(self, laws: Laws) -> list[CoefficientLaw]:
        return [law.reshaped(self.coef.shape[1]) for law in laws]

    @property
    def _blocks(self) -> list[slice]:
        """Laws whose tasks' matrices are held at once."""
        n_tasks, n_laws, n_outputs, p = self.coef.shape
        return blocks_of(n_laws, max(_NUMBERS // max(n_tasks * n_outputs * p**2, 1), 1))


def _maximised(
    given: Sequence[tuple[Moments, CoefficientLaw]], counts: Array, structure: Any, past: Sequence[Any], noise: str
) -> list[CoefficientLaw]:
    options: dict[str, Any] = {"n_iter": 1, "noise": noise}
    return [
        fit_gaussian(InColumns(part, counts), structure, start=law, past=own, **options)
        for (part, law), own in zip(given, past, strict=True)
    ]


def _stacked(parts: Sequence[Moments]) -> Moments:
    return Moments(*(np.stack([getattr(part, field.name) for part in parts]) for field in fields(Moments)))


def _scaled(law: CoefficientLaw, factors: Array, *, held: bool) -> CoefficientLaw:
    """Means and covariances times their ``factors (..., 2)``; a logarithmic link's intercept, the unit of targets, stays."""
    mean = factors[..., :1] * law.mean
    if held:
        mean[..., -1] = law.mean[..., -1]
    return replace(law, mean=mean, covariance=factors[..., 1, None, None] * law.covariance)


def _evidence(tasks: Moments, law: CoefficientLaw) -> Array:
    noise, probability = law.noise_law.nodes(N_NODES)
    deviance = InColumns(tasks).deviance(law, cholesky_root(law.covariance), noise)
    return np.asarray(np.logaddexp.reduce(np.log(probability) - 0.5 * deviance.sum(axis=-1), axis=-1))


def _coefficients(tasks: Moments, law: CoefficientLaw) -> tuple[Array, Array]:
    root = cholesky_root(law.covariance)
    turned, n_tasks = np.swapaxes(root, -1, -2), tasks.n_rows.shape[-1]
    noise = np.repeat(np.asarray(law.noise)[..., None], n_tasks, axis=-1)
    found = InColumns(tasks).expectation(law, root, noise)
    doubt = np.eye(root.shape[-1]) - found.information / n_tasks
    return law.mean[..., None, :] + found.v @ turned, symmetrize(root @ doubt @ turned)
