"""What people and programs call the numbers or names of rows."""

from __future__ import annotations

import re

UNNAMED = "Unnamed: "  # what pandas calls a column without a name
ROW_NAMES = re.compile(
    r"(.*[^a-z])?id|#|(row|record|line|obs|index|idx|nr|no|num|number|seq)([^a-z]*(id|no|nr|num|number|name|names|index))?s?"
)


def is_row_name(name: str) -> bool:
    """Whether a column is called as the numbers or names of rows are.

    Examples
    --------
    >>> from skmeta.report._row_names import is_row_name
    >>> [is_row_name(name) for name in ("row_id", "Nr", "week")]
    [True, True, False]
    """
    return name.startswith(UNNAMED) or ROW_NAMES.fullmatch(name.lower().strip()) is not None
