"""What the user asked to be written: the picture of the curve, and the prior."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import ShotCurve
from skmeta.report._text import LABELS

PLOTS = {".png": "matplotlib", ".pdf": "matplotlib", ".svg": "matplotlib"}
PRIORS = {".skops": "skops", ".joblib": "joblib"}


def check_outputs(plot: str | None, save: str | None) -> None:
    """Raise unless both files can be written, before anything is computed.

    Parameters
    ----------
    plot, save : str or None
        Names of the files.

    Raises
    ------
    ImportError
        If the package that writes the file is not installed.
    ValueError
        If the name does not end as it should, or its folder is missing.
    """
    for option, path, kinds in (("--plot", plot, PLOTS), ("--save", save, PRIORS)):
        if path is None:
            continue
        suffix = Path(path).suffix.lower()
        if suffix not in kinds:
            raise ValueError(f"{option}: wanted a file that ends in {' or '.join(kinds)}, found {path}.")
        if not Path(path).parent.is_dir():
            raise ValueError(f"{option}: wanted a file in a folder that exists, found {path}; make the folder first.")
        if find_spec(kinds[suffix]) is None:
            extra = option.removeprefix("--")
            raise ImportError(
                f"{option}: wanted {kinds[suffix]} to write {path}, found it not installed; pip install 'skmeta[{extra}]'."
            )


def save_plot(curve: ShotCurve, path: str) -> None:
    """Write the picture of a curve, its lines named as the rows of the table.

    Parameters
    ----------
    curve : ShotCurve
        The curve.
    path : str
        A .png, .pdf or .svg file.
    """
    curve = replace(curve, names=tuple(LABELS[name] for name in curve.names))
    ShotCurveDisplay.from_curve(curve, std_display_style=None).figure_.savefig(path)


def save_prior(prior: Any, path: str) -> None:
    """Write a prior.

    Parameters
    ----------
    prior : GaussianPrior
        The prior.
    path : str
        A .skops file, or a .joblib file, which only those who trust it should load.
    """
    if Path(path).suffix.lower() == ".skops":
        from skops.io import dump
    else:
        from joblib import dump
    dump(prior, path)
