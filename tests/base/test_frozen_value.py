"""Values that nobody can change: their arrays are their own and read-only, wherever they stand."""

import pickle
from dataclasses import dataclass

import numpy as np
import pytest

from skmeta.base import FrozenValue

pytestmark = pytest.mark.quick


@dataclass(frozen=True, eq=False)
class Groups(FrozenValue):
    shares: np.ndarray
    ids: tuple = ()
    name: str = ""


@pytest.mark.parametrize("again", [lambda value: value, lambda value: pickle.loads(pickle.dumps(value))])
def test_arrays_are_locked_also_in_tuples(again):
    value = again(Groups(np.ones(2), (np.arange(3), "text", None), "left"))
    assert value.ids[1:] == ("text", None) and value.name == "left"
    for array in (value.shares, value.ids[0]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7


def test_arrays_are_copied_so_that_nothing_passed_in_changes_or_is_locked():
    shares, ids = np.ones(2), np.arange(3)
    value = Groups(shares, (ids, ids[1:]))
    shares[0] = ids[1] = 7
    assert value.shares.tolist() == [1.0, 1.0]
    assert [own.tolist() for own in value.ids] == [[0, 1, 2], [1, 2]]


def test_what_is_locked_already_is_shared():
    ids = np.arange(3)
    ids.flags.writeable = False
    told = (ids, "text")
    assert Groups(np.ones(2), told).ids[0] is ids
