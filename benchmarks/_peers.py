"""The peers as scikit-learn estimators that read the task from a column; one that is not installed says so."""

import os
import sys
import warnings
from contextlib import contextmanager
from importlib.util import find_spec

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

MODULES = {
    "statsmodels": "statsmodels",
    "mixedlm": "mixedlm",
    "gpboost": "gpboost",
    "merf": "merf",
    "scikit-lego": "sklego",
    "adapt": "adapt",
    "optuna": "optuna",
    "scikit-optimize": "skopt",
    "smac": "smac",
    "syne-tune": "syne_tune",
    "torch": "torch",
    "parallel-metalearn": "metalearn",
    "learn2learn": "learn2learn",
}


def missing(package):
    """Whether a package of the ``bench`` extra is not installed."""
    return find_spec(MODULES[package]) is None


def not_installed(*packages):
    """Notes on those of ``packages`` that a table lacks."""
    return [f"not installed, so not shown: {name} (pip install 'skmeta[bench]')" for name in packages if missing(name)]


@contextmanager
def quiet():
    """Without the warnings of a peer's optimiser, which some print from C."""
    sys.stdout.flush()
    kept, null = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(null)


class _Peer(BaseEstimator):
    """Columns standardised over the collection and an intercept, as all models here have; the task is the last column."""

    def fit(self, X, y):
        self.scaler_ = StandardScaler().fit(X[:, :-1])
        with quiet():
            self.learn(*self.split(X), np.asarray(y))
        return self

    def split(self, X):
        Z = self.scaler_.transform(X[:, :-1])
        return np.column_stack([Z, np.ones(len(Z))]), X[:, -1].astype(int)


class MixedLM(RegressorMixin, _Peer):
    """statsmodels' REML: fixed effects, and per task a full covariance of random ones (or the intercept's alone)."""

    def __init__(self, slopes=True):
        self.slopes = slopes

    def random(self, Z):
        return Z if self.slopes else Z[:, -1:]

    def learn(self, Z, ids, y):
        from statsmodels.regression.mixed_linear_model import MixedLM as Model

        found = Model(y, Z, ids, exog_re=self.random(Z)).fit(reml=True, method=["lbfgs"])
        self.coef_, self.effects_ = np.asarray(found.fe_params), found.random_effects

    def predict(self, X):
        Z, ids = self.split(X)
        none = np.zeros(self.random(Z).shape[1])
        effects = np.array([self.effects_.get(task, none) for task in ids])
        return Z @ self.coef_ + np.einsum("ij,ij->i", self.random(Z), effects)


def statsmodels_reml(X, y):
    """``(mean, covariance, noise)`` of a full covariance by statsmodels, the intercept last."""
    from statsmodels.regression.mixed_linear_model import MixedLM as Model

    Z = np.column_stack([X[:, :-1], np.ones(len(X))])
    with quiet():
        found = Model(y, Z, X[:, -1].astype(int), exog_re=Z).fit(reml=True, method=["lbfgs"])
    return np.asarray(found.fe_params), np.asarray(found.cov_re), float(found.scale)


def mixedlm_reml(X, y):
    """The same by mixedlm, which reads lme4's formulas."""
    import pandas as pd
    from mixedlm import lmer

    names = [f"x{i}" for i in range(X.shape[1] - 1)]
    frame = pd.DataFrame(X[:, :-1], columns=names).assign(y=y, task=X[:, -1].astype(int).astype(str))
    terms = " + ".join(["1", *names])
    with quiet():
        found = lmer(f"y ~ {terms} + ({terms} | task)", frame)
    last = np.roll(np.arange(X.shape[1]), -1)
    varies = found.VarCorr().groups["task"]
    intercept_first = ["(Intercept)", *names]
    if list(varies.term_names) != intercept_first or list(found.fixef()) != intercept_first:
        raise ValueError(f"mixedlm: wanted the terms {intercept_first}, found {varies.term_names}")
    mean = np.array(list(found.fixef().values()))
    return mean[last], np.asarray(varies.cov)[np.ix_(last, last)], float(found.sigma) ** 2


def reference_table(name):
    """A data set of lme4 that mixedlm brings, the task's number as the last column."""
    import mixedlm
    import pandas as pd

    frame = getattr(mixedlm, f"load_{name}")()
    target, task = {"sleepstudy": ("Reaction", "Subject"), "dyestuff": ("Yield", "Batch")}[name]
    columns = frame.drop(columns=[target, task]).to_numpy(dtype=float)
    return np.column_stack([columns, pd.factorize(frame[task])[0]]), frame[target].to_numpy(dtype=float)


class GPBoost(RegressorMixin, _Peer):
    """GPBoost's mixed model: fixed effects, and per task independent random slopes and intercept (or that alone)."""

    likelihood = "gaussian"

    def __init__(self, slopes=True):
        self.slopes = slopes

    def learn(self, Z, ids, y):
        import gpboost

        effects = (
            {"group_rand_coef_data": Z[:, :-1], "ind_effect_group_rand_coef": [1] * (Z.shape[1] - 1)}
            if self.slopes
            else {}
        )
        self.model_ = gpboost.GPModel(group_data=ids, likelihood=self.likelihood, num_parallel_threads=1, **effects)
        self.model_.fit(y=y.astype(float), X=Z)

    def predict(self, X):
        Z, ids = self.split(X)
        effects = {"group_rand_coef_data_pred": Z[:, :-1]} if self.slopes else {}
        return self.model_.predict(group_data_pred=ids, X_pred=Z, **effects)["mu"]


class GPBoostClassifier(ClassifierMixin, GPBoost):
    """The same with a logistic likelihood."""

    likelihood = "bernoulli_logit"

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return super().fit(X, y)

    def predict_proba(self, X):
        second = GPBoost.predict(self, X)
        return np.column_stack([1.0 - second, second])

    def predict(self, X):
        return self.classes_[(self.predict_proba(X)[:, 1] > 0.5).astype(int)]


class Merf(RegressorMixin, _Peer):
    """MERF: a random forest for what is common, random slopes and intercept for each task."""

    def __init__(self, n_trees=30, max_iterations=4):
        self.n_trees = n_trees
        self.max_iterations = max_iterations

    def learn(self, Z, ids, y):
        import logging

        import pandas as pd
        from merf import MERF
        from sklearn.ensemble import RandomForestRegressor

        logging.getLogger("merf").setLevel(logging.ERROR)
        forest = RandomForestRegressor(n_estimators=self.n_trees, random_state=0)
        self.model_ = MERF(forest, max_iterations=self.max_iterations).fit(
            pd.DataFrame(Z), pd.DataFrame(Z), pd.Series(ids), pd.Series(y)
        )

    def predict(self, X):
        import pandas as pd

        Z, ids = self.split(X)
        return self.model_.predict(pd.DataFrame(Z), pd.DataFrame(Z), pd.Series(ids))


class Lego(RegressorMixin, _Peer):
    """scikit-lego's hierarchical predictor: a Ridge a task and one for all, averaged."""

    def learn(self, Z, ids, y):
        import pandas as pd
        from sklego.meta import HierarchicalRegressor

        self.model_ = HierarchicalRegressor(Ridge(), groups=["task"], shrinkage="equal")
        self.model_.fit(self._frame(Z, ids, pd), pd.Series(y))

    def _frame(self, Z, ids, pd):
        return pd.DataFrame(Z[:, :-1], columns=[f"x{i}" for i in range(Z.shape[1] - 1)]).assign(task=ids)

    def predict(self, X):
        import pandas as pd

        return self.model_.predict(self._frame(*self.split(X), pd))
