"""What the user asked to be written, the picture of the curve and the prior, and the prior read again."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from skmeta.inspection import ShotCurveDisplay
from skmeta.model_selection import ShotCurve
from skmeta.model_selection._table_size import TableSize
from skmeta.report._checked_values import UnsafeValueError, check_values
from skmeta.report._collection import Collection
from skmeta.report._prior_of_table import PriorOfTable
from skmeta.report._trusted_types import is_trusted

PLOTS = {".png": "matplotlib", ".pdf": "matplotlib", ".svg": "matplotlib"}
PRIORS = {".skops": "skops", ".joblib": "joblib"}
OWN_FILE = "if you made the file yourself, say so by --trust"
TABLES = {".csv": "pandas", ".parquet": "pyarrow"}


def check_outputs(plot: str | None = None, save: str | None = None, out: str | None = None) -> None:
    """Raise unless all files can be written, before anything is computed.

    Parameters
    ----------
    plot, save, out : str, default=None
        Names of the files: a picture, a prior, a table.

    Raises
    ------
    ImportError
        If the package that writes the file is not installed.
    ValueError
        If the name does not end as it should, or its folder is missing.
    """
    for option, path, kinds in (("--plot", plot, PLOTS), ("--save", save, PRIORS), ("--out", out, TABLES)):
        if path is None:
            continue
        suffix = Path(path).suffix.lower()
        if suffix not in kinds:
            raise ValueError(f"{option}: wanted a file that ends in {' or '.join(kinds)}, found {path}.")
        if not Path(path).parent.is_dir():
            raise ValueError(f"{option}: wanted a file in a folder that exists, found {path}; make the folder first.")
        if find_spec(kinds[suffix]) is None:
            extra = {"--plot": "plot", "--save": "save", "--out": "frames"}[option]
            raise ImportError(
                f"{option}: wanted {kinds[suffix]} to write {path}, found it not installed; pip install 'skmeta[{extra}]'."
            )


def save_plot(collection: Collection, curve: ShotCurve, path: str) -> None:
    """Write the picture of a curve, its lines named as the rows of the table, under the name and size of the collection.

    Parameters
    ----------
    collection : Collection
        The table.
    curve : ShotCurve
        The curve.
    path : str
        A .png, .pdf or .svg file.
    """
    size = TableSize(collection.names[0], len(collection.counts), len(collection.y))
    display = ShotCurveDisplay.from_result(replace(curve, table=size), band_style=None)
    title = f"{collection.name}: {collection.names[1]}\n{display.ax_.get_title()}"
    display.ax_.set_title(title, fontsize="medium", wrap=True)
    display.figure_.savefig(path)


def save_prior(prior: Any, path: str) -> None:
    """Write a prior.

    Parameters
    ----------
    prior : PriorOfTable
        The prior.
    path : str
        A .skops file, or a .joblib file, which only those who trust it should load.
    """
    if Path(path).suffix.lower() == ".skops":
        from skops.io import dump
    else:
        from joblib import dump
    dump(prior, path)


def why_not_applied(path: str) -> str:
    """What ``apply`` says of a file without ``--trust``, for who has just written it; empty if it reads it.

    Parameters
    ----------
    path : str
        As of `save_prior`.

    Returns
    -------
    str
        The message.
    """
    try:
        load_prior(path)
    except ValueError as error:
        return str(error)
    return ""


def save_table(frame: Any, path: str) -> None:
    """Write a table.

    Parameters
    ----------
    frame : DataFrame
        The table.
    path : str
        A .csv or .parquet file.
    """
    write = frame.to_parquet if Path(path).suffix.lower() == ".parquet" else frame.to_csv
    write(path, index=False)


def load_prior(path: str, trust: bool = False) -> Any:
    """Read a prior that `save_prior` wrote.

    Parameters
    ----------
    path : str
        A .skops file, or a .joblib file, which can run any code.
    trust : bool, default=False
        Whether the file is the user's own. Else a .skops file may hold what `is_trusted` and `check_values` know and nothing
        else, and a .joblib file is not read.

    Returns
    -------
    PriorOfTable
        The prior.

    Raises
    ------
    ValueError
        If the file holds something else.
    """
    kind = Path(path).suffix.lower()
    if kind not in PRIORS:
        raise ValueError(f"prior: wanted a file that ends in {' or '.join(PRIORS)}, found {path}.")
    if not Path(path).exists():
        raise FileNotFoundError(f"{path}: wanted a file, found none of that name.")
    prior = _load_skops(path, trust) if kind == ".skops" else _load_joblib(path, trust)
    if not isinstance(prior, PriorOfTable):
        raise ValueError(
            f"{path}: wanted a prior that --save wrote, found {type(prior).__name__}; in Python, prior.adapt(estimator, X, y) "
            "takes it."
        )
    return prior


def _load_skops(path: str, trust: bool) -> Any:
    """The object in a file; read once, so that what is used is what was looked at."""
    from skops.io import get_untrusted_types, loads

    data = Path(path).read_bytes()
    try:
        types = get_untrusted_types(data=data)
        strange = [] if trust else [name for name in types if not is_trusted(name)]
        if strange:
            raise UnsafeValueError(", ".join(strange))
        prior = loads(data, trusted=types)
        if not trust:
            check_values(prior)
    except UnsafeValueError as error:
        found = "".join(
            each if each.isprintable() else ascii(each)[1:-1] for each in str(error)
        )  # nothing for terminals
        raise ValueError(f"{path}: wanted a prior that is safe whoever made it, found {found}; {OWN_FILE}.") from None
    except BadZipFile as error:
        raise ValueError(
            f"{path}: wanted a file that skops wrote, found another kind ({error}); write it by --save."
        ) from error
    except Exception as error:  # of a file that is damaged, or made to be
        raise ValueError(
            f"{path}: wanted a prior that --save wrote, found what skops cannot read ({error!r}); if --save wrote it, save it "
            "to a .joblib file."
        ) from error
    return prior


def _load_joblib(path: str, trust: bool) -> Any:
    from joblib import load

    if not trust:
        raise ValueError(
            f"{path}: wanted a prior that is safe whoever made it, found a pickle, which can run any code; {OWN_FILE}."
        )
    return load(path)
