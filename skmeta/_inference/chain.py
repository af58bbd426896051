"""Matrices that are tridiagonal in blocks, as the precisions of chains are: solutions, and the inverse where it is needed.

Every other node is eliminated at once, then every other one of those that are left, until there is none: a few batched
operations instead of one a node (odd-even elimination; Hockney, 1965, Journal of the ACM 12; of blocks Buzbee, Golub and
Nielson, 1970, SIAM Journal on Numerical Analysis 7). On the way back come the blocks of the inverse that are not zero in the
matrix (Takahashi, Fagan and Chin, 1973). Chains that do not touch are one with a coupling of zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta._inference.linalg import diagonal, inverse_and_logdet

Array = NDArray[Any]

_ROUNDED = 1e-14  # guard: share of a block by which rounding may be wrong


@dataclass(frozen=True, eq=False)
class Solved:
    """``solution (n, k, m)``, and of the inverse its blocks on the diagonal ``(n, k, k)`` and ``below`` it ``(n - 1, k, k)``.

    ``logdet (n,)`` adds up to the logarithm of the determinant; nodes that do not touch share nothing of it.
    """

    logdet: np.ndarray
    solution: np.ndarray
    inverse: np.ndarray
    below: np.ndarray


def solve_chain(blocks: Array, below: Array, sides: Array) -> Solved:
    """Solve for ``sides (n, k, m)``: ``blocks (n, k, k)`` on the diagonal, ``below (n - 1, k, k)`` couple nodes to the last."""
    n = len(blocks)
    inverse, logdet = inverse_and_logdet(blocks[1::2] if n > 1 else blocks)
    if n == 1:
        return Solved(logdet, inverse @ sides, inverse, below)
    # An eliminated node has a neighbour to its left, and to its right unless it is the last.
    left, right = below[::2], _turned(below[1::2])
    two = n // 2 if n % 2 else n // 2 - 1
    to_left, to_right = inverse @ left, inverse[:two] @ right
    solved = inverse @ sides[1::2]
    held = _ROUNDED * diagonal(blocks[::2])[..., None] * np.eye(blocks.shape[-1])
    kept, kept_sides = blocks[::2] + held, sides[::2].copy()
    kept[: n // 2] -= _turned(left) @ to_left
    kept[1 : two + 1] -= _turned(right) @ to_right
    kept_sides[: n // 2] -= _turned(left) @ solved
    kept_sides[1 : two + 1] -= _turned(right) @ solved[:two]
    rest = solve_chain(kept, -_turned(to_right) @ left[:two], kept_sides)
    return _back(rest, logdet, inverse, to_left, to_right, solved)


def _back(rest: Solved, logdet: Array, own: Array, to_left: Array, to_right: Array, solved: Array) -> Solved:
    """The eliminated nodes among those that were kept: ``own`` inverses of their blocks, and gains to both sides."""
    n, two = len(rest.solution) + len(own), len(to_right)
    solution = np.empty((n, *solved.shape[1:]))
    inverse, below = np.empty((n, *own.shape[1:])), np.empty((n - 1, *own.shape[1:]))
    volume = np.empty(n)
    solution[::2], inverse[::2], volume[::2], volume[1::2] = rest.solution, rest.inverse, rest.logdet, logdet
    solved = solved - to_left @ rest.solution[: len(own)]
    solved[:two] -= to_right @ rest.solution[1 : two + 1]
    to_last = -to_left @ rest.inverse[: len(own)]
    to_last[:two] -= to_right @ rest.below[:two]
    to_next = -to_left[:two] @ _turned(rest.below[:two]) - to_right @ rest.inverse[1 : two + 1]
    own = own - to_last @ _turned(to_left)
    own[:two] -= to_next @ _turned(to_right)
    solution[1::2], inverse[1::2] = solved, own
    below[::2], below[1::2] = to_last, _turned(to_next)
    return Solved(volume, solution, inverse, below)


def _turned(matrices: Array) -> Array:
    return np.swapaxes(matrices, -1, -2)
