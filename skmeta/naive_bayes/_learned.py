"""From the rows of a collection, and what was known before, to the prior of a naive Bayes model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skmeta.naive_bayes._counts import BernoulliNBPrior, CategoricalNBPrior, MultinomialNBPrior
from skmeta.naive_bayes._dirichlet import learn_dirichlet
from skmeta.naive_bayes._gaussian import GaussianNBPrior
from skmeta.naive_bayes._memberships import memberships, row_weights
from skmeta.tasks import Tasks
from skmeta.tasks._class_rates import class_shares, mean_class_shares

_PRIORS: tuple[Any, ...] = (GaussianNBPrior, MultinomialNBPrior, BernoulliNBPrior, CategoricalNBPrior)
_ONE_BLOCK = np.zeros(1, np.intp)


def learn_prior(estimator: Any, tasks: Tasks, known: Any = None, like: Any = None) -> Any:
    """The priors of a collection.

    Parameters
    ----------
    estimator : estimator
        A naive Bayes model.
    tasks : Tasks
        The collection.
    known : NaiveBayesPrior, default=None
        Priors of earlier tasks, which count as these.
    like : NaiveBayesPrior, default=None
        A prior whose labels and categories this one is to have; None for those of the tasks.

    Returns
    -------
    NaiveBayesPrior
        Of the estimator's class.

    Raises
    ------
    TypeError
        If ``known`` is of another class.
    """
    prior_class = next(each for each in _PRIORS if isinstance(estimator, each.fits))
    if known is not None:
        known.check_is_of(estimator)
    like = known if known is not None else like
    classes = np.unique(np.concatenate([*(tasks.classes or ())])) if like is None else like.classes
    unit = tasks.mean_weight if known is None else known.weight_unit
    groups = memberships(tasks, classes, row_weights(tasks, unit))
    weight = tasks.task_weights
    totals = groups.totals[:-1]
    learned = prior_class.learned(estimator, prior_class.read(estimator, tasks.X), groups, weight, known, like)
    counts = {
        "class_tasks": (weight[:, None] * (totals > 0.0)).sum(axis=0),
        "n_tasks": float(weight.sum()),
        "n_rows": float(tasks.n_rows),
    }
    counts = {name: value + getattr(known, name, 0.0) for name, value in counts.items()}
    return prior_class(
        **learned,
        **counts,
        **_shares(tasks, classes, totals, weight, known),
        weight_unit=unit,
        unlabelled_weight=getattr(known, "unlabelled_weight", 1.0),
        feature_names=tasks.feature_names,
        classes=classes,
    )


def _shares(tasks: Tasks, classes: NDArray[Any], totals: Any, weight: Any, known: Any) -> dict[str, Any]:
    """What is known of the classes' shares; rows that were drawn by their class say nothing of them."""
    if known is not None and tasks.class_rates:
        return {"class_counts": known.class_counts, "class_prior": known.class_prior}
    counts, prior, n_tasks = (
        (None, None, 0.0) if known is None else (known.class_counts, known.class_prior, known.n_tasks)
    )
    return {
        "class_counts": learn_dirichlet(totals, weight, _ONE_BLOCK, counts, n_tasks),
        "class_prior": mean_class_shares(class_shares(tasks, classes), tasks.task_weight, prior, n_tasks),
    }
