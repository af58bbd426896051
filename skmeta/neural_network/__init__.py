"""Nets, and other models whose training can start anywhere: where it should, learned over tasks."""

from skmeta.neural_network._neural_network_learner import NeuralNetworkLearner
from skmeta.neural_network._parameter_average import ParameterAverage
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._reptile import Reptile

__all__ = ["NeuralNetworkLearner", "ParameterAverage", "ParametersPrior", "Reptile"]
