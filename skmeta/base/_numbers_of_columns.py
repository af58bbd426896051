"""What a prior's fields say of each column of rows: one number, or one a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def numbers_of_columns(values: Mapping[str, Any], n_columns: int, classes: Sequence[Any] | None) -> dict[str, Any]:
    """Return those of some fields that have a number for each column, or several: then one a class, cluster or output.

    Parameters
    ----------
    values : mapping of str to object
        The fields.
    n_columns : int
        Number of columns of rows.
    classes : sequence or None
        Labels of a first axis of their number.

    Returns
    -------
    dict of str to ndarray of shape (n_columns,)
        By the name of the field, and the label or the place behind it.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.base._numbers_of_columns import numbers_of_columns
    >>> fields = {"centre": np.zeros(3), "means": np.ones((2, 3)), "within": 1.0, "matrix": np.eye(3)}
    >>> list(numbers_of_columns(fields, 3, ["ill", "well"]))
    ['centre', 'means_ill', 'means_well']
    """
    found = {}
    for name, value in values.items():
        shape = np.shape(value) if isinstance(value, np.ndarray) else ()
        if not shape or shape[-1] != n_columns or value.dtype.kind != "f":
            continue
        of_classes = classes is not None and shape[:-1] == (len(classes),)
        if len(shape) == 1:
            found[name] = value
        elif of_classes or (len(shape) == 2 and shape[0] != n_columns):  # a square one is of pairs of columns
            labels = classes if of_classes and classes is not None else range(shape[0])
            found |= {f"{name}_{label}": row for label, row in zip(labels, value, strict=True)}
    return found
