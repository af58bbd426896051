"""What the levels of a structure explain, in words that leave the names of columns as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np


def counted(counts: Mapping[str, Any]) -> str:
    """Return how many there are of each, by name.

    Examples
    --------
    >>> from skmeta.linear_model._structured._explained import counted
    >>> counted({"region": 12, "store": 144})
    'region: 12, store: 144'
    """
    return ", ".join(f"{name}: {count:.0f}" for name, count in counts.items())


def explains(shares: Mapping[str, float]) -> tuple[str, ...]:
    """Return what each name explains, as a sentence without its full stop; none where no share is known.

    Examples
    --------
    >>> from skmeta.linear_model._structured._explained import explains
    >>> explains({"country": 0.61, "region": 0.04})
    ('country explains 61 %, region 4 % of what differs between tasks',)
    """
    known = {name: share for name, share in shares.items() if not np.isnan(share)}
    told = [f"{name}{'' if k else ' explains'} {100 * share:.0f} %" for k, (name, share) in enumerate(known.items())]
    return (f"{', '.join(told)} of what differs between tasks",) if told else ()


def not_told_apart(names: Sequence[str], counts: Sequence[int], alike: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return what cannot be known: of names that were met with one value alone, and of those that change together.

    Examples
    --------
    >>> from skmeta.linear_model._structured._explained import not_told_apart
    >>> not_told_apart(["country", "region"], [1, 8], [("region", "store")])
    ('one country alone does not tell what country explains', 'region and store change together: not told apart')
    """
    one = [
        f"one {name} alone does not tell what {name} explains" for name, n in zip(names, counts, strict=True) if n == 1
    ]
    return (*one, *(f"{outer} and {inner} change together: not told apart" for outer, inner in alike))
