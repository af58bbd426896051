"""Are these the arrays of a Gaussian prior? One readable error if not."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from skmeta.base._class_prior import checked_class_prior
from skmeta.linear_model._likelihood_names import LIKELIHOOD_NAMES, likelihood_named
from skmeta.tasks._words import shown

Array = NDArray[np.float64]


def check_prior_arrays(prior: Any) -> dict[str, Any]:
    """Copies of a `GaussianPrior`'s fields as arrays of the documented shapes; ValueError if they are not."""
    names = None if prior.feature_names is None else tuple(str(name) for name in prior.feature_names)
    mean, covariance, factor, extra = _law(prior, names)
    d = mean.shape[-1] - 1
    if names is not None and (len(names) != d or len(set(names)) != d):
        _wrong("feature_names", f"{d} or {d + 1} different names for a mean of {d + 1}", f"{len(names)} names")
    _check_nested(prior, mean)
    return {
        "mean": mean,
        "covariance": covariance,
        "factor": factor,
        "mean_covariance": extra,
        "feature_names": names,
        "noise": _positive("noise", prior.noise, mean),
        "overdispersion": _overdispersion(prior),
        "use": _probability("use", prior.use),
        "noise_dof": _positive("noise_dof", prior.noise_dof, mean, finite=False),
        "n_tasks": _count("n_tasks", prior.n_tasks),
        "n_rows": _count("n_rows", prior.n_rows),
        "likelihood": _likelihood(prior, mean),
        "weight_unit": _unit(prior.weight_unit),
        "classes": None if prior.classes is None else _classes(prior.classes, mean),
        "class_prior": None if prior.class_prior is None else checked_class_prior(prior.class_prior, prior.classes),
    }


def _overdispersion(prior: Any) -> float:
    found = _count("overdispersion", prior.overdispersion)
    if found and prior.likelihood not in (None, "poisson"):
        _wrong("overdispersion", "zero for other targets than counts", f"likelihood {prior.likelihood!r}")
    return found


def _probability(name: str, value: Any) -> float:
    found = _count(name, value)
    if not 0.0 < found <= 1.0:
        _wrong(name, "a probability above zero", shown(value))
    return found


def _unit(value: Any) -> float | None:
    if value is None:
        return None
    found = _numbers("weight_unit", value)
    if found.ndim or not (np.isfinite(found) and found > 0):
        _wrong("weight_unit", "a positive number, or None", shown(value))
    return float(found)


def _check_nested(prior: Any, mean: Array) -> None:
    """Units and contextual effects must be about as many columns and outputs as the mean."""
    d = mean.shape[-1] - 1
    if prior.units is not None:
        if len(prior.units.centre) != d:
            _wrong("units", f"{d} columns", f"{len(prior.units.centre)}")
        for value in (prior.units.target_centre, prior.units.target_scale):
            if np.ndim(value) and np.shape(value) != mean.shape[:-1]:
                _wrong("units", f"targets of shape {mean.shape[:-1]}", f"shape {np.shape(value)}")
    effects = prior.contextual_effects
    if effects is None:
        return
    wanted = (*mean.shape[:-1], d)
    if effects.coef.shape != wanted:
        _wrong("contextual_effects", f"shape {wanted}", f"shape {effects.coef.shape}")
    if prior.likelihood not in (None, "gaussian"):
        _wrong("contextual_effects", "None for other than squared errors", f"likelihood {prior.likelihood!r}")


def _law(prior: Any, names: tuple[str, ...] | None) -> tuple[Array, Array, Array | None, Array | None]:
    """``mean``, ``covariance``, ``factor`` and ``mean_covariance``, the intercept last."""
    mean = _finite("mean", prior.mean)
    if mean.ndim not in (1, 2) or mean.size == 0:
        _wrong("mean", "1 or 2 dimensions (coefficients; or outputs by coefficients)", f"shape {mean.shape}")
    covariance = _covariance("covariance", prior.covariance, mean)
    factor = None if prior.factor is None else _finite("factor", prior.factor)
    if factor is not None and (factor.ndim != mean.ndim + 1 or factor.shape[-2] != mean.shape[-1]):
        _wrong("factor", f"shape {(*mean.shape, 'rank')}", f"shape {factor.shape}")
    extra = prior.mean_covariance
    extra = None if extra is None else _covariance("mean_covariance", extra, mean)
    if _lacks_intercept(prior, names, mean.shape[-1]):
        return _with_unknown_intercept(mean, covariance, factor, extra)
    return mean, covariance, factor, extra


def _wrong(name: str, wanted: str, found: str) -> NoReturn:
    raise ValueError(f"GaussianPrior({name}=...): wanted {wanted}, found {found}.")


def _numbers(name: str, value: Any) -> Array:
    try:
        return np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"GaussianPrior({name}=...): wanted numbers, found {type(value).__name__} ({error})."
        ) from None


def _finite(name: str, value: Any) -> Array:
    array = _numbers(name, value)
    if not np.all(np.isfinite(array)):
        _wrong(name, "finite numbers", f"{np.sum(~np.isfinite(array))} that are NaN or infinite")
    return array


def _covariance(name: str, value: Any, mean: Array) -> Array:
    """Shape, symmetry and definiteness; only the intercept's variance, last, may be infinite."""
    array = _numbers(name, value)
    p = mean.shape[-1]
    if array.ndim == 0:
        array = np.full(mean.shape, float(array))
    shapes = {mean.shape, (*mean.shape, p)}
    if array.shape not in shapes:
        _wrong(
            name,
            f"shape {(*mean.shape, p)} (or {mean.shape} for a diagonal) to go with the mean",
            f"{array.shape}",
        )
    dense = array.ndim > mean.ndim
    flat = np.isinf(array[..., -1, -1] if dense else array[..., -1])
    check = array.copy()
    if dense:
        check[..., -1, -1] = np.where(flat, 1.0, check[..., -1, -1])
    else:
        check[..., -1] = np.where(flat, 1.0, check[..., -1])
    if not np.all(np.isfinite(check)):
        _wrong(name, "finite numbers", "NaN or infinite ones")
    if not dense:
        if np.any(check < 0):
            _wrong(name, "variances that are not negative", f"the smallest is {check.min():.3g}")
        return array
    _check_definite(name, check)
    return array


def _check_definite(name: str, matrix: Array) -> None:
    transposed = np.swapaxes(matrix, -1, -2)
    scale = np.abs(matrix).max(initial=0.0)
    if not np.allclose(matrix, transposed, rtol=1e-6, atol=1e-9 * scale):
        _wrong(
            name,
            "a symmetric matrix",
            f"entries that differ by up to {np.abs(matrix - transposed).max():.3g}",
        )
    # In units of the variances, so that columns of different scales are judged alike.
    root = np.sqrt(np.maximum(np.diagonal(matrix, axis1=-2, axis2=-1), np.finfo(float).tiny))
    smallest = np.linalg.eigvalsh(matrix / (root[..., :, None] * root[..., None, :])).min()
    if smallest < -1e-7:
        _wrong(name, "a positive definite matrix", f"a direction with variance {smallest:.3g} (as a correlation)")


def _lacks_intercept(prior: Any, names: tuple[str, ...] | None, p: int) -> bool:
    """Whether the arrays have no entry for the intercept: told by the number of names or columns."""
    if names is not None:
        return len(names) == p
    if prior.units is not None:
        return len(prior.units.centre) == p
    return prior.n_tasks == 0 and not np.isinf(np.asarray(prior.covariance, dtype=float).max(initial=0.0))


def _with_unknown_intercept(
    mean: Array, covariance: Array, factor: Array | None, extra: Array | None
) -> tuple[Array, Array, Array | None, Array | None]:
    def bordered(matrix: Array, corner: float) -> Array:
        wide = np.zeros((*matrix.shape[:-2], matrix.shape[-2] + 1, matrix.shape[-1] + 1))
        wide[..., :-1, :-1] = matrix
        wide[..., -1, -1] = corner
        return wide

    dense = covariance.ndim > mean.ndim
    last = np.zeros((*mean.shape[:-1], 1))
    covariance = bordered(covariance, np.inf) if dense else np.concatenate([covariance, last + np.inf], axis=-1)
    factor = None if factor is None else np.concatenate([factor, np.zeros_like(factor[..., :1, :])], axis=-2)
    if extra is not None:
        extra = bordered(extra, 0.0) if extra.ndim > mean.ndim else np.concatenate([extra, last], axis=-1)
    return np.concatenate([mean, last], axis=-1), covariance, factor, extra


def _count(name: str, value: Any) -> float:
    count = _finite(name, value)
    if count.ndim or count < 0:
        _wrong(name, "a number that is not negative", shown(value))
    return float(count)


def _positive(name: str, value: Any, mean: Array, *, finite: bool = True) -> Array:
    array = _numbers(name, value)
    if np.any(np.isnan(array)) or np.any(array <= 0) or (finite and np.any(np.isinf(array))):
        _wrong(name, "positive numbers", shown(value))
    if array.ndim and array.shape != mean.shape[:-1]:
        _wrong(name, f"a number or an array of shape {mean.shape[:-1]}", f"shape {array.shape}")
    return array


def _likelihood(prior: Any, mean: Array) -> str | None:
    """What the coefficients are for; where nobody said, with labels for classes, else for any target."""
    if prior.likelihood is not None and likelihood_named(str(prior.likelihood)) is None:
        _wrong("likelihood", f"None or one of {LIKELIHOOD_NAMES}", repr(prior.likelihood))
    of_labels = "binomial" if mean.ndim == 1 or len(mean) == 1 else "multinomial"
    likelihood = of_labels if prior.likelihood is None and prior.classes is not None else prior.likelihood
    if likelihood in ("binomial", "multinomial") and np.any(np.asarray(prior.noise) != 1.0):
        _wrong("noise", "1 for class labels, which have no noise of their own", shown(prior.noise))
    return likelihood


def _classes(value: Any, mean: Array) -> NDArray[Any]:
    classes = np.array(value)
    rows = 1 if mean.ndim == 1 else mean.shape[0]
    wanted = 2 if rows == 1 else rows
    if classes.ndim != 1 or len(np.unique(classes)) != len(classes) or len(classes) != wanted:
        _wrong("classes", f"{wanted} different labels for a mean of shape {mean.shape}", shown(classes))
    if not np.array_equal(np.sort(classes), classes):
        _wrong("classes", "labels in sorted order (rows of the mean belong to them)", shown(classes))
    return classes
