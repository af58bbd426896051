"""What the components of a mixture say of a task, in words, by their names."""

from __future__ import annotations

import re

_WORDS = {
    r"learned": "a task like past ones",
    r"intercept outlier": "slopes like past tasks', an intercept far off",
    r"noise outlier": "coefficients like past tasks', more noise",
    r"slope outlier": "an intercept like past tasks', slopes of its own",
    r"vague": "a task unlike past ones: its rows alone decide, as without a prior",
    r"vague / \d+": "a task unlike past ones, its slopes nearer to zero",
    r"own model": "a model of the task's own rows alone",
    r"kind \d+": "a task of this kind",
}


def words_of_component(name: str) -> str:
    """Return what a component of this name says of a task; nothing of names that a user gave.

    Examples
    --------
    >>> from skmeta.base._words_of_components import words_of_component
    >>> words_of_component("intercept outlier")
    "slopes like past tasks', an intercept far off"
    """
    return next((words for pattern, words in _WORDS.items() if re.fullmatch(pattern, name)), "")
