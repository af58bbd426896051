"""Scale: what learning from thousands of tasks costs, each line in a process of its own."""

import scale
from _page_sections import OURS, Cell, Section
from _peers import missing

CASES = {OURS: "narrow", "own models": "narrow, own models"}
LIMIT = 40  # CPU seconds
MAX_PEERS = 3_000  # tasks; what was over the limit there needs no more of them


def fitted(n_tasks):
    cases = CASES | ({} if missing("gpboost") or n_tasks > MAX_PEERS else {"GPBoost": "narrow, GPBoost"})
    found = {name: scale.in_own_process(case, n_tasks, 1, LIMIT) for name, case in cases.items()}
    if "failed" in found[OURS]:
        raise RuntimeError(f"skmeta on {n_tasks} tasks: {found[OURS]['failed']}")
    return {name: line if "failed" in line else as_found(line) for name, line in found.items()}


def as_found(line):
    return {"errors": {}, "also": {"peak MB / data": line["peak"] / line["data"]}, "seconds": line["cpu"]}


def cells(setting):
    sizes = (100, 200) if setting.quick else (300, 1_000, 3_000, 10_000)
    return [Cell(f"{n:,} tasks", "one run", lambda n=n: fitted(n)) for n in sizes]


SCALE = Section(
    "scale",
    "Scale",
    "How do seconds and memory grow with the tasks?",
    "Made up: 20 rows and 20 columns a task, coefficients of their own (``narrow`` in ``benchmarks/scale.py``). "
    "Seconds are those of "
    "``fit``, the peak of memory is that of the process while it ran, data included.",
    "Seconds of one fit",
    ("gpboost",),
    cells,
    notes=(
        "skmeta is ``WarmStartRegressor(Ridge(), task=-1)``; own models are a ``Ridge`` a task, which learn nothing "
        "of each other.",
        f"GPBoost has independent slopes of all columns. It is run on up to {MAX_PEERS:,} tasks, and ended after "
        f"{LIMIT} CPU seconds.",
        "One run a line, so that there is no standard error.",
    ),
)
