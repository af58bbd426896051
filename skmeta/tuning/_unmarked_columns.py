"""Which columns of a table are hyperparameters, where no name begins with ``param_``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._score_names import is_result
from skmeta.tuning._written_values import written_value

# Columns of cv_results_ that are no parameters.
_RESULT = re.compile(r"(mean|std|rank|split\d+)_(fit_time|score_time|(test|train)_.+)|score|iter|n_resources|params")
_ROW_NUMBERS = re.compile(r"(unnamed:_\d+)?")  # an index that pandas wrote beside the columns
# Columns that say which trial it was, when, where and how it went; in no program are they parameters.
_BOOKKEEPING = re.compile(
    r"number|index|id|uuid|name|group|sweep|description|notes?|comments?|tags(\..*)?|(user|system)_attrs.*|iteration|"
    r"(trial|run|experiment|job|agent)(_?(id|number|name|type))?|(setup|flow|group|node|sweep|task)_?(id|name|ip)|data_id|"
    r"(cv_)?fold(_(id|number|index))?|repeat|repetition|training_iteration|iterations_since_restore|"
    r"state|status|done|user|uploader(_name)?|host_?(name)?|gpu_(type|count)|pid|node|"
    r"commit|github|git_.*|source_(type|name|version)|artifact_uri|logdir|log_dir|checkpoint_dir_name|"
    r"date(time)?|datetime_.*|time(stamp)?|time_(total|this|since).*|relative_time.*|duration|runtime|elapsed(_.*)?|seconds|secs|"
    r"(start|end|created|updated|finish|upload)(ed)?(_(at|time))?|_(timestamp|step|runtime|wandb)|"
    r"((fit|train(ing)?|score|predict|eval|wall|cpu|run|total)_?(clock_?)?time|walltime)(_(s|ms|secs?|seconds))?",
    re.IGNORECASE,
)
_DATASET = re.compile(r"data_?set(_?(name|id))?", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d([T _]\d\d[:-]\d\d.*)?")
_UUID = re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|(?=.*\d)(?=.*[a-f])[0-9a-f]{7,64}")


def unmarked_params(results: Mapping[str, Sequence[Any]]) -> dict[str, str]:
    """Return the columns that are taken for hyperparameters.

    Parameters
    ----------
    results : mapping of str to sequence
        The table, with its score under the name that it has in ``cv_results_``; gaps are masked.

    Returns
    -------
    dict
        Their names, each by itself: what begins with ``param_`` would have another.

    Raises
    ------
    ValueError
        If a column looks like another score, or like the name of the dataset: it might be either.

    Warns
    -----
    UserWarning
        If the table has ids, times or states beside: it is a program's, and may have more that is no hyperparameter.
    """
    candidates = [n for n in results if not _RESULT.fullmatch(n) and not _ROW_NUMBERS.fullmatch(_bare(n).lower())]
    left_out = [n for n in candidates if _BOOKKEEPING.fullmatch(_bare(n)) or _says_which(n, results[n])]
    taken = [n for n in candidates if n not in left_out]
    _check_no_results(results, taken)
    if left_out and taken:
        warn_caller(
            f"search: wanted a table that says which columns are hyperparameters; {taken} are taken for it, {left_out} not. "
            "Begin the names of hyperparameters with 'param_', or keep their columns and that of the score alone."
        )
    return {name: name for name in taken}


def _check_no_results(results: Mapping[str, Sequence[Any]], taken: list[str]) -> None:
    """Raise for columns that may be hyperparameters, and are so hardly ever."""
    scores = [name for name in taken if is_result(name) and _has_numbers(results[name])]
    if scores:
        score = [name.removeprefix("mean_test_") for name in results if name.startswith("mean_test_")]
        if not score:
            raise ValueError(
                f"metric: wanted the name of one score, found {scores}, which look like scores; pass metric={scores[0]!r}, say."
            )
        kept = [name for name in taken if name not in scores] + score
        raise ValueError(
            f"search: wanted hyperparameters and one score, found {scores} beside {kept}, which look like results of trials; "
            f"keep the columns of hyperparameters and of the score alone, table[{kept!r}], or begin the names of "
            "hyperparameters with 'param_'."
        )
    datasets = [name for name in taken if _DATASET.fullmatch(_bare(name))]
    if datasets:
        raise ValueError(
            f"task: wanted trials on one dataset, found a column {datasets[0]!r}; pass task={datasets[0]!r}, drop the column, "
            f"or call it 'param_{datasets[0]}' if it is a hyperparameter."
        )


def _bare(name: str) -> str:
    """A column's name with underscores in place of blanks and brackets."""
    return re.sub(r"[\s()\[\]]+", "_", name).strip("_") if re.search(r"[\s()\[\]]", name) else name


def _says_which(name: str, values: Sequence[Any]) -> bool:
    """Whether a column holds times, names that programs make up, or the name of the one dataset."""
    known = [value for value in values if value is not np.ma.masked]
    of_one_dataset = _DATASET.fullmatch(_bare(name)) is not None and len(set(map(str, known))) == 1
    return bool(known) and (of_one_dataset or any(all(map(test, known)) for test in _TESTS))


def _is_time(value: Any) -> bool:
    return hasattr(value, "isoformat") or hasattr(value, "total_seconds") or isinstance(value, np.datetime64)


_TESTS: tuple[Callable[[Any], bool], ...] = (
    _is_time,
    lambda value: isinstance(value, str) and _TIME.fullmatch(value.strip()) is not None,
    lambda value: isinstance(value, str) and _UUID.fullmatch(value.strip().lower()) is not None,
)


def _has_numbers(values: Sequence[Any]) -> bool:
    """Whether there is a number, as itself or as text; a loss that is a hyperparameter has names."""
    meant = (written_value(value) if isinstance(value, str) else value for value in values)
    return any(isinstance(value, int | float | np.number) and not isinstance(value, bool) for value in meant)
