"""Whether a prior that was given suits an estimator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from skmeta.steps import split_prior


@contextmanager
def naming_the_prior(prior: Any, model: Any) -> Iterator[None]:
    """Where a given prior cannot fill an estimator, the error names both."""
    try:
        yield
    except TypeError as error:
        if prior is None:
            raise
        raise TypeError(
            f"prior: wanted one for {type(model).__name__}, found {split_prior(prior)[1]!r}, which cannot fill it ({error}) "
            "Learn a prior with this estimator, or use the estimator that this one was learned with."
        ) from error
