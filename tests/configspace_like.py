"""What a ConfigurationSpace of ConfigSpace 1 looks like from outside, as far as a search reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass
class CategoricalHyperparameter:
    name: str
    choices: tuple
    weights: tuple | None = None

    @property
    def probabilities(self):
        weights = np.ones(len(self.choices)) if self.weights is None else np.array(self.weights, dtype=float)
        return weights / weights.sum()

    def rvs(self, size=None, *, random_state=None):
        return self.choices[random_state.choice(len(self.choices), p=self.probabilities)]


@dataclass
class OrdinalHyperparameter:
    name: str
    sequence: tuple

    def rvs(self, size=None, *, random_state=None):
        return self.sequence[random_state.randint(len(self.sequence))]


@dataclass
class Constant:
    name: str
    value: Any

    def rvs(self, size=None, *, random_state=None):
        return self.value


@dataclass
class UniformFloatHyperparameter:
    name: str
    lower: float
    upper: float
    log: bool

    def rvs(self, size=None, *, random_state=None):
        if self.log:
            return float(np.exp(random_state.uniform(np.log(self.lower), np.log(self.upper))))
        return random_state.uniform(self.lower, self.upper)


@dataclass
class UniformIntegerHyperparameter(UniformFloatHyperparameter):
    lower: int
    upper: int

    def rvs(self, size=None, *, random_state=None):
        if self.log:
            return int(np.exp(random_state.uniform(np.log(self.lower), np.log(self.upper + 1))))
        return int(random_state.randint(self.lower, self.upper + 1))


@dataclass
class NormalFloatHyperparameter:
    name: str
    lower: float
    upper: float
    mu: float
    sigma: float
    log: bool = False

    def rvs(self, size=None, *, random_state=None):
        draws = random_state.normal(self.mu, self.sigma, size=1 if size is None else size)
        draws = np.clip(draws, self.lower, self.upper)
        return float(draws[0]) if size is None else draws


def Categorical(name, items, weights=None):
    return CategoricalHyperparameter(name, tuple(items), weights)


def Float(name, bounds, distribution=None, log=False):
    if distribution is not None:
        return NormalFloatHyperparameter(name, *map(float, bounds), distribution.mu, distribution.sigma)
    return UniformFloatHyperparameter(name, *map(float, bounds), log)


def Integer(name, bounds, log=False):
    return UniformIntegerHyperparameter(name, *bounds, log)


@dataclass
class Normal:
    mu: float
    sigma: float


@dataclass
class EqualsCondition:
    child: Any
    parent: Any
    value: Any


class NotEqualsCondition(EqualsCondition):
    pass


class LessThanCondition(EqualsCondition):
    pass


class GreaterThanCondition(EqualsCondition):
    pass


@dataclass
class InCondition:
    child: Any
    parent: Any
    values: Any

    @property
    def value(self):
        return self.values


class AndConjunction:
    def __init__(self, *components):
        self.components = components


class OrConjunction(AndConjunction):
    pass


@dataclass
class ForbiddenEqualsClause:
    hyperparameter: Any
    value: Any


class ForbiddenLessThanClause(ForbiddenEqualsClause):
    pass


class ForbiddenGreaterThanEqualsClause(ForbiddenEqualsClause):
    pass


@dataclass
class ForbiddenInClause:
    hyperparameter: Any
    values: Any


class ForbiddenAndConjunction(AndConjunction):
    pass


@dataclass
class ForbiddenLessThanRelation:
    left: Any
    right: Any


class ConfigurationSpace(Mapping):
    def __init__(self, seed=0):
        self._parameters, self.conditions, self.forbidden_clauses = {}, [], []

    def add(self, *parts):
        for part in parts:
            kind = type(part).__name__
            if kind.startswith("Forbidden"):
                self.forbidden_clauses.append(part)
            elif kind.endswith(("Condition", "Conjunction")):
                self.conditions.append(part)
            else:
                self._parameters[part.name] = part

    def sample_configuration(self, size):
        raise NotImplementedError("what it draws is not asked of what only looks like it")

    def __getitem__(self, name):
        return self._parameters[name]

    def __iter__(self):
        return iter(self._parameters)

    def __len__(self):
        return len(self._parameters)
