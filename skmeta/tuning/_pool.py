"""The candidates that a search chooses among: drawn from its space, and near the best so far."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats.qmc import discrepancy

from skmeta.tuning._candidates import CandidateEncoder, Candidates
from skmeta.tuning._space import Space

_N_DRAWN = 500  # candidates of an infinite space that are looked at
_N_NEAR = 48  # near the best; half of them are new for every choice
_N_PARENTS = 3  # the best so far, that others are drawn near to
_N_DESIGNS = 100  # initial designs that the most even one is chosen of
_MAX_LISTED = 2000  # a finite space of at most so many is looked at whole


class Pool:
    """Candidates not yet tried, none twice.

    Parameters
    ----------
    space : Space
        Where they come from.
    encoder : CandidateEncoder
        How they are seen.
    rng : numpy.random.Generator
        Draws.
    extra : list of dict
        Candidates of the space beside those that are drawn.
    only : list of dict, default=None
        The only candidates, if none are to be drawn.
    """

    def __init__(
        self,
        space: Space,
        encoder: CandidateEncoder,
        rng: np.random.Generator,
        extra: list[dict[str, Any]],
        only: list[dict[str, Any]] | None = None,
    ) -> None:
        self._space, self._encoder, self._rng = space, encoder, rng
        if only is None and space.size <= _MAX_LISTED:
            only = space.all()
        self._is_whole = only is not None
        self._keys: list[Hashable] = []
        self._tried: set[Hashable] = set()
        self.candidates = encoder.encode([])
        self._n_near = 0
        n_drawn = max(_N_DRAWN - len(extra), _N_DRAWN // 2)
        self._add([*extra, *space.sample(n_drawn, rng)] if only is None else only)

    def __len__(self) -> int:
        return len(self._keys)

    def fill(self) -> bool:
        """Draw more where none is left, and say whether there is one."""
        if not self._is_whole and not len(self):
            self._add(self._space.sample(_N_DRAWN, self._rng))
            if not len(self) and self._space.size < np.inf:  # so much has been tried that draws miss the rest
                self._add(self._space.all())
        return len(self) > 0

    def take(self, i: int) -> Candidates:
        """Take one out, as `Candidates` of one."""
        taken = self.candidates.take([i])
        self.remove(taken.params)
        return taken

    def remove(self, params: list[dict[str, Any]]) -> None:
        """Leave out what has been tried."""
        self._tried.update(map(self._space.key, params))
        n = len(self)
        left = [i for i, key in enumerate(self._keys) if key not in self._tried]
        self._n_near -= sum(i >= n - self._n_near for i in set(range(n)) - set(left))
        self._keep(left)

    def lead_with_design(self, n: int) -> None:
        """Put those n first that have most levels and cover the space most evenly, of many n drawn; see `evenness`."""
        n = min(n, len(self))
        if not self.candidates.points.size:
            return
        drawn = [self._rng.choice(len(self), n, replace=False) for _ in range(_N_DESIGNS)]
        points, levels = self.candidates.points, self.candidates.points[:, self._space.is_level] > 0
        first = min(drawn, key=lambda places: (-levels[places].any(axis=0).sum(), discrepancy(points[places])))
        self._keep([*first, *np.setdiff1d(np.arange(len(self)), first)])

    def refresh(self, tried: list[dict[str, Any]], scores: NDArray[np.float64]) -> None:
        """Replace the older half of the candidates near the best by ones near the best so far.

        Parameters
        ----------
        tried : list of dict
            Candidates of the space that were tried.
        scores : ndarray of shape (n_tried,)
            Their scores.
        """
        if self._is_whole or not tried:
            return
        n_drawn, n_stay = len(self) - self._n_near, min(self._n_near, _N_NEAR // 2)
        self._keep([*range(n_drawn), *range(len(self) - n_stay, len(self))])
        best = [tried[i] for i in np.argsort(-scores, kind="stable")[:_N_PARENTS]]
        parents = [best[i % len(best)] for i in range(_N_NEAR // 4)]
        drawn = self._space.sample(len(parents), self._rng)
        self._add(self._space.moved(parents, self._rng) + list(map(self._crossed, parents, drawn)))
        self._n_near = len(self) - n_drawn

    def _crossed(self, parent: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """A parent with some of its values from another candidate; that one, if it is of another branch."""
        if parent.keys() != other.keys():
            return other
        names = list(parent)
        n_new = self._rng.integers(1, max(len(names) // 2, 1) + 1)
        new = self._rng.permutation(len(names))[:n_new]
        return parent | {names[i]: other[names[i]] for i in new}

    def _add(self, params: list[dict[str, Any]]) -> None:
        keyed: dict = {}
        for each in params:
            keyed.setdefault(self._space.key(each), each)
        gone = self._tried.union(self._keys)
        new = {key: each for key, each in keyed.items() if key not in gone}
        self._keys += new
        self.candidates += self._encoder.encode(list(new.values()))

    def _keep(self, places: Iterable[int]) -> None:
        places = list(places)
        self._keys = [self._keys[i] for i in places]
        self.candidates = self.candidates.take(places)
