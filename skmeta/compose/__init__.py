"""Priors made of priors, by evidence alone: any family's."""

from skmeta.compose._mixture_prior import MixturePrior

__all__ = ["MixturePrior"]
