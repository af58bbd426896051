"""What the embedded collections share: a file beside the code, read as a table, a frame or a Bunch."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skmeta._dataframe import make_frame


def read_arrays(name: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of an ``.npz`` file of this package."""
    with files(__package__).joinpath(name).open("rb") as file, np.load(file) as stored:
        return {key: stored[key] for key in stored.files}


def as_asked(
    data: Any,
    target: Any,
    ids: NDArray[Any],
    names: list[str],
    target_name: str,
    *,
    return_X_y: bool,  # noqa: N803
    as_frame: bool,
    **fields: Any,
) -> Any:
    """Return the pair or the Bunch; the last column of `data` names the tasks by numbers, in a frame `ids` do."""
    frame = None
    if as_frame:
        content = dict(zip(names, data.T, strict=True)) | {names[-1]: ids, target_name: target}
        frame = make_frame(content, "as_frame=True")
        data, target = frame[names], frame[target_name]
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        feature_names=names,
        target_names=[target_name],
        task_name=names[-1],
        frame=frame,
        **fields,
    )
