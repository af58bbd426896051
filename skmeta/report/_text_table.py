"""A text file as a frame whose cells are the text that stands there."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from skmeta import _dataframe
from skmeta.report._named_cells import named_cells
from skmeta.report._row_lengths import n_used, row_lengths
from skmeta.report._row_names import UNNAMED

DELIMITERS = ",;\t| "
N_LINES = 200  # at the top, among which the header is looked for
SAVE_AS_UTF8 = "save it as UTF-8 (in Excel: Save As, CSV UTF-8)"

OPENERS: dict[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True)
class Header:
    """Where the names of the columns stand, and what divides them."""

    delimiter: str
    names: tuple[str, ...]
    n_lines: int  # of the file, up to its last


def read_text_table(path: Path, wanted: tuple[str, ...], needed_by: str) -> tuple[Any, str, list[str]]:
    """Return a text file as a frame of text, empty cells missing, and notes on how it was read.

    The header is the first line that has all the wanted names; lines above it are titles or comments.

    Parameters
    ----------
    path : Path
        The file.
    wanted : tuple of str
        Names of columns that the header has, that of the tasks first.
    needed_by : str
        Who needs pandas, for the error where it is not installed.

    Returns
    -------
    frame : DataFrame
        Cells of text.
    delimiter : str
        What divides them.
    notes : list of str
        What a reader should know.
    """
    text, notes = decoded(_bytes_of(path))
    header = find_header(text, wanted)
    if header.delimiter == " " and "" in header.names:  # columns that are aligned by blanks
        text = re.sub("(?m)^ +| +$|(?<= ) +", "", text)
        header = find_header(text, wanted)
    rows = StringIO(text, newline="")
    for _ in range(header.n_lines):
        rows.readline()
    names, doubled = distinct(header.names)
    lengths = row_lengths(rows, header.delimiter, len(names), header.n_lines)
    frame = _dataframe.read_text_cells(rows, header.delimiter, max(lengths.longest, len(names)), needed_by)
    frame, more = named_cells(frame, names, lengths, wanted)
    notes += [*lengths.notes, *more]
    if doubled:
        notes.append(f"Columns of one name were numbered: {', '.join(doubled)}.")
    return frame, header.delimiter, notes


def _bytes_of(path: Path) -> bytes:
    """Return what a file holds, unpacked."""
    kind = path.suffix.lower()
    if kind == ".zip":
        with ZipFile(path) as folder:
            return folder.read(_table_in(folder.namelist()))
    with OPENERS.get(kind, Path.open)(path) if kind in OPENERS else path.open("rb") as file:
        return bytes(file.read())


def _table_in(names: list[str]) -> str:
    """Return the one table among packed files; what systems add to them and texts beside it are none."""
    files = [name for name in names if not name.endswith("/") and not re.search(r"(^|/)(\.|__MACOSX/)", name)]
    tables = [name for name in files if re.search(r"\.(csv|tsv)$", name, re.IGNORECASE)] or files
    if len(tables) != 1:
        raise ValueError(
            f"{len(tables)} files in it{''.join(f', {name}' for name in tables[:5])}; unpack the one that is meant"
        )
    return tables[0]


def decoded(content: bytes) -> tuple[str, list[str]]:
    """Return bytes as text, and a note where their encoding was a guess.

    Examples
    --------
    >>> from skmeta.report._text_table import decoded
    >>> decoded("shop,café".encode("utf-16"))
    ('shop,café', [])
    >>> decoded("café".encode("latin-1"))[1]
    ['Not UTF-8, read as Windows-1252: see that letters with accents are right, or save it as UTF-8 (in Excel: ...
    """
    if content.startswith((BOM_UTF32_LE, BOM_UTF32_BE)):  # before UTF-16, whose mark these begin with
        return content.decode("utf-32"), []
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return content.decode("utf-16"), []
    for first, encoding in enumerate(("utf-16-be", "utf-16-le")):  # of which Latin letters have a zero each
        if content[first:1000:2].count(0) > len(content[:1000]) / 4 > content[1 - first : 1000 : 2].count(0):
            return content.decode(encoding), []
    if b"\0" in content[:1000]:
        raise ValueError(f"bytes that are no text; {SAVE_AS_UTF8}")
    try:
        return content.decode("utf-8").lstrip("\ufeff"), []
    except UnicodeDecodeError:
        note = f"Not UTF-8, read as Windows-1252: see that letters with accents are right, or {SAVE_AS_UTF8}."
        return content.decode("cp1252", errors="replace"), [note]


def find_header(text: str, wanted: tuple[str, ...]) -> Header:
    r"""Return the header that has the most of the wanted names; without one, the first line, divided into most names.

    Examples
    --------
    >>> from skmeta.report._text_table import find_header
    >>> find_header("sep=;\nSales, by shop\nshop;sales\na;1,5", ("shop", "sales"))
    Header(delimiter=';', names=('shop', 'sales'), n_lines=3)
    """
    top = list(islice(StringIO(text, newline=""), N_LINES))
    declared = re.fullmatch(r"sep=(.)\s*", top[0], re.IGNORECASE) if top else None
    headers = [each for delimiter in (declared[1] if declared else DELIMITERS) for each in _lines(top, delimiter)]
    n_wanted = [len(set(wanted) & set(each.names)) if _goes_on(top, each) else 0 for each in headers]
    named = [each for each, n in zip(headers, n_wanted, strict=True) if n and n == max(n_wanted)]
    if named:
        return min(named, key=lambda each: (each.n_lines, -len(each.names)))
    if not headers:
        raise ValueError("no columns")
    plain = [each for each in headers if not each.names[0].startswith(("#", "sep="))] or headers
    first = min(each.n_lines for each in plain)
    return max((each for each in plain if each.n_lines == first), key=lambda each: len(each.names))


def _goes_on(top: list[str], header: Header) -> bool:
    """Whether the next line has as many cells as a header, or one more, empty ones behind it not counted: a title has not."""
    after = next((cells for cells in csv.reader(top[header.n_lines :], delimiter=header.delimiter) if any(cells)), None)
    return after is None or (len(after) >= len(header.names) and n_used(after) <= len(header.names) + 1)


def _lines(top: list[str], delimiter: str) -> Iterator[Header]:
    """Every line as a header, empty ones left out."""
    reader = csv.reader(top, delimiter=delimiter)
    try:
        for cells in reader:
            names = tuple(cell.strip() for cell in cells)
            if any(names):
                yield Header(delimiter, names, reader.line_num)
            if names and names[0].startswith("#"):  # a header that is a comment, as other programs write it
                yield Header(delimiter, (names[0].lstrip("# "), *names[1:]), reader.line_num)
    except csv.Error:  # a quote that never ends is no header
        return


def distinct(names: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return names that differ, as pandas makes them, and those that were there twice.

    Examples
    --------
    >>> from skmeta.report._text_table import distinct
    >>> distinct(("", "a", "b", "a"))
    (['Unnamed: 0', 'a', 'b', 'a.1'], ['a'])
    """
    named = [name or f"{UNNAMED}{at}" for at, name in enumerate(names)]
    seen: Counter[str] = Counter()
    out: list[str] = []
    for name in named:
        new = name
        while new in out or (new != name and new in named):
            seen[name] += 1
            new = f"{name}.{seen[name]}"
        out.append(new)
    return out, list(seen)
