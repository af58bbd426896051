"""Which tasks were learned from, without keeping their rows."""

from __future__ import annotations

from hashlib import sha256

import numpy as np
from scipy import sparse

from skmeta.tasks import Tasks
from skmeta.tasks._row_order import as_numbers


def fingerprint(tasks: Tasks) -> str:
    """The same text for the same tasks alone: their ids, and the values and targets of their rows, in this order."""
    X, y = as_numbers(tasks.X)[0], np.asarray(tasks.y)
    cells = (X.indptr, X.indices, X.data) if sparse.issparse(X) else (X,)
    labels = y.astype(str) if y.dtype.kind == "O" else y
    found = sha256()
    ids = np.array([str(name) for name in tasks.ids.tolist()])  # of nested tasks they are paths
    for part in (tasks.codes, ids, labels, *cells):
        found.update(f"{part.dtype.str} {part.shape}".encode())
        found.update(np.ascontiguousarray(part).data)
    return found.hexdigest()
