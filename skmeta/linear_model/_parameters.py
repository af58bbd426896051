"""Are these the parameters of an `EmpiricalBayes`? One readable error if not."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any

from sklearn.utils import check_scalar

from skmeta._inference.hyper_prior import CHOICES
from skmeta.linear_model._blocks import check_blocks
from skmeta.linear_model._structured import check_context_model
from skmeta.linear_model._task_kinds import check_n_components
from skmeta.linear_model._varying import check_varying

_SHAPES = ("auto", "factor", "full", "diagonal", "spherical", "blocks")


def check_parameters(learner: Any) -> None:
    """Raise for a parameter that is none."""
    if learner.covariance not in _SHAPES:
        raise ValueError(
            f"EmpiricalBayes(covariance=...): wanted one of {_SHAPES}, found {learner.covariance!r}; 'auto' tries several."
        )
    check_blocks(learner.blocks, learner.covariance)
    check_varying(learner.varying)
    check_scalar(learner.crossed, "crossed", bool)
    check_context_model(learner.context_model)
    check_n_components(learner.n_components)
    if learner.noise not in ("task", "shared"):
        raise ValueError(
            f"EmpiricalBayes(noise=...): wanted 'task' or 'shared', found {learner.noise!r}; 'task' where you do not know."
        )
    if learner.rank is not None:
        check_scalar(learner.rank, "rank", Integral, min_val=1)
    if isinstance(learner.pseudo_tasks, str):
        if learner.pseudo_tasks not in CHOICES:
            wanted = f"a number, None or one of {CHOICES}"
            raise ValueError(
                f"EmpiricalBayes(pseudo_tasks=...): wanted {wanted}, found {learner.pseudo_tasks!r}; None is by shape."
            )
    elif learner.pseudo_tasks is not None:
        check_scalar(learner.pseudo_tasks, "pseudo_tasks", Real, min_val=0)
    if learner.half_life is not None:
        check_scalar(learner.half_life, "half_life", Real, min_val=0, include_boundaries="neither")
    check_scalar(learner.max_iter, "max_iter", Integral, min_val=1)
    check_scalar(learner.tol, "tol", Real, min_val=0)
    for name in ("half_life", "pseudo_tasks", "tol"):
        _check_is_number(learner, name)


def _check_is_number(learner: Any, name: str) -> None:
    """Raise for NaN, which no bound keeps out."""
    value = getattr(learner, name)
    if isinstance(value, Real) and value != value:  # noqa: PLR0124 - NaN
        wanted = f"{type(learner).__name__}({name}=...): wanted a number"
        raise ValueError(f"{wanted}, found {value!r}; leave it out for its default.")
