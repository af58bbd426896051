"""What past tuning taught, as plain data: the trials of past searches, by task."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from skmeta._dataframe import make_frame, make_series
from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._history_json import history_as_text, history_from_text, read_history, write_history
from skmeta.tuning._trial import Trial
from skmeta.tuning._trial_sources import read_trials


class TrialHistory:
    """Trials of past hyperparameter searches, by task: a container of plain data that grows by `add`.

    For every trial it keeps the searched parameters, the estimator's other parameters (so a
    parameter that an old search left alone still has its value of that time), its scores, its time, and the size of
    the task. It holds no estimators and no rows of data: a value that is not plain data (an estimator among the
    choices of a step, a function) is kept by its description.

    It is not a frozen value, as `add` changes it; `clone` of an estimator copies its history. ``a + b`` is a new
    history. A trial counts once, however often it is added: two are the same if they agree in all but the seconds
    they took. Iterating gives the trials, ``history[task]`` those of one task, ``len`` their number; two histories
    are equal if they hold the same trials, in any order.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn.svm import SVC
    >>> from skmeta import TrialHistory
    >>> X, y = load_iris(return_X_y=True)
    >>> history = TrialHistory()
    >>> history.add(GridSearchCV(SVC(), {"C": [0.1, 1.0]}).fit(X, y), task="iris")
    TrialHistory(n_tasks=1, n_trials=2, scoring='accuracy')
    >>> history.add([{"C": 1.0, "gamma": 0.1, "score": 0.8}], task="notes")
    TrialHistory(n_tasks=2, n_trials=3, scoring='accuracy')
    >>> history.tasks
    ('iris', 'notes')
    >>> trial = history["iris"][0]
    >>> trial.params, trial.other_params["gamma"], trial.n_splits
    ({'C': 0.1}, 'scale', 5)
    """

    def __init__(self) -> None:
        self._trials: dict[str | int, dict[Hashable, Trial]] = {}  # task -> identity -> trial

    def add(
        self,
        search: Any,
        *,
        task: str | int,
        metric: str | None = None,
        shape: tuple[int, int] | None = None,
        greater_is_better: bool | None = None,
    ) -> TrialHistory:
        """Add the trials of one search.

        Parameters
        ----------
        search : fitted search, study, mapping, frame or list of dict
            A fitted ``GridSearchCV`` or any other with ``cv_results_``; a ``cv_results_`` itself; a study of Optuna or
            the Trials of hyperopt; or a table of trials: columns of parameters and one named ``score``; or named as in
            ``cv_results_``, where ``param_C`` is the parameter C and ``std_test_score`` and ``mean_fit_time`` are read
            too; or as Optuna, MLflow, Ray Tune, Weights & Biases and OpenML name them, also with a dict of parameters in
            a column ``params`` or ``config``. A gap in a frame is a parameter that the trial did not have; text is read
            as the number, truth value, None or tuple that was written. Ids, times and states are no parameters; trials
            that still run are left out.
        task : str or int
            Name of the dataset, or of the column of a table that names the dataset of each trial. Trials of a name that
            is already there join the old ones.
        metric : str, default=None
            Which of several scores; by default the one by which the search refitted. In a table, the column
            of the score.
        shape : tuple of (n_rows, n_columns), default=None
            Size of the dataset, ``X.shape``, where the search does not know it.
        greater_is_better : bool, default=None
            Whether a higher score is better, as in `sklearn.metrics.make_scorer`; errors are kept with their sign
            turned. None is what a study says, and else yes; scorers of scikit-learn have turned their errors.

        Returns
        -------
        TrialHistory
            This history.

        Raises
        ------
        NotFittedError
            If the search is not fitted.
        TypeError
            If ``search`` or ``task`` is of another kind, or a score is no number.
        ValueError
            If there are no trials, all still run, there is no such score, several scores of which none is named, if a
            column may be another score or the name of the dataset, if directions contradict each other, or if the task
            has trials that were scored otherwise.

        Warns
        -----
        UserWarning
            If other tasks were scored otherwise, if the name of a score says another direction or none, if a text is
            nearly a number, if some trials still run, or if columns had to be taken for hyperparameters in a table of
            ids and times.
        """
        self._join(read_trials(search, _checked_task(task), metric, _checked_shape(shape), greater_is_better))
        return self

    def save(self, path: str | PathLike[str]) -> None:
        """Write the history as JSON.

        Parameters
        ----------
        path : str or path-like
            The file. An old one is replaced when the new one is whole, not before.
        """
        write_history(self._groups(), path)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> TrialHistory:
        """Read what `save` wrote.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        TrialHistory
            The same history.

        Raises
        ------
        ValueError
            If the file is truncated, corrupt, of a newer version, or no history at all.
        """
        return cls._of(read_history(path))

    def renamed(self, names: Mapping[str, str]) -> TrialHistory:
        """Give the history with parameters called as they are called now, such as ``svc__C`` in a Pipeline.

        Parameters
        ----------
        names : mapping of str to str
            New names by old ones; parameters that are not named keep theirs.

        Returns
        -------
        TrialHistory
            A new one.

        Raises
        ------
        ValueError
            If no trial has a parameter of an old name, one has the old and the new name, or two get the same name.
        TypeError
            If ``names`` is no mapping.

        Examples
        --------
        >>> from skmeta import TrialHistory
        >>> history = TrialHistory().add([{"C": 1.0, "score": 0.8}], task="notes")
        >>> history.renamed({"C": "svc__C"})["notes"][0].params
        {'svc__C': 1.0}
        """
        if not isinstance(names, Mapping):
            raise TypeError(
                f"names: wanted a dict of new names by old ones, found {names!r}; such as {{'C': 'svc__C'}}."
            )
        same = {new for new in names.values() if list(names.values()).count(new) > 1}
        if same:
            raise ValueError(f"names: wanted a new name for each parameter, found {sorted(same)} for several.")
        known = {name for trial in self for name in trial.all_params}
        missing = [name for name in names if name not in known]
        if missing:
            raise ValueError(f"names: wanted parameters of these trials, found {missing}; there are {sorted(known)}.")
        return TrialHistory._of(_renamed(trial, names) for trial in self)

    def to_frame(self) -> Any:
        """Return the trials as a table.

        Returns
        -------
        pandas.DataFrame
            One row a trial: its task, ``params`` and ``other_params`` as dicts, scores, seconds, number of
            splits, scoring, the task's size, and as ``param_...`` the value of every parameter that any trial
            searched, whether this one searched it or not (nan where it had none).

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        trials = list(self)
        columns = {name: [getattr(trial, name) for trial in trials] for name in Trial.__dataclass_fields__}
        searched = dict.fromkeys(name for trial in trials for name in trial.params)
        for name in searched:
            columns[f"param_{name}"] = [trial.all_params.get(name, float("nan")) for trial in trials]
        what = "TrialHistory.to_frame"
        return make_frame({name: make_series(values, what) for name, values in columns.items()}, what)

    @property
    def tasks(self) -> tuple[str | int, ...]:
        """Names of the tasks, in the order in which they were added."""
        return tuple(self._trials)

    def as_text(self) -> str:
        """Return what `save` writes.

        Returns
        -------
        str
            JSON.
        """
        return history_as_text(self._groups())

    @classmethod
    def from_text(cls, text: str) -> TrialHistory:
        """Read what `as_text` gave.

        Parameters
        ----------
        text : str
            JSON.

        Returns
        -------
        TrialHistory
            The same history.
        """
        return cls._of(history_from_text(text.encode(errors="surrogatepass"), "text"))

    @classmethod
    def _of(cls, trials: Iterable[Trial]) -> TrialHistory:
        history = cls()
        for trial in trials:
            history._put(trial)
        return history

    def _groups(self) -> dict[str | int, list[Trial]]:
        return {task: list(trials.values()) for task, trials in self._trials.items()}

    def _join(self, trials: list[Trial]) -> None:
        """Put trials in, once it is known that they can be."""
        scorings: dict[str | int, set[str | None]] = {}
        for trial in trials:
            scorings.setdefault(trial.task, set()).add(trial.scoring)
        for task, found in scorings.items():
            old, new = {t.scoring for t in self._trials.get(task, {}).values()} - {None}, found - {None}
            if old and not new <= old:
                raise ValueError(
                    f"task: wanted trials of {task!r} scored by {_listed(old)} as those it has, found {_listed(new)}; "
                    "add them under another name of task, or pass metric."
                )
        old, new = ({t.scoring for t in some} - {None} for some in (self, trials))
        for trial in trials:
            self._put(trial)
        turned = [name for name in new - old if {f"neg_{name}", str(name).removeprefix("neg_")} & old]
        if turned:
            warn_caller(
                f"search: wanted the direction of the other tasks, {_listed(old)}, found the opposite, {_listed(turned)}; pass "
                "greater_is_better as there, if it is the same score."
            )
        elif old and not new <= old:
            warn_caller(
                f"search: wanted the score of the other tasks, {_listed(old)}, found {_listed(new)}; that is legal, as each "
                "task is compared with itself alone, but what is best by one may not be by another."
            )

    def _put(self, trial: Trial) -> None:
        self._trials.setdefault(trial.task, {}).setdefault(trial.identity, trial)

    def __add__(self, other: TrialHistory) -> TrialHistory:
        if not isinstance(other, TrialHistory):
            return NotImplemented
        both = TrialHistory()
        both._trials = {task: dict(trials) for task, trials in self._trials.items()}
        both._join(list(other))
        return both

    def __getitem__(self, task: str | int) -> tuple[Trial, ...]:
        if task not in self._trials:
            raise KeyError(f"task: wanted one of this history, {list(self.tasks)}, found {task!r}.")
        return tuple(self._trials[task].values())

    def __iter__(self) -> Iterator[Trial]:
        return (trial for trials in self._trials.values() for trial in trials.values())

    def __len__(self) -> int:
        return sum(map(len, self._trials.values()))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TrialHistory):
            return NotImplemented
        return {t: set(trials) for t, trials in self._trials.items()} == {t: set(o) for t, o in other._trials.items()}

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __repr__(self) -> str:
        scoring = _listed({trial.scoring for trial in self} - {None})
        scored = f", scoring={scoring}" if scoring else ""
        return f"TrialHistory(n_tasks={len(self.tasks)}, n_trials={len(self)}{scored})"


def _renamed(trial: Trial, names: Mapping[str, str]) -> Trial:
    twice = [
        new for old, new in names.items() if {old, new} <= trial.all_params.keys() and old != new and new not in names
    ]
    if twice:
        raise ValueError(f"names: wanted new names for parameters, found {twice}, which trials have; drop these first.")
    params, others = (
        {names.get(name, name): value for name, value in part.items()} for part in (trial.params, trial.other_params)
    )
    return replace(trial, params=params, other_params=others)


def _listed(names: Iterable[str | None]) -> str:
    return ", ".join(sorted(map(repr, names)))


def _checked_task(task: Any) -> str | int:
    if isinstance(task, str) and task:
        return str(task)
    if isinstance(task, int | np.integer) and not isinstance(task, bool):
        return int(task)
    kind = ValueError if isinstance(task, str) else TypeError
    raise kind(f"task: wanted the dataset's name (or a whole number), found {task!r}; pass task='name'.")


def _checked_shape(shape: Any) -> tuple[int, int] | None:
    if shape is None:
        return None
    if (
        not isinstance(shape, tuple | list)
        or len(shape) != 2
        or not all(isinstance(n, int | np.integer) for n in shape)
    ):
        raise ValueError(f"shape: wanted (n_rows, n_columns) as X.shape gives it, found {shape!r}.")
    if min(shape) < 0:
        raise ValueError(f"shape: wanted numbers of rows and columns, found {shape!r}; pass X.shape.")
    return int(shape[0]), int(shape[1])
