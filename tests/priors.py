"""Priors of every kind, learned and written by hand, and what it means that two are the same."""

from dataclasses import fields

import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmeta import EmpiricalBayes, GaussianPrior, WarmStartClassifier, WarmStartRegressor
from skmeta.datasets import make_related_classification, make_related_regression
from skmeta.linear_model import ContextualEffects, Units

QUICK = EmpiricalBayes("diagonal", max_iter=5)
NAMES = ("depth", "width", "age")
X, y, _ = make_related_regression(n_tasks=7, n_samples=8, n_features=3, random_state=0)
Xc, yc, _ = make_related_classification(n_tasks=7, n_samples=10, n_features=3, n_classes=3, random_state=0)
FEATURES, own = X[:, :-1], slice(0, 6)


def written(seed=0, d=3, outputs=None, *, intercept=True, **more):
    """A prior by hand with a dense random covariance."""
    rng = np.random.default_rng(seed)
    p = d + intercept
    shape = (p,) if outputs is None else (outputs, p)
    root = rng.normal(size=(*shape, p))
    return {
        "mean": rng.normal(size=shape),
        "covariance": root @ np.swapaxes(root, -1, -2) + 0.1 * np.eye(p),
        **more,
    }


def learned(estimator=None, table=X, target=y):
    shell = WarmStartClassifier if isinstance(estimator, LogisticRegression) else WarmStartRegressor
    return shell(estimator or Ridge(), task=-1, learner=QUICK).fit(table, target)


MODELS = {
    "ridge": learned(),
    "pipeline": learned(make_pipeline(StandardScaler(), Ridge())),
    "target": learned(TransformedTargetRegressor(Ridge(), transformer=StandardScaler())),
    "several outputs": learned(target=np.c_[y, -y]),
    "logistic": learned(LogisticRegression(), Xc, np.array(["a", "b", "c"])[yc.astype(int)]),
}
PRIORS = {name: model.prior_ for name, model in MODELS.items()} | {
    "by hand": GaussianPrior(**written(feature_names=NAMES), noise=0.3),
    "no intercept": GaussianPrior(**written(intercept=False)),
    "factor": GaussianPrior(np.zeros(4), np.ones(4), factor=np.eye(4)[:, :2], feature_names=NAMES),
}
PLAIN = {name: PRIORS[name].components[0] for name in ("ridge", "several outputs", "logistic")} | {
    name: PRIORS[name] for name in ("by hand", "no intercept", "factor")
}
CONTEXTUAL = GaussianPrior(np.zeros(4), 1.0, contextual_effects=ContextualEffects(np.ones(3), np.full(3, 0.5)),
                           units=Units([1.0, 2.0, 3.0], target_scale=2.0))  # fmt: skip


NESTED = ("prior", "units", "contextual_effects")


def assert_same_prior(one, two):
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if field.name == "steps":
            assert repr(a.steps) == repr(b.steps) and repr(a.target) == repr(b.target)
        elif field.name == "components":
            for mine, its in zip(a, b, strict=True):
                assert_same_prior(mine, its)
        elif field.name in NESTED and a is not None:
            assert_same_prior(a, b)
        else:
            assert_array_equal(a, b)
            assert isinstance(a, type(b)), field.name


def assert_frozen(prior):
    for field in fields(prior):
        value = getattr(prior, field.name)
        if isinstance(value, np.ndarray):
            assert not value.flags.writeable, field.name
        elif field.name == "components":
            for component in value:
                assert_frozen(component)
        elif field.name in NESTED and value is not None:
            assert_frozen(value)


def plain_table(prior, order):
    return (
        FEATURES[:, order]
        if prior.feature_names is None
        else pd.DataFrame(FEATURES[:, order], columns=prior.feature_names)
    )
