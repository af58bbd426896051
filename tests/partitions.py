"""Engines for tests of collections in parts: in this process, but lossy or counting."""

import pickle

import numpy as np

from skmeta._inference.partitions import InProcess


class Lossy(InProcess):
    """Whatever is mapped is computed, lost and computed again from copies, as on another machine; both must be the same."""

    def map(self, function, *parts):
        return [self._again(function, each) for each in zip(*parts, strict=True)]

    @staticmethod
    def _again(function, each):
        before = pickle.dumps((function, each))
        first = pickle.dumps(function(*each))
        function, each = pickle.loads(before)
        second = function(*each)
        assert numbers_in(pickle.loads(first)) == numbers_in(second)
        return second


class Counting(InProcess):
    """Remembers how many numbers each call of `gather` brought here."""

    def __init__(self):
        self.gathered = []

    def gather(self, parts):
        self.gathered.append(sum(len(numbers_in(part)) for part in parts))
        return super().gather(parts)


def numbers_in(value):
    """All numbers of arrays, tuples and values with fields, in a list."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return value.tolist()
    if isinstance(value, np.ndarray | np.generic | float | int | bool):
        return np.nan_to_num(np.ravel(value).astype(float), nan=-1e300).tolist()
    if isinstance(value, tuple | list):
        return [number for part in value for number in numbers_in(part)]
    return [] if value is None or isinstance(value, str) else numbers_in(list(vars(value).values()))
