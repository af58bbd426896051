"""Distillation: one plain model fitted to what another one predicts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.utils.validation import has_fit_parameter

from skmeta.base._matching import check_names, kind_of
from skmeta.tasks._numbers import column_names
from skmeta.tasks._tables import columns_in_order, plain_table, take_rows
from skmeta.tasks._words import shown

_KINDS = ("classifier", "regressor")


def distilled(estimator: Any, X: Any, teacher: Any, feature_names: tuple[str, ...] | None) -> Any:
    r"""A clone of ``estimator`` fitted to the predictions of a fitted ``teacher``.

    Of a regressor these are numbers. Of a classifier they are probabilities: each row stands in the table once for each of its
    classes, with the class's probability as its weight, so that a log-loss is the cross-entropy to the teacher,

    .. math:: -\sum_i \sum_c p(c \mid x_i) \log q(c \mid x_i).

    Parameters
    ----------
    estimator : estimator
        Of the teacher's kind, see `check_kinds`.
    X : {array-like, frame, sparse matrix} of shape (n_rows, n_features)
        Rows; no targets are wanted.
    teacher : estimator
        Fitted.
    feature_names : tuple of str or None
        Columns in the teacher's order.

    Returns
    -------
    estimator
        A plain fitted estimator, its columns in the order of ``X``.

    Raises
    ------
    ValueError
        If there are no rows, columns have other names than the prior's, or a class has the probability zero in all rows.

    References
    ----------
    C. Bucila, R. Caruana and A. Niculescu-Mizil (2006), Model compression, KDD.
    G. Hinton, O. Vinyals and J. Dean (2015), Distilling the knowledge in a neural network, arXiv 1503.02531, section 2.
    """
    X = plain_table(X)
    if X.shape[0] == 0:
        raise ValueError(
            "X: wanted rows to compare the predictions at, found none; any unlabelled rows like the past's will do."
        )
    names = column_names(X)
    if feature_names is not None and names is not None:
        check_names(feature_names, names)
    rows = columns_in_order(X, feature_names)
    if kind_of(teacher) == "regressor":
        return clone(estimator).fit(X, teacher.predict(rows))
    P = _probabilities(teacher, rows)
    _check_all_are_expected(P, teacher.classes_)
    owner, label, weight = _a_row_for_each_class(P)
    name = _name_of_weights(estimator)
    return clone(estimator).fit(take_rows(X, owner), teacher.classes_[label], **{name: weight})


def check_kinds(estimator: Any, teacher: Any) -> None:
    """Raise unless both are regressors, or both classifiers."""
    found, wanted = kind_of(estimator), kind_of(teacher)
    name = type(teacher).__name__
    if wanted not in _KINDS:
        raise TypeError(
            f"teacher: wanted a regressor or a classifier, found {name}; its rows have no targets to be fitted."
        )
    if found != wanted:
        raise TypeError(
            f"estimator: wanted a {wanted}, as {name} is one, found {type(estimator).__name__}; use one for the same targets."
        )


def _probabilities(teacher: Any, X: Any) -> NDArray[np.float64]:
    if not hasattr(teacher, "predict_proba"):
        raise TypeError(
            f"teacher: wanted a classifier with predict_proba, found {type(teacher).__name__}; fit the small model to "
            "prior.zero_shot(teacher).predict(X), its labels."
        )
    return np.asarray(teacher.predict_proba(X))


def _check_all_are_expected(P: NDArray[np.float64], classes: NDArray[Any]) -> None:
    never = classes[~(P > 0.0).any(axis=0)]
    if len(never):
        raise ValueError(
            f"X: wanted rows with a probability above zero of each class that the prior knows, found none for "
            f"{shown(never.tolist())}, a class that the small model could not learn; add rows where it occurs."
        )


def _a_row_for_each_class(P: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Row, class and probability, where that is not zero."""
    owner, label = np.nonzero(P > 0.0)
    return owner, label, P[owner, label]


def _name_of_weights(estimator: Any) -> str:
    """The keyword of ``fit`` by which an estimator, or the last step of a Pipeline, gets weights."""
    steps = getattr(estimator, "steps", None)
    name, last = ("sample_weight", estimator) if steps is None else (f"{steps[-1][0]}__sample_weight", steps[-1][1])
    if not has_fit_parameter(last, "sample_weight"):
        raise TypeError(
            f"estimator: wanted a classifier whose fit takes sample_weight, which says how probable each class is, found "
            f"{type(last).__name__}; use another one, or fit it to prior.zero_shot(teacher).predict(X), the labels alone."
        )
    return name
