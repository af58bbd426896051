"""Which columns come in which block: what a learner was given, as positions among the coefficients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from skmeta.linear_model._named_columns import NamedColumns, are_columns
from skmeta.tasks._column_error import ColumnError

SHAPES_OF_BLOCKS = ("auto", "blocks")


def check_blocks(blocks: Any, covariance: str) -> None:
    """Raise unless blocks are there where they are asked for, as a dict of lists of columns."""
    if blocks is None:
        if covariance == "blocks":
            raise ValueError(
                "EmpiricalBayes(blocks=...): wanted a dict of lists of columns with covariance='blocks', found None; as "
                "blocks={'first': ['a', 'b'], 'second': ['c']}."
            )
        return
    if covariance not in SHAPES_OF_BLOCKS:
        raise ValueError(
            f"EmpiricalBayes(covariance=...): wanted one of {SHAPES_OF_BLOCKS} with blocks, found {covariance!r}; leave out "
            "blocks to have that shape."
        )
    if not isinstance(blocks, Mapping) or not blocks:
        raise ValueError(
            f"EmpiricalBayes(blocks=...): wanted a dict of lists of columns, found {blocks!r}; as "
            "{'first': ['a', 'b'], 'second': ['c']}."
        )
    for name, columns in blocks.items():
        if not are_columns(columns) or not len(columns):
            raise ValueError(
                f"EmpiricalBayes(blocks=...): wanted a list of columns, by name or position, in each block, found "
                f"{columns!r} in {name!r}; of a single column give a list of one."
            )


def columns_of_blocks(
    blocks: Mapping[str, Any] | None, columns: NamedColumns, varying: tuple[int, ...] | None
) -> dict[str, tuple[int, ...]]:
    """Positions of each block's columns that vary; every column of the model is in one block. None: no block."""
    if blocks is None:
        return {}
    found: dict[str, tuple[int, ...]] = {}
    home: dict[int, str] = {}
    for name, own in blocks.items():
        places = [columns.position(column, "blocks") for column in own]
        for place in places:
            if place in home:
                where = f"twice in {name!r}" if home[place] == name else f"in {home[place]!r} and in {name!r}"
                wanted = "EmpiricalBayes(blocks=...): wanted each column in one block, found "
                raise ColumnError(wanted, (place,), f" {where}.", labels=columns.names)
            home[place] = name
        found[str(name)] = tuple(sorted(places))
    _check_all_there(home, columns.names, columns.n_features)
    if varying is None:
        return found
    kept = {name: tuple(place for place in places if place in varying) for name, places in found.items()}
    return {name: places for name, places in kept.items() if places}


def _check_all_there(home: Mapping[int, str], names: Sequence[str] | None, n_features: int) -> None:
    missing = np.setdiff1d(np.arange(n_features), list(home))
    if len(missing):
        raise ColumnError(
            "EmpiricalBayes(blocks=...): wanted each column of the model in a block, found none for ",
            tuple(missing),
            "; put them in a block of their own, as 'rest'.",
            labels=names,
        )
