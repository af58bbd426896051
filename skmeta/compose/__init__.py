"""Priors made of priors, by evidence alone: any family's."""

from skmeta.compose._mixture_prior import MixturePrior, first_component
from skmeta.compose._own_model import OwnModel
from skmeta.compose._with_own_model import PriorWithOwnModel, with_own_model

__all__ = ["MixturePrior", "OwnModel", "PriorWithOwnModel", "first_component", "with_own_model"]
