"""Which scikit-learn classes take a Gaussian prior, and what their own strength parameter means then.

A strength of one, which every class has at its default, is the prior as learned; ten is ten times as strong.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.base import is_classifier
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)

from skmeta._inference.likelihoods import BINOMIAL, GAUSSIAN, MULTINOMIAL, Likelihood, Tweedie


@dataclass(frozen=True)
class Family:
    """How one class takes a prior.

    ``how`` is "posterior" (its objective with the prior as penalty is solved here, all tasks at once), "shift" (its
    own solver, in coordinates where the prior is spherical) or "start" (the prior's mean is where its steps begin).
    ``strength(estimator)`` is the trust; ``inner(estimator, strength, noise, n_rows)`` gives the parameters that make
    its penalty the prior's for coordinates of unit variance.
    """

    how: str
    likelihood: str
    strength: Callable
    inner: Callable | None = None
    many_targets: bool = False

    def loss(self, estimator, n_outputs=1):
        """The likelihood as the engine knows it."""
        if self.likelihood == "tweedie":
            return Tweedie(estimator.power)
        if self.likelihood == "binomial" and n_outputs > 1:
            return MULTINOMIAL
        return _LOSSES[self.likelihood]

    @property
    def classifies(self):
        """Whether targets are class labels."""
        return self.likelihood == "binomial"


_LOSSES: dict[str, Likelihood] = {
    "gaussian": GAUSSIAN,
    "binomial": BINOMIAL,
    "poisson": Tweedie(1),
    "gamma": Tweedie(2),
}


def _alpha(estimator):
    return estimator.alpha


def _inverse_c(estimator):
    return 1.0 / estimator.C


def _always(estimator):
    return 1.0


def _elastic(estimator, strength, noise, n_rows):
    # Unit variance is a penalty v^2/2 (Gaussian) or sqrt(2)|v| (Laplace), times noise/n in scikit-learn's objective.
    share = getattr(estimator, "l1_ratio", 1.0) if isinstance(estimator, ElasticNet) else 1.0
    return {"alpha": strength * noise / n_rows * (1.0 + (np.sqrt(2.0) - 1.0) * share)}


def _huber_strength(estimator):
    return estimator.alpha / HuberRegressor().alpha


def _huber(estimator, strength, noise, n_rows):
    # Its objective is about |r|^2 / sigma + alpha |v|^2: 2 sigma times the posterior's |r|^2 / (2 sigma^2) + |v|^2 / 2.
    return {"alpha": strength * np.sqrt(noise)}


def _quantile(estimator, strength, noise, n_rows):
    # Asymmetric Laplace noise of the same mean pinball loss as Gaussian noise, against sqrt(2)|v|.
    scale = np.sqrt(noise) * norm.pdf(norm.ppf(estimator.quantile))
    return {"alpha": strength * np.sqrt(2.0) * scale / n_rows}


def _none(estimator, strength, noise, n_rows):
    return {}


FAMILIES = {
    Ridge: Family("posterior", "gaussian", _alpha, many_targets=True),
    Lasso: Family("shift", "gaussian", _alpha, _elastic, many_targets=True),
    ElasticNet: Family("shift", "gaussian", _alpha, _elastic, many_targets=True),
    HuberRegressor: Family("shift", "gaussian", _huber_strength, _huber),
    QuantileRegressor: Family("shift", "gaussian", _alpha, _quantile),
    BayesianRidge: Family("shift", "gaussian", _always, _none),
    LogisticRegression: Family("posterior", "binomial", _inverse_c),
    PoissonRegressor: Family("posterior", "poisson", _alpha),
    GammaRegressor: Family("posterior", "gamma", _alpha),
    TweedieRegressor: Family("posterior", "tweedie", _alpha),
    SGDRegressor: Family("start", "gaussian", _always),
    SGDClassifier: Family("start", "binomial", _always),
}


_NO_PENALTY = "no penalty that a learned prior could act on"


def family_of(estimator):
    """The `Family` of an estimator; raises TypeError for classes, ValueError for settings, that can take no prior."""
    name = type(estimator).__name__
    family = FAMILIES.get(type(estimator))
    if family is None:
        raise TypeError(
            f"estimator: wanted one of {', '.join(cls.__name__ for cls in FAMILIES)}, alone or as the last step of a "
            f"Pipeline, found {name}, which {_why_not(estimator, name)}."
        )
    _check_settings(estimator, name)
    return family


def _why_not(estimator, name):
    """Why an estimator takes no prior, and the way out."""
    if isinstance(estimator, type) or not hasattr(estimator, "get_params"):
        return "is no estimator, such as Ridge()"
    params, classifies = estimator.get_params(deep=False), is_classifier(estimator)
    use, strength, shell = ("LogisticRegression", "C", "Classifier") if classifies else ("Ridge", "alpha", "Regressor")
    linear = "linear_model" in type(estimator).__module__ or name.startswith("Linear")
    if "estimator" in params:
        return f"belongs around the warm-started model, not into it: {name}(WarmStart{shell}({use}(), ...))"
    if linear and name.endswith("CV"):
        plain = next((cls.__name__ for cls in FAMILIES if cls.__name__ == name.removesuffix("CV")), use)
        return (
            "chooses the strength of its penalty itself, by a cross-validation that knows no prior; use "
            f"{plain} and let GridSearchCV choose {strength} (estimator__{strength})"
        )
    if isinstance(estimator, tuple(FAMILIES)):
        return "is a subclass of one of them, with an objective that may be its own; use the class itself"
    if not linear and type(estimator).__module__.startswith("sklearn."):
        return (
            f"has no coefficients that a prior could speak of; for what is not linear put a transformer before {use}: "
            f"make_pipeline(SplineTransformer(), {use}()), or RandomTreesEmbedding() or Nystroem() as first step"
        )
    without = "a penalty that no prior can replace" if {"alpha", "C"} & params.keys() else _NO_PENALTY
    return f"has {without}; use {use}, whose {strength}=1 takes the prior as learned"


def _check_settings(estimator, name):
    params = vars(estimator)  # an estimator's parameters are attributes; get_params would look them up one by one
    if params.get("positive"):
        raise ValueError(
            f"{name}(positive=True): a Gaussian prior reaches negative coefficients too; use positive=False."
        )
    if isinstance(estimator, LogisticRegression) and (
        params.get("l1_ratio") or params.get("penalty") in ("l1", "elasticnet")
    ):
        raise ValueError(f"{name}: wanted the l2 penalty (l1_ratio=0), which the prior replaces; found an l1 penalty.")
    if isinstance(estimator, TweedieRegressor) and params["link"] == "identity":
        raise ValueError(f"{name}(link='identity'): wanted 'log' or 'auto'; for an identity link use Ridge.")
    if isinstance(estimator, TweedieRegressor) and params["link"] == "auto" and params["power"] <= 0:
        raise ValueError(
            f"{name}(power={params['power']}): wanted a power of at least 1, whose link is the logarithm; use Ridge."
        )
