"""Whether priors, weights and names make a mixture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from skmeta.base import Prior


def check_components(components: tuple[Prior, ...]) -> None:
    """Raise unless these are priors about the same columns."""
    if not components or not all(isinstance(component, Prior) for component in components):
        kinds = sorted({type(component).__name__ for component in components}) or "none"
        raise ValueError(
            f"components: wanted at least one prior, found {kinds}; give priors such as GaussianPrior(...)."
        )
    known = {component.feature_names for component in components if component.feature_names is not None}
    if len(known) > 1:
        raise ValueError(
            f"components: wanted priors about the same columns, found {sorted(map(list, known))}; put them in one order "
            "with prior.aligned(feature_names)."
        )


def normalised(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights that sum to one; those that do, to rounding, stay as they are: what was stored comes back the same."""
    total = weights.sum()
    return weights if abs(total - 1.0) <= len(weights) * np.finfo(float).eps else weights / total


def check_weights(weights: NDArray[np.float64], names: tuple[str, ...], n: int) -> None:
    """Raise unless these are ``n`` numbers that can be probabilities, and names that differ."""
    if weights.shape != (n,) or not np.all(np.isfinite(weights)) or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError(
            f"weights: wanted {n} numbers that are not negative and not all zero, found {weights.tolist()}; give one a "
            "component, or None for equal ones."
        )
    if len(names) != n or len(set(names)) != n:
        raise ValueError(f"names: wanted {n} different names, found {list(names)}; give one a component, or None.")
