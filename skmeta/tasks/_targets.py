"""Targets and weights of rows as any model takes them: numbers or labels, which rows have one, what each row weighs."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.multiclass import check_classification_targets

from skmeta.tasks._ids import missing_rows
from skmeta.tasks._tables import column_or_matrix
from skmeta.tasks._words import listed, shown


def read_targets(
    y: Any, n_rows: int, estimator_name: str, *, labels: bool, unlabelled: Any = None
) -> tuple[NDArray[Any], Any]:
    """``(y, labelled)``: numbers or class labels, and which rows have one, None for all of them.

    Rows without a label have NaN or None, or, where it is given, ``unlabelled``.
    """
    y = column_or_matrix(y)
    if len(y) != n_rows:
        raise ValueError(
            f"y: wanted as many targets as rows of X, {n_rows}, found {len(y)} (inconsistent numbers of samples)."
        )
    if labels:
        return _read_labels(y, unlabelled)
    y = _read_numbers(y, estimator_name)
    missing = np.isnan(y).reshape(len(y), -1).any(axis=1) if np.isnan(y.sum()) else np.zeros(0, bool)
    return y, ~missing if missing.any() else None


def _read_numbers(y: NDArray[Any], name: str) -> NDArray[np.float64]:
    if y.dtype.kind in "OUST":
        text = next((value for value in y.ravel() if isinstance(value, str)), None)
        if text is not None:
            raise ValueError(
                f"y: wanted numbers for {name}, found {shown(text)}; for labels use WarmStartClassifier with a classifier."
            )
    if y.dtype.kind in "mM":
        raise ValueError(f"y: wanted numbers for {name}, found dates; count days since one of them.")
    if not (y.dtype == np.float64 and y.ndim in (1, 2)):
        y = check_array(y, ensure_2d=False, dtype=float, ensure_min_samples=0, input_name="y", ensure_all_finite=False)
    infinite = np.flatnonzero(np.isinf(y).reshape(len(y), -1).any(axis=1)) if not np.isfinite(y.sum()) else ()
    if len(infinite):
        raise ValueError(
            f"y: Input y contains infinity in {len(infinite)} of {len(y)} rows, row(s) {listed(infinite)}; wanted finite "
            "numbers. Leave these rows out."
        )
    return y


def _read_labels(y: NDArray[Any], unlabelled: Any) -> tuple[NDArray[Any], Any]:
    if y.ndim != 1:
        raise ValueError(f"y: wanted one column of labels, found shape {y.shape}; fit one classifier a column.")
    labelled = np.ones(len(y), dtype=bool)
    labelled[missing_rows(y)] = False
    if unlabelled is not None:
        labelled[labelled] = y[labelled] != unlabelled
    y = _plain_labels(y, labelled)
    known = y[labelled]
    are_text = {isinstance(label, str) for label in known} if y.dtype.kind == "O" else {y.dtype.kind == "U"}
    if len(are_text) > 1:
        other = next(label for label in known if not isinstance(label, str))
        raise ValueError(
            f"y: wanted labels of one type, all text or all numbers, found text and {shown(other)}; write all as text."
        )
    if y.dtype.kind not in "biu" and are_text != {True}:  # else labels, however many of them have one row alone
        try:
            check_classification_targets(known)
        except ValueError as error:
            raise ValueError(f"y: wanted class labels. {error}") from None
    return y, None if labelled.all() else labelled


def _plain_labels(y: NDArray[Any], labelled: NDArray[np.bool_]) -> NDArray[Any]:
    """Labels that stand among None as objects in their own dtype, if they are numbers; what is unlabelled means nothing."""
    known = y[labelled].tolist() if y.dtype.kind == "O" else []
    plain = np.array(known if all(isinstance(label, Real | np.bool_) for label in known) else [])
    if not len(plain) or plain.dtype.kind not in "biuf":
        return y
    found = np.full(len(y), plain[0])
    found[labelled] = plain
    return found


def read_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Weights ``(n_rows,)``, or None."""
    if sample_weight is None:
        return None
    try:
        weight = check_array(
            sample_weight, ensure_2d=False, dtype=float, input_name="sample_weight", ensure_min_samples=0
        )
    except ValueError as error:
        text = next((value for value in np.ravel(sample_weight).tolist() if isinstance(value, str)), None)
        found = str(error).rstrip(".") if text is None else f"found {shown(text)}"
        raise ValueError(
            f"sample_weight: wanted a finite number a row, {found}; rows that do not count weigh 0."
        ) from error
    weight = np.full(n_rows, float(weight)) if weight.ndim == 0 else weight
    if weight.shape != (n_rows,):
        raise ValueError(f"sample_weight: wanted shape ({n_rows},), found {weight.shape}; give one weight a row.")
    if n_rows and (weight.min() < 0 or weight.max() == 0):
        raise ValueError(
            "sample_weight: wanted weights that are not negative and not all zero, found a range of "
            f"{weight.min():.3g} to {weight.max():.3g}; leave out rows that do not count."
        )
    return weight
