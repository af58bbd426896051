"""What the rows of tasks say of laws of their coefficients, of which there are many at once: from sums, or at modes.

Laws have any leading axes ``(...)``; each meets every one of the ``T`` tasks. Where a task counts for nothing, as one that is
held out, its counts say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.coefficient_law import CoefficientLaw, side_by_side
from skmeta._inference.gaussian_em import fit_gaussian
from skmeta._inference.glm import GaussianPriors, linearise, posterior_modes
from skmeta._inference.in_columns import InColumns
from skmeta._inference.laplace import laplace_columns
from skmeta._inference.likelihoods import Likelihood
from skmeta._inference.linalg import cholesky_root, symmetrize
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

    def maximised(self, laws: Laws, counts: Array, structure: Any, past: Laws | None = None) -> list[CoefficientLaw]:
        """The laws after one sweep of EM in which tasks count ``counts (..., T)``."""
        options: dict[str, Any] = {"n_iter": 1, "noise": self.noise}
        return [
            fit_gaussian(InColumns(part, counts), structure, start=law, past=past and past[k], **options)
            for k, (part, law) in enumerate(zip(self.outputs, laws, strict=True))
        ]

    def coefficients(self, laws: Laws) -> list[tuple[Array, Array]]:
        """Of every output what is expected of all tasks' ``(..., T, p)`` under one law, and the mean doubt ``(..., p, p)``."""
        return [_coefficients(part, law) for part, law in zip(self.outputs, laws, strict=True)]

    def beside(self, components: Sequence[Sequence[Any]]) -> Array:
        """Evidence ``(T, C)`` under the components of a mixture, ``components[k]`` being those of output ``k``."""
        each = zip(self.outputs, components, strict=True)
        return np.asarray(sum(InColumns(part).component_evidence(own) for part, own in each))


class FromModes:
    """Tasks of other likelihoods: Laplace's evidence, and working responses at the modes under each law."""

    def __init__(self, rows: Rows, likelihood: Likelihood) -> None:
        self.rows, self.likelihood = rows, likelihood
        self._laws: Laws | None = None  # under which the last modes were found

    def take(self, tasks: Any) -> FromModes:
        """Some tasks."""
        return FromModes(self.rows.pick(tasks), self.likelihood)

    def evidence(self, laws: Laws) -> Array:
        """Laplace's ``log p(y_t)`` of every task under every law ``(..., T)``, up to a constant of the targets."""
        found = self._modes(laws)[1] - self._of_dispersion(np.ravel(laws[0].noise))
        return np.asarray(found.T.reshape(*np.shape(laws[0].noise), -1))

    def maximised(self, laws: Laws, counts: Array, structure: Any, past: Laws | None = None) -> list[CoefficientLaw]:
        """The laws after one sweep of EM, in which tasks count ``counts (..., T)``, on working responses at their modes."""
        lead, counts = np.shape(laws[0].noise), counts.reshape(-1, counts.shape[-1])
        flat, known = (each and [law.reshaped(len(counts)) for law in each] for each in (laws, past))
        parts = []
        for block in self._blocks(laws):
            expanded = self._expanded(laws, block)
            parts.append(
                [
                    fit_gaussian(
                        InColumns(part, counts[block]),
                        structure,
                        n_iter=1,
                        start=law.at(block),
                        past=known and known[k].at(block),
                        noise="known",
                    )
                    for k, (part, law) in enumerate(zip(expanded, flat, strict=True))
                ]
            )
        return [side_by_side(each).reshaped(*lead) for each in zip(*parts, strict=True)]

    def coefficients(self, laws: Laws) -> list[tuple[Array, Array]]:
        """As those of `FromSums`, around the modes."""
        expanded = self._expanded(laws, slice(None))
        return [_coefficients(part, law) for part, law in zip(expanded, laws, strict=True)]

    def beside(self, components: Sequence[Sequence[Any]]) -> Array:
        """As that of `FromSums`."""
        noise = np.array([component.noise.centre for component in components[0]])
        found = laplace_columns(self.rows, components, self.likelihood, 1.0)[0]
        return np.asarray(found - self._of_dispersion(noise))

    def _of_dispersion(self, noise: Array) -> Array:
        """What log densities ``(T, C)`` are less at dispersions ``(C,)``, as of an extended quasi-likelihood."""
        return 0.5 * self.rows.n_rows[:, None] * np.log(noise)

    def _blocks(self, laws: Laws) -> list[slice]:
        """Laws whose tasks' matrices are held at once."""
        p, n_laws = self.rows.width, np.size(laws[0].noise)
        each = self.rows.n_tasks * p * max(p, len(self.rows.order) // max(self.rows.n_tasks, 1)) * len(laws)
        return blocks_of(n_laws, max(_NUMBERS // max(each, 1), 1))

    def _modes(self, laws: Laws) -> tuple[Array, Array]:
        """Modes ``(T, C, K, p)`` and evidence ``(T, C)``; kept, as the same laws are asked for both in turn."""
        if self._laws is not laws:
            lead = len(np.shape(laws[0].noise))
            mean = np.stack([law.mean for law in laws], axis=lead)
            root = np.stack([cholesky_root(law.covariance) for law in laws], axis=lead)
            mean, root = mean.reshape(-1, *mean.shape[lead:]), root.reshape(-1, *root.shape[lead:])
            noise = np.broadcast_to(laws[0].noise, np.shape(laws[0].noise)).ravel()
            parts = [self._modes_at(mean[b], root[b], noise[b]) for b in self._blocks(laws)]
            self._kept = tuple(np.concatenate(each, axis=1) for each in zip(*parts, strict=True))
            self._laws = laws
        return self._kept  # type: ignore[return-value]

    def _modes_at(self, mean: Array, root: Array, noise: Array) -> tuple[Array, Array]:
        found = posterior_modes(self.rows, GaussianPriors(mean, root), self.likelihood, float(noise[0]))
        return found.coef, found.evidence

    def _expanded(self, laws: Laws, block: slice) -> list[Moments]:
        """Working responses of some laws, an output each, with a leading axis."""
        coef = self._modes(laws)[0][:, block]
        each = [linearise(self.rows, coef[:, c], self.likelihood) for c in range(coef.shape[1])]
        return [_stacked(parts) for parts in zip(*each, strict=True)]


def _stacked(parts: Sequence[Moments]) -> Moments:
    return Moments(*(np.stack([getattr(part, field.name) for part in parts]) for field in fields(Moments)))


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
