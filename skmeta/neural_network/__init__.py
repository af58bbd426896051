"""Nets, and other models whose training can start anywhere: where it should, learned over tasks."""

from skmeta.neural_network._parameters_prior import ParametersPrior

__all__ = ["ParametersPrior"]
