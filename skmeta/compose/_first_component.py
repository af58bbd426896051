"""What was learned of all tasks stands first in a mixture: how a learner takes it out, and puts it back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeVar

from skmeta.base import Prior
from skmeta.compose._mixture_prior import MixturePrior

P = TypeVar("P", bound=Prior)


def first_component(prior: Any) -> Any:
    """What was learned of all tasks, a mixture's first component; of any other prior itself.

    Parameters
    ----------
    prior : Prior or None
        A mixture, or not.

    Returns
    -------
    Prior or None
        One that is no mixture of this level.
    """
    return prior.components[0] if isinstance(prior, MixturePrior) else prior


def known_component(prior: Any, prior_class: type[P]) -> P:
    """The first component, which a learner of one family goes on from.

    Parameters
    ----------
    prior : Prior
        A mixture, or not.
    prior_class : type
        That of the family's priors.

    Returns
    -------
    Prior
        Of that class.

    Raises
    ------
    TypeError
        If it is of another class.
    """
    found = first_component(prior)
    if not isinstance(found, prior_class):
        raise TypeError(f"prior: wanted a {prior_class.__name__}, found {prior!r}; learn one with this estimator.")
    return found


def with_first(prior: Any, first: Prior) -> Any:
    """The same mixture with another first component; in place of what is no mixture that component.

    Parameters
    ----------
    prior : Prior
        A mixture, or not.
    first : Prior
        Learned on from what `first_component` gave.

    Returns
    -------
    Prior
        A mixture where ``prior`` is one.
    """
    return replace(prior, components=[first, *prior.components[1:]]) if isinstance(prior, MixturePrior) else first
