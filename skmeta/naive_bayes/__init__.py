"""Naive Bayes models whose parameters differ by task: conjugate priors of them, learned over tasks."""

from skmeta.naive_bayes._counts import BernoulliNBPrior, CategoricalNBPrior, MultinomialNBPrior
from skmeta.naive_bayes._gaussian import GaussianNBPrior
from skmeta.naive_bayes._naive_bayes_learner import NaiveBayesLearner

__all__ = ["BernoulliNBPrior", "CategoricalNBPrior", "GaussianNBPrior", "MultinomialNBPrior", "NaiveBayesLearner"]
