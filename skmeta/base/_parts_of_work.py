"""Progress of work that has parts, each of which tells its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_OF_A_PART = 100  # shown: in so many steps each part is told


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
        self._progress, self._n_parts = progress, n_parts

    def part(self, number: int) -> Any:
        """The callback of one part, from 0; None where nobody listens."""
        if self._progress is None:
            return None
        return lambda done, total: self.told(number * _OF_A_PART + _OF_A_PART * done // total)

    def did(self, n_parts: int) -> None:
        """So many parts are done."""
        self.told(n_parts * _OF_A_PART)

    def finish(self) -> None:
        """All is done, whatever was left out."""
        self.told(self._n_parts * _OF_A_PART)

    def told(self, done: int) -> None:
        """Tell how much is done, in hundredths of a part."""
        if self._progress is not None:
            self._progress(done, self._n_parts * _OF_A_PART)
