"""Progress of work that has parts, each of which tells its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

T = TypeVar("T")

_OF_A_PART = 100  # shown: in so many steps each part is told


def each_told(found: Iterable[T], total: int, progress: Callable[[int, int], object] | None) -> list[T]:
    """What comes one after the other, of which each is told."""
    got = []
    for each in found:
        got.append(each)
        if progress is not None:
            progress(len(got), total)
    return got


class PartsOfWork:
    """Makes of one callback those of the parts, which are done one after the other or left out.

    Parameters
    ----------
    progress : callable or None
        Called as ``progress(done, total)``; what it raises ends the work.
    n_parts : int
        How many parts there are at most.
    """

    def __init__(self, progress: Callable[[int, int], object] | None, n_parts: int) -> None:
        self._progress, self._n_parts, self._done = progress, n_parts, 0

    def part(self, number: int) -> Any:
        """The callback of one part, from 0; None where nobody listens."""
        if self._progress is None:
            return None
        return lambda done, total: self.told(number * _OF_A_PART + _OF_A_PART * done // total)

    def did(self, n_parts: int) -> None:
        """So many parts are done."""
        self.told(n_parts * _OF_A_PART)

    def one_more(self) -> None:
        """Another part is done."""
        self.did(self._done // _OF_A_PART + 1)

    def finish(self) -> None:
        """All is done, whatever was left out."""
        self.told(self._n_parts * _OF_A_PART)

    def told(self, done: int) -> None:
        """Tell how much is done, in hundredths of a part; what is no news is not told."""
        if done > self._done:
            self._done = done
            if self._progress is not None:
                self._progress(done, self._n_parts * _OF_A_PART)
