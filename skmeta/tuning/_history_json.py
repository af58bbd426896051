"""A history as a file: readable, versioned JSON, written whole or not at all."""

from __future__ import annotations

import json
import os
from functools import partial
from os import PathLike
from pathlib import Path
from secrets import token_hex
from typing import Any

from skmeta.tuning._trial import Trial, decoded_trial, encoded_trial

VERSION = 1
Groups = dict[str | int, list[Trial]]  # by task


def history_as_text(groups: Groups) -> str:
    """Trials as JSON.

    Parameters
    ----------
    groups : dict of task to list of Trial
        The trials.

    Returns
    -------
    str
        What a file of them holds.
    """
    write = partial(json.dumps, ensure_ascii=False, allow_nan=False)
    # A line a trial: to be read by people, and ten times as fast to write as with every value on a line of its own.
    tasks = [
        f'{{"task": {write(task)}, "trials": [\n' + ",\n".join(write(encoded_trial(trial)) for trial in trials) + "\n]}"
        for task, trials in groups.items()
    ]
    return f'{{"skmeta_history": {VERSION}, "tasks": [{", ".join(tasks)}]}}'


def write_history(groups: Groups, path: str | PathLike[str]) -> None:
    """Write trials, so that the file is the old one until it is the whole new one.

    Parameters
    ----------
    groups : dict of task to list of Trial
        The trials.
    path : str or path-like
        The file; its folder must exist.
    """
    text = history_as_text(groups)
    target = Path(path).resolve()
    if not target.parent.is_dir():
        raise FileNotFoundError(f"path: wanted a file in a folder that exists, found {target}; make the folder first.")
    draft = target.with_name(f".{target.name}.{token_hex(4)}")
    try:
        with draft.open("xb") as file:
            file.write(f"{text}\n".encode(errors="surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        if target.exists():  # who may read it stays as it was
            draft.chmod(target.stat().st_mode)
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)


def read_history(path: str | PathLike[str]) -> list[Trial]:
    """Read what `write_history` wrote.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    list of Trial
        All trials, in the order of the file.

    Raises
    ------
    ValueError
        If the file is truncated, corrupt, of a newer version, or no history at all.
    """
    return history_from_text(Path(path).read_bytes(), path)


def history_from_text(raw: bytes, path: str | PathLike[str]) -> list[Trial]:
    """Trials from the bytes of a file, or of what `history_as_text` gave; ``path`` is named where they are wrong."""
    data = _parsed(raw, path)
    if not isinstance(data, dict) or "skmeta_history" not in data:
        raise ValueError(f"path: wanted a file that TrialHistory.save wrote, found other JSON in {path}.")
    version = data["skmeta_history"]
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _unreadable(path, "corrupt", f"its version is {version!r}")
    if version > VERSION:
        raise ValueError(
            f"path: wanted a history of version {VERSION} or older, found the newer version {version} in {path}; "
            "upgrade skmeta to read it."
        )
    return _trials(data.get("tasks"), path)


def _parsed(raw: bytes, path: str | PathLike[str]) -> Any:
    try:
        text = raw.decode(errors="surrogatepass").rstrip()
    except UnicodeDecodeError as error:
        cut = raw.startswith(b"{") and error.end >= len(raw)
        raise _unreadable(path, "truncated" if cut else "corrupt", str(error)) from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if not text.startswith("{"):
            found = "an empty file" if not text else f"one that begins with {text[:20]!r}"
            raise ValueError(f"path: wanted a file that TrialHistory.save wrote, found {found}: {path}.") from error
        # What was written whole ends with a brace, and a reader who wants more has come to the end.
        cut = not text.endswith("}") or error.pos >= len(text)
        raise _unreadable(path, "truncated" if cut else "corrupt", str(error)) from error
    except RecursionError as error:
        raise _unreadable(path, "corrupt", "it is nested too deeply") from error


def _trials(tasks: Any, path: str | PathLike[str]) -> list[Trial]:
    trials, where = [], "tasks"
    try:
        for i, group in enumerate(_checked(tasks, list)):
            where = f"tasks[{i}]"
            task, records = _checked(group, dict)["task"], _checked(group["trials"], list)
            if not isinstance(task, str | int) or isinstance(task, bool):
                raise ValueError(f"wanted a name or a whole number as task, found {task!r}")
            for j, record in enumerate(records):
                where = f"tasks[{i}].trials[{j}]"
                trials.append(decoded_trial(task, record))
    except KeyError as error:
        raise _unreadable(path, "corrupt", f"{where} has no {error}") from error
    except (ValueError, TypeError) as error:
        raise _unreadable(path, "corrupt", f"at {where} {error}") from error
    return trials


def _checked(data: Any, kind: type) -> Any:
    if not isinstance(data, kind):
        raise ValueError(f"wanted a {kind.__name__}, found {data!r:.40}")
    return data


def _unreadable(path: str | PathLike[str], state: str, reason: str) -> ValueError:
    return ValueError(
        f"path: wanted a history that TrialHistory.save wrote, found a {state} file {path} ({reason}); "
        "take another copy, or add the searches again."
    )
