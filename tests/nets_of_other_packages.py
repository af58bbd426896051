"""What tests of nets of other packages share: tasks, and the code of their page in the guide."""

import re
from pathlib import Path
from textwrap import dedent

import numpy as np

PAGE = Path(__file__).parent.parent / "docs" / "guide" / "torch_and_keras.rst"


def many_lines(n_tasks=4, n_rows=12):
    """Tasks whose targets are multiples of the first of three columns; the fourth has their numbers."""
    rng = np.random.default_rng(0)
    task = np.repeat(np.arange(n_tasks), n_rows)
    X = rng.normal(size=(len(task), 3))
    return np.column_stack([X, task]), X[:, 0] * rng.normal(1.0, 0.3, n_tasks)[task]


def code_of_page(number):
    """One of the blocks of code of the page."""
    found = re.findall(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dedent(found[number])
