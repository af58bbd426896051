"""A value that nobody can change: shared by ``clone``, read-only to the last array."""

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False, repr=False)
class FrozenValue:
    """Base of the priors, for ``dataclass(frozen=True, eq=False, repr=False)``.

    ``clone`` shares a frozen value instead of copying it, so a search over estimators that hold one costs
    nothing and cannot change it; it has no ``get_params`` for the same reason.
    """

    def __sklearn_clone__(self):
        return self

    def _freeze(self):
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                value.flags.writeable = False

    def __getstate__(self):
        # Only the fields: what is derived from them is derived again.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __setstate__(self, state):
        known = {field.name: field.default for field in fields(self)}
        self.__dict__.update({name: state.get(name, default) for name, default in known.items()})
        self._freeze()  # pickling forgets the read-only flag
