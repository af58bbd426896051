"""Parkinson's telemonitoring: 42 patients, their voices day by day, and the clinical score told by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta.datasets._embedded import as_asked, read_arrays

TARGETS = {"total": ("y", "total_UPDRS"), "motor": ("y_motor", "motor_UPDRS")}

DESCR = """\
Parkinson's telemonitoring, one row per patient and day
-------------------------------------------------------
42 people with early-stage Parkinson's disease recorded their voice at home for about six months. A row is the
mean of one patient's recordings of one day: 988 rows.

Features: age (years), sex (0 male, 1 female), test_time (days since recruitment), 16 measures of the voice
(jitter, shimmer, noise to harmonics, RPDE, DFA, PPE). Last column: patient, the task, numbered from 1.

Targets: the total UPDRS (0 to 176; "total") or its motor section (0 to 108; "motor"), higher is worse.

The score is interpolated between clinic visits: to predict rows chosen at random is interpolation, to predict
rows from earlier ones in the order of test_time is a forecast. Say which of the two a number is.

Source: Athanasios Tsanas and Max Little (2009), UCI Machine Learning Repository,
https://doi.org/10.24432/C5ZS3N, CC BY 4.0; changes are listed in DATA_LICENSES beside the file.

A. Tsanas, M. A. Little, P. E. McSharry, L. O. Ramig (2009). Accurate telemonitoring of Parkinson's disease
progression by noninvasive speech tests. IEEE Transactions on Biomedical Engineering.
"""


def load_parkinsons(*, target: str = "total", return_X_y: bool = False, as_frame: bool = False) -> Any:  # noqa: N803
    """Load 42 patients' voice recordings and clinical scores, one row per patient and day.

    The score is interpolated between clinic visits, so a number for random rows is one of interpolation, and
    rows ordered by ``test_time`` are a forecast.

    =================  ====================
    Tasks              42 (patients)
    Samples            988 (patient, day)
    Features           19, and the patient
    Target             real, 5.0 to 55.0
    =================  ====================

    Parameters
    ----------
    target : {"total", "motor"}, default="total"
        The score to predict: total UPDRS or its motor section.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects, with the patient as an integer column.

    Returns
    -------
    Bunch or (data, target)
        With the fields

        data : ndarray or DataFrame of shape (988, 20)
            The features, then the task column "patient" (``task="patient"`` in the frame, ``task=-1`` in the
            array).
        target : ndarray or Series of shape (988,)
            The score.
        feature_names : list of str
            Names of the columns of `data`.
        target_names : list of str
            Name of the target.
        task_name : str
            Name of the task column, "patient".
        frame : DataFrame of shape (988, 21) or None
            `data` and `target` together, with ``as_frame=True``.
        DESCR : str
            What was measured, by whom, under which licence.

    Raises
    ------
    ValueError
        If `target` is another word.
    ImportError
        If ``as_frame=True`` and pandas is not installed.

    References
    ----------
    A. Tsanas, M. A. Little, P. E. McSharry, L. O. Ramig (2009). Accurate telemonitoring of Parkinson's
    disease progression by noninvasive speech tests. IEEE Transactions on Biomedical Engineering.

    Examples
    --------
    >>> from skmeta.datasets import load_parkinsons
    >>> patients = load_parkinsons()
    >>> patients.data.shape, patients.task_name
    ((988, 20), 'patient')
    """
    if target not in TARGETS:
        raise ValueError(f"target: wanted one of {list(TARGETS)}, found {target!r}; leave it out for the first.")
    key, target_name = TARGETS[target]
    stored = read_arrays("parkinsons.npz")
    patient = stored["task"]
    return as_asked(
        np.column_stack([stored["X"].astype(np.float64), patient]),
        stored[key].astype(np.float64),
        patient,
        [*stored["feature_names"].tolist(), "patient"],
        target_name,
        return_X_y=return_X_y,
        as_frame=as_frame,
        DESCR=DESCR,
    )
