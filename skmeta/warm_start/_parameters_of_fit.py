"""The parameters that a model was fitted with, which ``set_params`` does not change, and whether they are those of today."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from skmeta.steps._same import difference

_OF_THE_RUN = ("n_jobs", "verbose")  # no answer depends on them, here or in an estimator inside


def parameters_of_fit(model: Any) -> dict[str, Any]:
    """Copies of a model's parameters, without those on which no answer depends."""
    return {name: value for name, value in clone(model).get_params(deep=False).items() if name not in _OF_THE_RUN}


def check_parameters_of_fit(model: Any, wanted: dict[str, Any]) -> None:
    """Raise for rows that would be added under other parameters than those of the fit: half of an answer would be of each.

    Parameters
    ----------
    model : WarmStartBase
        A fitted one.
    wanted : dict
        Its `parameters_of_fit`.

    Raises
    ------
    ValueError
        If a parameter was changed after the fit.
    """
    found = model.get_params(deep=False)
    for name, value in wanted.items():
        changed = difference(value, found[name], name, _OF_THE_RUN, whose="the fit")
        if changed:
            raise ValueError(
                f"partial_fit: wanted the parameters of the fit, found {changed}; set it back, or fit anew with all rows."
            )
