"""Naive Bayes models whose parameters differ by task: conjugate priors of them, learned over tasks."""

from skmeta.naive_bayes._conjugate import ConjugateEmpiricalBayes
from skmeta.naive_bayes._counts import BernoulliNBPrior, CategoricalNBPrior, MultinomialNBPrior
from skmeta.naive_bayes._gaussian import GaussianNBPrior

__all__ = ["BernoulliNBPrior", "CategoricalNBPrior", "ConjugateEmpiricalBayes", "GaussianNBPrior", "MultinomialNBPrior"]
