"""Warnings point at the line of the user's code, however deep inside they are given."""

import linecache
import sys
import warnings

import numpy as np
import pytest
from sklearn.utils.parallel import Parallel, delayed

from skmeta.model_selection import NShotSplit
from skmeta.tasks._warn_caller import warn_caller

pytestmark = pytest.mark.quick


def inside(depth, in_parallel):
    """A call from within the package, `depth` frames deep, or from its parallel parts."""
    names = {"__name__": "skmeta.room._file", "warn_caller": warn_caller, "Parallel": Parallel, "delayed": delayed}
    exec(
        "def call(depth):\n    return call(depth - 1) if depth else warn_caller('said')\n"
        "def spread(depth):\n    return Parallel(n_jobs=None)(delayed(call)(depth) for _ in range(1))\n",
        names,
    )
    return names["spread" if in_parallel else "call"](depth)


@pytest.mark.parametrize("in_parallel", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 9])
def test_the_first_line_that_is_not_ours_is_told(depth, in_parallel):
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        inside(depth, in_parallel)
    assert [each.filename for each in said] == [__file__] and said[0].category is UserWarning
    assert "return names[" in linecache.getline(__file__, said[0].lineno)


def test_a_splitter_points_at_the_line_that_asked_it():
    X = np.column_stack([np.arange(12.0), np.repeat([0, 1, 2], 4)])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        line = sys._getframe().f_lineno + 1
        list(NShotSplit(-1, 1, 2).split(X, groups=X[:, 1]))
    assert [(each.filename, each.lineno) for each in said] == [(__file__, line)]
