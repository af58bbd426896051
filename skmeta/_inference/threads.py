"""Work in blocks, by threads if asked: batched linear algebra leaves Python's lock alone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any


def blocks_of(n_items: Any, size: int) -> list[slice]:
    """Slices of at most ``size`` items."""
    return [slice(start, min(start + size, n_items)) for start in range(0, n_items, size)]


def run(function: Any, items: Any, n_jobs: int = 1) -> list[Any]:
    """``[function(i) for i in items]``, by threads if asked; the order of the results never depends on it."""
    if n_jobs == 1 or len(items) < 2:
        return [function(item) for item in items]
    with ThreadPoolExecutor(n_jobs) as pool:
        return list(pool.map(function, items))
