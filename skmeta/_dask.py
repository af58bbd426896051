"""Frames of dask, the only file that knows it: their partitions, and the engine that runs functions beside them.

A frame is recognised by its methods, so that dask is imported only where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any


def is_partitioned(data: Any) -> bool:
    """Whether something is a collection of dask."""
    return hasattr(data, "npartitions") and hasattr(data, "to_delayed")


def is_frame(data: Any) -> bool:
    """Whether it is a frame or series of dask, whose partitions are those of pandas; its arrays are not."""
    return is_partitioned(data) and hasattr(data, "divisions")


def _dask(needed_by: str) -> ModuleType:
    try:
        import dask
        import dask.dataframe
    except ImportError as error:
        raise ImportError(f"{needed_by}: wanted dask, found it not installed; pip install 'skmeta[dask]'.") from error
    return dask


class DaskEngine:
    """dask as the engine: parts are delayed values, kept where a worker has made them and computed again if it is lost.

    The scheduler is dask's present one: threads of this process, or a cluster with a client.
    """

    def map(self, function: Callable[..., Any], *parts: Sequence[Any]) -> list[Any]:
        """Delayed values of the function for the parts in step."""
        delayed = _dask("X").delayed(function, pure=False, traverse=False)
        return [delayed(*each) for each in zip(*parts, strict=True)]

    def keep(self, parts: Sequence[Any]) -> list[Any]:
        """The same parts, persisted."""
        return list(_dask("X").persist(*parts))

    def gather(self, parts: Sequence[Any]) -> list[Any]:
        """The values, here."""
        return list(_dask("X").compute(*parts))


def parts_of(data: Any) -> list[Any]:
    """The partitions of a frame or series, as delayed values.

    Columns that are not asked for are not read. What else dask would do to be quicker is left out, as it would read some
    files as one, and not the same ones for a series as for the frame that it is of.
    """
    return list(data.simplify().to_delayed(optimize_graph=False))


def n_parts(data: Any) -> int:
    """How many partitions there are."""
    return int(data.npartitions)


def empty_of(data: Any) -> Any:
    """A frame or series of pandas without rows, with the columns and types of one of dask."""
    return data._meta


def first_row(frame: Any) -> Any:
    """The first row of the first partition that has any, as a frame of pandas."""
    return frame.head(1, npartitions=-1)


def divisions_of(data: Any) -> tuple[Any, ...] | None:
    """The values of the index between which partitions lie; None where they are not known."""
    return tuple(data.divisions) if data.known_divisions else None


def columns_of_unknown_categories(frame: Any) -> list[Any]:
    """The columns whose type says that they hold categories, but not which."""
    empty = empty_of(frame)
    return [
        name
        for name, kind in zip(empty.columns, empty.dtypes, strict=True)
        if type(kind).__name__ == "CategoricalDtype" and not frame[name].cat.known
    ]


def as_series(parts: Sequence[Any], like: Any, empty: Any) -> Any:
    """Partitions of pandas as one series or frame of dask, with the index of the frame that it is ``like``."""
    divisions = divisions_of(like)
    options = {} if divisions is None else {"divisions": divisions}
    return _dask("X").dataframe.from_delayed(list(parts), meta=empty, **options)


def read_parquet(path: str | Path, needed_by: str) -> Any:
    """A dataset of Parquet files as a frame of dask, a partition a file or more; columns are read when they are used."""
    return _dask(needed_by).dataframe.read_parquet(str(path))
