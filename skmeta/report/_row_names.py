"""What people and programs call the numbers or names of rows."""

from __future__ import annotations

import re

UNNAMED = "Unnamed: "  # what pandas calls a column without a name
ROW_NAMES = re.compile(
    r"""(.*[^a-z])?(id|no|nr) | [#] | s/n | pk | key | uuid | guid | rn | [.]{3}\d+ | (__index_)?level_\d+(__)?
    | (row|record|line|obs|index|idx|num|number|seq)([^a-z]*(id|no|nr|num|number|name|names|index))?s?""",
    re.VERBOSE,
)


def is_row_name(name: str) -> bool:
    """Whether a column is called as the numbers or names of rows are.

    Examples
    --------
    >>> from skmeta.report._row_names import is_row_name
    >>> [is_row_name(name) for name in ("row_id", "Serial No.", "index.1", "week")]
    [True, True, True, False]
    """
    stem = re.sub(r"[.:]$|\.\d+$", "", name.lower().strip())
    return name.startswith(UNNAMED) or any(ROW_NAMES.fullmatch(each) for each in (stem, name.lower().strip()))
