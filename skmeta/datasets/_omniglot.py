"""Omniglot, the small background set: characters of five alphabets, each drawn by twenty people."""

from __future__ import annotations

from typing import Any

import numpy as np

from skmeta.datasets._embedded import as_asked, read_arrays

WIDTH = 28

DESCR = """\
Omniglot, five alphabets of 136 characters, each drawn by 20 people
-------------------------------------------------------------------
A row is a drawing: 28 x 28 pixels, 1 where there is ink, row by row from the top left: 2720 rows.
Last column: alphabet, the task. Target: the character, a class that no other alphabet has.

This is images_background_small1, the smaller of the two sets of five alphabets that its authors propose for
learning from little data. Few-shot figures of papers are learned on up to nine times as many characters and
with grey pixels: do not compare them as if they were of this set.

Source: https://github.com/brendenlake/omniglot, the MIT License, copyright (c) 2015 Brenden Lake; its text and
the changes are in DATA_LICENSES beside the file.

B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum (2015). Human-level concept learning through probabilistic program
induction. Science 350(6266), 1332-1338.
"""


def load_omniglot(*, return_X_y: bool = False, as_frame: bool = False) -> Any:  # noqa: N803
    """Load 136 handwritten characters of five alphabets, each drawn by 20 people: tasks whose classes differ.

    =================  ========================================
    Tasks              5 (alphabets, of 22 to 40 characters)
    Classes            136 (characters, 20 drawings each)
    Samples            2720 (drawings)
    Features           784 pixels, 0 or 1, and the alphabet
    =================  ========================================

    Parameters
    ----------
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=False
        Return pandas objects, with the alphabet by its name.

    Returns
    -------
    Bunch or (data, target)
        With the fields

        data : ndarray or DataFrame of shape (2720, 785)
            The pixels, then the task column "alphabet" (``task="alphabet"`` in the frame, ``task=-1`` in the array, whose
            numbers are places in `alphabets`).
        target : ndarray or Series of shape (2720,)
            The character, such as ``"Balinese/character01"``.
        images : ndarray of shape (2720, 28, 28)
            The pixels.
        alphabets : list of str
            Names of the tasks.
        drawer : ndarray of shape (2720,)
            Which of the 20 people drew it, from 1; in each alphabet other people may be meant.
        feature_names : list of str
            Names of the columns of `data`.
        target_names : list of str
            Name of the target.
        task_name : str
            Name of the task column, "alphabet".
        frame : DataFrame of shape (2720, 786) or None
            `data` and `target` together, with ``as_frame=True``.
        DESCR : str
            What was drawn, by whom, under which licence.

    Raises
    ------
    ImportError
        If ``as_frame=True`` and pandas is not installed.

    References
    ----------
    B. M. Lake, R. Salakhutdinov, J. B. Tenenbaum (2015). Human-level concept learning through probabilistic
    program induction. Science 350(6266), 1332-1338.

    Examples
    --------
    >>> from skmeta.datasets import load_omniglot
    >>> omniglot = load_omniglot()
    >>> omniglot.data.shape, len(set(omniglot.target)), omniglot.alphabets
    ((2720, 785), 136, ['Balinese', 'Early_Aramaic', 'Greek', 'Korean', 'Latin'])
    """
    stored = read_arrays("omniglot.npz")
    pixels = np.unpackbits(stored["X"], axis=1).astype(np.float64)
    alphabets, codes = np.unique(stored["task"], return_inverse=True)
    names = [f"pixel_{row}_{column}" for row in range(WIDTH) for column in range(WIDTH)]
    return as_asked(
        np.column_stack([pixels, codes]),
        stored["y"].astype(object),
        alphabets[codes].astype(object),
        [*names, "alphabet"],
        "character",
        return_X_y=return_X_y,
        as_frame=as_frame,
        images=pixels.reshape(-1, WIDTH, WIDTH),
        alphabets=alphabets.tolist(),
        drawer=stored["drawer"],
        DESCR=DESCR,
    )
