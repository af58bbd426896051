"""What all tests share: no search for garbage among them, and the count of scikit-learn's estimator checks at the end."""

import gc
from collections import Counter

import pytest

# Doctest would import nets of packages that are extras, and what is no module of its own.
collect_ignore = ["torch_nets.py", "keras_nets.py", "conftest.py"]


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is collected stays, and is looked at for garbage neither now nor while tests run."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def is_estimator_check(nodeid):
    """Whether a test was made by ``parametrize_with_checks``: its id ends in a ``check_...``."""
    return "check_" in nodeid.partition("[")[2]


def pytest_terminal_summary(terminalreporter):
    counts = Counter(
        outcome
        for outcome in ("passed", "failed", "skipped", "xfailed", "xpassed")
        for report in terminalreporter.stats.get(outcome, [])
        if is_estimator_check(report.nodeid)
    )
    if counts:
        found = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        terminalreporter.write_line(f"scikit-learn's estimator checks: {found} (none skipped by skmeta)")
