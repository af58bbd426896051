"""learn_prior: from a dataset that no memory holds to a prior."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from skmeta import _dask
from skmeta.base import Prior
from skmeta.base._matching import classifies
from skmeta.tasks._words import listed, shown
from skmeta.warm_start._classifier import WarmStartClassifier
from skmeta.warm_start._partitions import fit_partitions
from skmeta.warm_start._regressor import WarmStartRegressor


def learn_prior(
    data: Any,
    estimator: Any,
    *,
    task: str,
    target: str,
    columns: Sequence[str] | None = None,
    sample_weight: str | None = None,
    prior: Prior | None = None,
    learner: Any = "auto",
    progress: Callable[[int, int], None] | None = None,
) -> Prior:
    """Learn a prior from a partitioned Parquet dataset, or from a frame of dask, whose rows stay in their partitions.

    It is the ``prior_`` of a `WarmStartRegressor` or `WarmStartClassifier` that is fitted to the same rows in memory.

    Parameters
    ----------
    data : str, path or dask DataFrame
        A folder of Parquet files, or one file; or a frame. Tasks that lie in few partitions each are cheapest.
    estimator : estimator
        As of `WarmStartRegressor`; linear models of squared errors take any number of tasks.
    task : str
        Name of the task column.
    target : str
        Name of the target's column.
    columns : sequence of str, default=None
        Names of the features; None takes all other columns.
    sample_weight : str, default=None
        Name of the column of the rows' weights.
    prior : Prior, default=None
        What was known before.
    learner : "auto" or learner, default="auto"
        What learns the prior.
    progress : callable, default=None
        Called as ``progress(done, total)`` after each part of the work.

    Returns
    -------
    Prior
        What is known now.

    Raises
    ------
    ImportError
        If dask is not installed: ``pip install 'skmeta[dask]'``.
    TypeError
        If ``data`` is a frame in memory.
    FileNotFoundError
        If ``data`` is the path of nothing.
    ValueError
        If a column is not there, or a file is no Parquet file.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from skmeta import WarmStartRegressor, learn_prior
    >>> prior = learn_prior("sales.parquet", Ridge(), task="store", target="sales")  # doctest: +SKIP
    >>> WarmStartRegressor(Ridge(), prior=prior).fit(X_new, y_new)  # doctest: +SKIP
    """
    if isinstance(data, str | Path):
        _check_is_parquet(data)
    frame = _dask.read_parquet(data, needed_by="learn_prior") if isinstance(data, str | Path) else data
    if not _dask.is_frame(frame):
        raise TypeError(
            f"data: wanted a path of Parquet files or a frame of dask, found {type(data).__name__}; of a frame in memory "
            "WarmStartRegressor(estimator, task=...).fit(X, y).prior_ is the prior."
        )
    names = list(_dask.empty_of(frame).columns)
    others = {"task": [task], "target": [target], "sample_weight": [] if sample_weight is None else [sample_weight]}
    taken = [name for each in others.values() for name in each]
    features = [name for name in names if name not in taken] if columns is None else list(columns)
    _check_columns(others | {"columns": features}, names)
    shell = WarmStartClassifier if classifies(estimator) else WarmStartRegressor
    model: Any = shell(estimator, task=task, prior=prior, learner=learner)
    model._check_parameters()
    weights = None if sample_weight is None else frame[sample_weight]
    found: Prior = fit_partitions(model, frame[[*features, task]], frame[target], weights, progress)["prior_"]
    return found


def _check_is_parquet(data: str | Path) -> None:
    """Raise for a path on this machine at which there is nothing, or a file of another format."""
    if "://" in str(data) or "*" in str(data):  # elsewhere, or several
        return
    path = Path(data)
    if not path.exists():
        raise FileNotFoundError(
            f"data: wanted a Parquet file or a folder of such, found nothing at {path}; give its path from {Path.cwd()} on, or "
            "the whole path."
        )
    if path.is_file() and not _begins_as_parquet(path):
        readers = {".csv": "read_csv", ".json": "read_json", ".orc": "read_orc"}
        reader = readers.get(path.suffix.lower())
        way_out = "give a frame of dask" if reader is None else f"read it by dask.dataframe.{reader} and give the frame"
        raise ValueError(f"data: wanted a Parquet file, found {path.suffix or 'another one'}, {path}; {way_out}.")


def _begins_as_parquet(path: Path) -> bool:
    """Whether a file begins with the mark of the format, or with that of encrypted ones."""
    with path.open("rb") as file:
        return file.read(4) in (b"PAR1", b"PARE")


def _check_columns(wanted: dict[str, list[str]], names: list[str]) -> None:
    """Raise for a parameter that names a column which is not there."""
    for role, columns in wanted.items():
        for name in columns:
            if name not in names:
                raise ValueError(
                    f"{role}: wanted the name of a column of the data, found {shown(name)}; it has {listed(names, 20)}."
                )
