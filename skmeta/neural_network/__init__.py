"""Nets, and other models whose training can start anywhere: where it should, learned over tasks."""

from skmeta.neural_network._anil import ANIL
from skmeta.neural_network._maml import MAML
from skmeta.neural_network._meta_sgd import MetaSGD
from skmeta.neural_network._neural_network_learner import NeuralNetworkLearner
from skmeta.neural_network._parameter_average import ParameterAverage
from skmeta.neural_network._parameters_prior import ParametersPrior
from skmeta.neural_network._reptile import Reptile
from skmeta.neural_network._start_or_own_net import StartOrOwnNet

__all__ = [
    "ANIL",
    "MAML",
    "MetaSGD",
    "NeuralNetworkLearner",
    "ParameterAverage",
    "ParametersPrior",
    "Reptile",
    "StartOrOwnNet",
]
