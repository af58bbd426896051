"""Are these the arrays of a Gaussian prior? One readable error if not."""

import numpy as np

from skmeta.tasks._words import shown

_LIKELIHOODS = (None, "gaussian", "binomial", "multinomial", "poisson", "gamma", "tweedie")


def check_prior_arrays(prior):
    """Copies of a `GaussianPrior`'s fields as arrays of the documented shapes; ValueError if they are not."""
    names = None if prior.feature_names is None else tuple(str(name) for name in prior.feature_names)
    mean, covariance, factor, extra = _law(prior, names)
    d = mean.shape[-1] - 1
    if names is not None and (len(names) != d or len(set(names)) != d):
        _wrong("feature_names", f"{d} or {d + 1} different names for a mean of {d + 1}", f"{len(names)} names")
    _check_weights(prior)
    return {
        "mean": mean,
        "covariance": covariance,
        "factor": factor,
        "mean_covariance": extra,
        "feature_names": names,
        "noise": _positive("noise", prior.noise, mean),
        "noise_dof": _positive("noise_dof", prior.noise_dof, mean, finite=False),
        "n_tasks": _count("n_tasks", prior.n_tasks),
        "n_rows": _count("n_rows", prior.n_rows),
        "centre": _columns("centre", prior.centre, d),
        "scale": _columns("scale", prior.scale, d),
        "target_centre": _outputs("target_centre", prior.target_centre, mean),
        "target_scale": _positive("target_scale", prior.target_scale, mean),
        "likelihood": _likelihood(prior, mean),
        "classes": None if prior.classes is None else _classes(prior.classes, mean),
        "between": _slopes("between", prior.between, mean),
        "between_ratio": _slopes("between_ratio", prior.between_ratio, mean),
    }


def _check_weights(prior):
    weights = {name: getattr(prior, name) for name in ("vague_weight", "level_weight", "noise_weight")}
    for name, weight in weights.items():
        if np.ndim(weight) or not 0.0 <= _finite(name, weight) < 1.0:
            _wrong(name, "a probability below 1", shown(weight))
    if sum(weights.values()) >= 1.0:
        _wrong(", ".join(weights), "probabilities of less than 1 together", f"{sum(weights.values()):g}")


def _law(prior, names):
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


def _wrong(name, wanted, found):
    raise ValueError(f"GaussianPrior({name}=...): wanted {wanted}, found {found}.")


def _numbers(name, value):
    try:
        return np.array(value, dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"GaussianPrior({name}=...): wanted numbers, found {type(value).__name__} ({error})."
        ) from None


def _finite(name, value):
    array = _numbers(name, value)
    if not np.all(np.isfinite(array)):
        _wrong(name, "finite numbers", f"{np.sum(~np.isfinite(array))} that are NaN or infinite")
    return array


def _covariance(name, value, mean):
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


def _check_definite(name, matrix):
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


def _lacks_intercept(prior, names, p):
    """Whether the arrays have no entry for the intercept: told by the number of names or columns."""
    if names is not None:
        return len(names) == p
    if prior.centre is not None:
        return len(np.atleast_1d(prior.centre)) == p
    return prior.n_tasks == 0 and not np.isinf(np.asarray(prior.covariance, dtype=float).max(initial=0.0))


def _with_unknown_intercept(mean, covariance, factor, extra):
    def bordered(matrix, corner):
        wide = np.zeros((*matrix.shape[:-2], matrix.shape[-2] + 1, matrix.shape[-1] + 1))
        wide[..., :-1, :-1] = matrix
        wide[..., -1, -1] = corner
        return wide

    dense = covariance.ndim > mean.ndim
    last = np.zeros((*mean.shape[:-1], 1))
    covariance = bordered(covariance, np.inf) if dense else np.concatenate([covariance, last + np.inf], axis=-1)
    factor = None if factor is None else np.concatenate([factor, np.zeros_like(factor[..., :1, :])], axis=-2)
    extra = None if extra is None else bordered(extra, 0.0)
    return np.concatenate([mean, last], axis=-1), covariance, factor, extra


def _outputs(name, value, mean):
    array = _finite(name, value)
    if array.ndim and array.shape != mean.shape[:-1]:
        _wrong(
            name,
            f"one number{'' if mean.ndim == 1 else f' or {mean.shape[0]}, one an output'}",
            f"shape {array.shape}",
        )
    return array


def _count(name, value):
    count = _finite(name, value)
    if count.ndim or count < 0:
        _wrong(name, "a number that is not negative", shown(value))
    return float(count)


def _positive(name, value, mean, *, finite=True):
    array = _numbers(name, value)
    if np.any(np.isnan(array)) or np.any(array <= 0) or (finite and np.any(np.isinf(array))):
        _wrong(name, "positive numbers", shown(value))
    if array.ndim and array.shape != mean.shape[:-1]:
        _wrong(name, f"a number or an array of shape {mean.shape[:-1]}", f"shape {array.shape}")
    return array


def _columns(name, value, d):
    if value is None:
        return None
    array = _finite(name, value)
    if array.shape != (d,) or (name == "scale" and np.any(array <= 0)):
        _wrong(name, f"{d} {'positive ' if name == 'scale' else ''}numbers, one a column", f"shape {array.shape}")
    return array


def _slopes(name, value, mean):
    if value is None:
        return None
    array = _finite(name, value)
    wanted = (*mean.shape[:-1], mean.shape[-1] - 1)
    if array.shape != wanted:
        _wrong(name, f"shape {wanted}", f"shape {array.shape}")
    return array


def _likelihood(prior, mean):
    """What the coefficients are for; where nobody said, with labels for classes, else for any target."""
    if prior.likelihood not in _LIKELIHOODS:
        _wrong("likelihood", f"one of {_LIKELIHOODS}", repr(prior.likelihood))
    of_labels = "binomial" if mean.ndim == 1 or len(mean) == 1 else "multinomial"
    likelihood = of_labels if prior.likelihood is None and prior.classes is not None else prior.likelihood
    if likelihood in ("binomial", "multinomial") and np.any(np.asarray(prior.noise) != 1.0):
        _wrong("noise", "1 for class labels, which have no noise of their own", shown(prior.noise))
    return likelihood


def _classes(value, mean):
    classes = np.array(value)
    rows = 1 if mean.ndim == 1 else mean.shape[0]
    wanted = 2 if rows == 1 else rows
    if classes.ndim != 1 or len(np.unique(classes)) != len(classes) or len(classes) != wanted:
        _wrong("classes", f"{wanted} different labels for a mean of shape {mean.shape}", shown(classes))
    if not np.array_equal(np.sort(classes), classes):
        _wrong("classes", "labels in sorted order (rows of the mean belong to them)", shown(classes))
    return classes
