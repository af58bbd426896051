"""Parameters of which the first show the promise, and the others are variations of it: `pytest -m variations`.

Another code path, or the extreme that the test's name speaks of, is never a variation.
"""

import pytest


def varied(names, values, *, keep=1, **options):
    """`parametrize`: `pytest` runs the first ``keep`` of the values, ``pytest -m variations`` the others."""
    several = not isinstance(names, str) or "," in names
    values = list(values)
    rest = [variation(value, several) for value in values[keep:]]
    return pytest.mark.parametrize(names, [*values[:keep], *rest], **options)


def variation(value, several=False):
    """The same value, or several of one test, marked."""
    if hasattr(value, "marks"):  # a `pytest.param`
        return value._replace(marks=(*value.marks, pytest.mark.variations))
    return pytest.param(*(value if several else [value]), marks=pytest.mark.variations)
