"""One name for each role, in all legends and in the table of the command line."""

from __future__ import annotations

from collections.abc import Sequence

ROLE_NAMES = {
    "own": "own model only",
    "pooled": "one pooled model",
    "residual": "pooled + own residual",
    "boosted": "boosting, id as category",
    "warm": "warm",
}


def names_in_words(names: Sequence[str]) -> list[str]:
    """Return what legends call models: those named by the keys of `make_baselines` in words, others as they are named.

    Examples
    --------
    >>> from skmeta.inspection._role_names import names_in_words
    >>> names_in_words(["own", "warm", "my model"])
    ['own model only', 'warm', 'my model']
    """
    words = [ROLE_NAMES.get(name, name) for name in names]
    return [word if words.count(word) == 1 else name for word, name in zip(words, names, strict=True)]
