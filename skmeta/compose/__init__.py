"""Priors made of priors, by evidence alone: any family's."""

from skmeta.compose._average import mean_of_coefficients
from skmeta.compose._first_component import first_component, known_component, with_first
from skmeta.compose._mixture_learner import MixtureLearner
from skmeta.compose._mixture_of_kinds import MixtureOfKinds, memberships
from skmeta.compose._mixture_prior import MixturePrior
from skmeta.compose._own_model import OwnModelPrior
from skmeta.compose._with_own_model import PriorWithOwnModel, with_own_model

__all__ = [
    "MixtureLearner",
    "MixtureOfKinds",
    "MixturePrior",
    "OwnModelPrior",
    "PriorWithOwnModel",
    "first_component",
    "known_component",
    "mean_of_coefficients",
    "memberships",
    "with_first",
    "with_own_model",
]
