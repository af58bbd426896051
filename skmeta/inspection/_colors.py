"""One colour for each role in all figures: warm is always the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

# Told apart by colour-blind readers too: M. Okabe and K. Ito (2002), Color Universal Design; B. Wong (2011), Points of view:
# Color blindness, Nature Methods 8, 441. The others after the first two: P. Tol (2012), SRON/EPS/TN/09-002.
COLORS = {
    "warm": "#D55E00",
    "residual": "#CC79A7",
    "boosted": "#E69F00",
    "pooled": "#009E73",
    "own": "#0072B2",
    "random": "#7F7F7F",
}
OTHERS = ("#56B4E9", "#000000", "#882255", "#999933", "#332288", "#44AA99")
_ROLES = {"boosting": "boosted", "cold": "own", "alone": "own"}  # other words for a role


def colors_of_parts(n: int) -> list[str]:
    """Return the colours of what one prior has: classes, levels, kinds or coefficients; none of several has that of a role.

    Examples
    --------
    >>> from skmeta.inspection._colors import COLORS, colors_of_parts
    >>> colors_of_parts(1) == [COLORS["warm"]], set(colors_of_parts(9)).isdisjoint(COLORS.values())
    (True, True)
    """
    return [COLORS["warm"]] if n == 1 else [OTHERS[k % len(OTHERS)] for k in range(n)]


def role_of(name: str) -> str | None:
    """Return the role that the name of a model tells, the first of `COLORS` that is among its words; None for none."""
    words = re.findall("[a-z]+", name.lower())
    found = {_ROLES.get(word, word) for word in words}
    return next((role for role in COLORS if role in found), None)


def colors_of(names: Sequence[str]) -> list[str]:
    """Return the colour of each model: the first of a role has that of the role, others have further ones.

    Examples
    --------
    >>> from skmeta.inspection._colors import COLORS, colors_of
    >>> colors_of(["one pooled model", "warm"]) == [COLORS["pooled"], COLORS["warm"]]
    True
    """
    free, taken, found = 0, set(), []
    for name in names:
        role = role_of(name)
        if role is None or role in taken:
            found.append(OTHERS[free % len(OTHERS)])
            free += 1
        else:
            taken.add(role)
            found.append(COLORS[role])
    return found
