"""Nets: exact gradients of MAML, as many in a CPU second as each package makes."""

import meta_gradients
import numpy as np
from _page_sections import Cell, Section

N_GRADIENTS = 1000


def in_turn(dtype, rounds, seconds):
    """CPU seconds of `N_GRADIENTS`, of which the packages have been seen to agree; rounds alternate among them."""
    rates = meta_gradients.rates_of(meta_gradients.gradients(dtype), rounds, seconds)
    medians = {name: float(np.median(rate)) for name, rate in rates.items()}
    return {
        name: {"errors": {}, "also": {"gradients a CPU s": rate}, "seconds": N_GRADIENTS / rate}
        for name, rate in medians.items()
    }


def cells(setting):
    rounds, seconds = (1, 0.05) if setting.quick else (2, 0.3)
    return [
        Cell(dtype.__name__, f"round {seed}", lambda dtype=dtype: in_turn(dtype, rounds, seconds))
        for dtype in (np.float64, np.float32)
        for seed in range(setting.seeds)
    ]


NETS = Section(
    "nets",
    "Nets: speed of MAML",
    "How many exact meta-gradients does a CPU second bring?",
    "25 sinusoids of 10 + 10 points, a 1-40-40-1 net and one inner step, one thread "
    "(``benchmarks/meta_gradients.py --part speed``). "
    "All gradients are checked against each other first.",
    f"Seconds of {N_GRADIENTS} gradients",
    ("torch", "parallel-metalearn", "learn2learn"),
    cells,
    notes=(
        '"torch.func, vmap" has all tasks at once; "a task after the other" is autograd in a loop, which is how '
        "learn2learn computes.",
    ),
)
