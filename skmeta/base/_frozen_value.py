"""A value that nobody can change: shared by ``clone``, read-only to the last array."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class FrozenValue:
    """A value that nobody can change: shared by ``clone``, its arrays read-only.

    Base class for ``dataclass(frozen=True, eq=False)``. ``clone`` shares a frozen value instead of copying it, so a
    search over estimators that hold one costs nothing and cannot change it; it has no ``get_params`` for the same
    reason.
    """

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray) and (value.flags.writeable or value.base is not None):
                object.__setattr__(self, field.name, value.copy())
        self._freeze()

    def __sklearn_clone__(self) -> Self:
        return self

    def _freeze(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __getstate__(self) -> dict[str, Any]:
        # Only the fields: what is derived from them is derived again.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._freeze()  # pickling forgets the read-only flag
