"""States of nodes above described tasks: their mean at the mean of the descriptors, then what each column of these adds.

A state ``(..., (1 + q) * p)`` is ``1 + q`` blocks of ``p`` coefficients, see `skmeta._inference.described`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.units import Units
from skmeta.linear_model._gaussian_prior import GaussianPrior
from skmeta.linear_model._structured._prior import Change

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class StateUnits:
    """Between the data and the engine, for states of ``n_blocks``; units of the first block are those of coefficients."""

    of_coefficients: Units
    n_blocks: int

    @property
    def target_scale(self) -> float:
        """Standard deviation of the target."""
        return self.of_coefficients.target_scale

    @property
    def affine_to_data(self) -> tuple[Array, Array]:
        """See `Units.affine_to_data`."""
        return self._blocks(*self.of_coefficients.affine_to_data)

    @property
    def affine_to_engine(self) -> tuple[Array, Array]:
        """See `Units.affine_to_engine`."""
        return self._blocks(*self.of_coefficients.affine_to_engine)

    def to_data(self, state: Array) -> Array:
        """States ``(..., P)`` of the engine in units of the data."""
        linear, offset = self.affine_to_data
        return state @ linear.T + offset

    def covariance_to_data(self, covariance: Array) -> Array:
        """Their covariance ``(P, P)``."""
        linear = self.affine_to_data[0]
        return linear @ covariance @ linear.T

    def covariance_to_engine(self, covariance: Array) -> Array:
        """The way back."""
        linear = self.affine_to_engine[0]
        return linear @ covariance @ linear.T

    def _blocks(self, linear: Array, offset: Array) -> tuple[Array, Array]:
        first = np.r_[offset, np.zeros(len(offset) * (self.n_blocks - 1))]
        return np.asarray(np.kron(np.eye(self.n_blocks), linear)), first


def padded(covariance: Array, size: int) -> Array:
    """A covariance of the first block as one of the state: what descriptors do is in common."""
    found = np.zeros((size, size))
    found[: len(covariance), : len(covariance)] = covariance
    return found


def blocks_of(state: Array, p: int) -> Array:
    """``(..., 1 + q, p)``."""
    return state.reshape(*state.shape[:-1], -1, p)


def at_task(prior: GaussianPrior, z: Array, doubt: Array, p: int) -> dict[str, Array]:
    """The law of a task's coefficients, by a prior of its state, where it is described by ``z (q,)``.

    ``doubt (q, q)`` is the covariance of what of ``z`` is not known.
    """
    design = np.r_[1.0, z]
    mean, effects = np.einsum("q,...qp->...p", design, blocks_of(prior.mean, p)), blocks_of(prior.mean, p)[..., 1:, :]
    covariance = prior.covariance[..., :p, :p] + np.swapaxes(effects, -1, -2) @ doubt @ effects
    assert prior.mean_covariance is not None
    pairs = prior.mean_covariance.reshape(*prior.mean_covariance.shape[:-2], len(design), p, len(design), p)
    return {
        "mean": mean,
        "covariance": covariance,
        "mean_covariance": np.einsum("q,...qarb,r->...ab", design, pairs, design),
    }


def in_blocks(vector: Change, matrix: Change, p: int) -> tuple[Change, Change]:
    """Changes of coefficients and of their covariances as changes of every block of a state."""

    def vectors(state: Array) -> Array:
        return vector(blocks_of(state, p)).reshape(state.shape)

    def matrices(covariance: Array) -> Array:
        q = covariance.shape[-1] // p
        pairs = np.moveaxis(covariance.reshape(*covariance.shape[:-2], q, p, q, p), -3, -2)
        return np.moveaxis(matrix(pairs), -2, -3).reshape(covariance.shape)

    return vectors, matrices


def changed(prior: GaussianPrior, vector: Change, matrix: Change) -> GaussianPrior:
    """A prior after a change of its coefficients, those of its places among them."""
    own: dict[str, Any] = {"mean": vector(prior.mean), "covariance": matrix(prior.covariance)}
    if prior.mean_covariance is not None:
        own["mean_covariance"] = matrix(prior.mean_covariance)
    more = getattr(prior, "_changed", None)
    return prior._with(**own, **({} if more is None else more(vector, matrix)))
