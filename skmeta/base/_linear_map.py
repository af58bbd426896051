"""A linear map of rows as a plain step of a Pipeline."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.extmath import safe_sparse_dot


def as_transformer(matrix: NDArray[np.float64] | None, *, validate: bool = False) -> FunctionTransformer:
    """The linear map as a step without state; None for rows as they are, which ``validate`` makes arrays of numbers."""
    if matrix is None:
        return FunctionTransformer(accept_sparse=True, validate=validate)
    return FunctionTransformer(
        safe_sparse_dot, kw_args={"b": matrix, "dense_output": True}, accept_sparse=True, validate=True
    )
