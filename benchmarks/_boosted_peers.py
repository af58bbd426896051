"""What people do with a booster and a column of ids, and mixed models of other packages, as functions of past rows and shots.

Each is ``answer(X, y, X_query)`` with the task as last column of the tables: rows of the past and the known rows of the
tasks asked for are given together. Regressors answer numbers, classifiers probabilities of ``classes``.
"""

import numpy as np
from _common import say
from _peers import missing, quiet
from sklearn.base import clone, is_classifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor
from skmeta.base import learner_for

MAX_CATEGORIES = 250  # HistGradientBoosting takes 255 at most: the most frequent ids are categories, the others are one


def linear(estimator):
    """The linear model of the same kind of target."""
    return make_pipeline(StandardScaler(), LogisticRegression() if is_classifier(estimator) else Ridge())


def answers(model, X, classes):
    if classes is None:
        return model.predict(X)
    found = np.zeros((len(X), len(classes)))
    found[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(X)
    return found


def pooled(estimator, X, y, query, classes):
    return answers(clone(estimator).fit(X[:, :-1], y), query[:, :-1], classes)


def own(estimator, X, y, query, classes):
    """A model a task, fitted to its known rows; of one label, that one."""
    found = np.empty((len(query), *(() if classes is None else (len(classes),))))
    for task in np.unique(query[:, -1]):
        mine, asked = X[:, -1] == task, query[:, -1] == task
        if classes is not None and len(np.unique(y[mine])) < 2:
            n = mine.sum()
            found[asked] = (1.0 + n * (classes == (y[mine][:1] if n else np.nan))) / (n + len(classes))
        else:
            found[asked] = answers(clone(estimator).fit(X[mine, :-1], y[mine]), query[asked, :-1], classes)
    return found


def with_residual(estimator, X, y, query, classes):
    """The pooled model, moved by the mean of what it leaves of the task's known rows; probabilities by their ratio."""
    model = clone(estimator).fit(X[:, :-1], y)
    known, found = answers(model, X[:, :-1], classes), answers(model, query[:, :-1], classes)
    for task in np.unique(query[:, -1]):
        mine, asked = X[:, -1] == task, query[:, -1] == task
        if not mine.any():
            continue
        if classes is None:
            found[asked] += (y[mine] - known[mine]).mean()
        else:
            seen = (y[mine][:, None] == classes).sum(axis=0) + 1.0
            found[asked] *= seen / (known[mine].sum(axis=0) + 1.0)
    return found if classes is None else found / found.sum(axis=1, keepdims=True)


def random_intercept(estimator, X, y, query, classes):
    """A linear mixed model, ``1 + x + (1 | task)``."""
    shell = WarmStartRegressor if classes is None else WarmStartClassifier
    model = shell(linear(estimator), task=-1, learner=EmpiricalBayes(varying="intercept")).fit(X, y)
    return answers(model, query, classes)


def id_as_category(estimator, X, y, query, classes):
    ids, counts = np.unique(X[:, -1], return_counts=True)
    kept = np.sort(ids[np.argsort(-counts, kind="stable")[:MAX_CATEGORIES]])

    def coded(table):
        place = np.searchsorted(kept, table[:, -1]).clip(max=len(kept) - 1)
        code = np.where(kept[place] == table[:, -1], place, len(kept))
        return np.column_stack([table[:, :-1], code])

    model = clone(estimator).set_params(categorical_features=[X.shape[1] - 1])
    return answers(model.fit(coded(X), y), coded(query), classes)


def id_as_mean(estimator, X, y, query, classes):
    """The id as the shrunken mean of its targets, cross-fitted in the rows that it is learned from."""
    kind = "continuous" if classes is None else "multiclass" if len(classes) > 2 else "binary"
    encoder = TargetEncoder(target_type=kind, cv=KFold(5, shuffle=True, random_state=0))
    means = encoder.fit_transform(X[:, -1:], y)
    model = clone(estimator).fit(np.column_stack([X[:, :-1], means]), y)
    return answers(model, np.column_stack([query[:, :-1], encoder.transform(query[:, -1:])]), classes)


def on_linear(method):
    return lambda estimator, *rest: method(linear(estimator), *rest)


IN_HINDSIGHT = {
    "own": own,
    "own linear": on_linear(own),
    "pooled": pooled,
    "pooled linear": on_linear(pooled),
    "pooled + residual": with_residual,
    "linear + residual": on_linear(with_residual),
    "random intercept": random_intercept,
    "id as category": id_as_category,
    "id as mean": id_as_mean,
}


def warm(estimator, X, y, query, classes):
    shell = WarmStartRegressor if classes is None else WarmStartClassifier
    return answers(shell(estimator, task=-1).fit(X, y), query, classes)


linear_warm = on_linear(warm)


def best_alone(estimator, X, y, query, classes):
    """skmeta corrected by the one set of columns that is best for held-out tasks, without those that come near it."""
    kind = type(learner_for(estimator))
    alone = type(f"{kind.__name__}OfTheBest", (kind,), {"_averages": False})
    shell = WarmStartRegressor if classes is None else WarmStartClassifier
    return answers(shell(estimator, task=-1, learner=alone()).fit(X, y), query, classes)


# Of other packages. ---------------------------------------------------------------------------------------


GPBOOST = {"learning_rate": 0.1, "min_data_in_leaf": 20, "metric": "l2", "verbose": -1, "num_threads": 1}
DEPTHS, MAX_TREES, PATIENCE = (3, 6), 500, 10


def gpboost(X, y, query, effects):
    """Trees with random effects, an intercept and slopes of ``effects(rows)``; a fifth of the rows chooses the trees."""
    held_out = np.random.default_rng(0).random(len(y)) < 0.2
    tried = [gpboost_model(X[~held_out], y[~held_out], effects, d, MAX_TREES, X[held_out], y[held_out]) for d in DEPTHS]
    error, n_trees, depth = min(
        (m.best_score["valid_0"]["l2"], m.best_iteration, d) for m, d in zip(tried, DEPTHS, strict=True)
    )
    say(f"    GPBoost: {n_trees} trees of depth {depth}, error {error:.4f} held out")
    more = {"group_data_pred": query[:, -1].astype(int), "group_rand_coef_data_pred": effects(query)}
    model = gpboost_model(X, y, effects, depth, n_trees)
    return model.predict(data=query[:, :-1], predict_var=False, pred_latent=False, **more)["response_mean"]


def gpboost_model(X, y, effects, depth, n_trees, *held_out):
    import gpboost as gpb

    slopes = effects(X)
    options = {"group_rand_coef_data": slopes, "ind_effect_group_rand_coef": [1] * slopes.shape[1]}
    with quiet():
        groups = gpb.GPModel(group_data=X[:, -1].astype(int), likelihood="gaussian", num_parallel_threads=1, **options)
        data, stop = gpb.Dataset(X[:, :-1], y), {}
        if held_out:
            X_new, y_new = held_out
            groups.set_prediction_data(
                group_data_pred=X_new[:, -1].astype(int), group_rand_coef_data_pred=effects(X_new)
            )
            new = gpb.Dataset(X_new[:, :-1], y_new, reference=data)
            stop = {"valid_sets": new, "early_stopping_rounds": PATIENCE, "verbose_eval": False}
        return gpb.train(GPBOOST | {"max_depth": depth}, data, n_trees, gp_model=groups, **stop)


def merf(X, y, query, slopes, n_iterations=5):
    """A forest with random effects, fitted in turn."""
    import logging

    import pandas as pd
    from merf import MERF
    from sklearn.ensemble import RandomForestRegressor

    logging.getLogger("merf").setLevel(logging.ERROR)
    forest = RandomForestRegressor(n_estimators=50, min_samples_leaf=5, random_state=0)

    def parts(table):
        Z = np.column_stack([np.ones(len(table)), table[:, slopes]])
        return pd.DataFrame(table[:, :-1]), pd.DataFrame(Z), pd.Series(table[:, -1].astype(int))

    with quiet():
        model = MERF(forest, max_iterations=n_iterations).fit(*parts(X), pd.Series(y))
        return np.asarray(model.predict(*parts(query)))


def lego(estimator, X, y, query):
    """scikit-lego: a model a group and one for all, averaged."""
    import pandas as pd
    from sklego.meta import HierarchicalRegressor

    def frame(table):
        return pd.DataFrame(table[:, :-1], columns=[f"x{i}" for i in range(table.shape[1] - 1)]).assign(
            task=table[:, -1].astype(int)
        )

    model = HierarchicalRegressor(estimator, groups=["task"], shrinkage="equal").fit(frame(X), pd.Series(y))
    return np.asarray(model.predict(frame(query)))


def as_frame(X):
    import pandas as pd

    frame = pd.DataFrame(X[:, :-1], columns=[f"x{i}" for i in range(X.shape[1] - 1)])
    return frame.assign(task=X[:, -1].astype(int).astype(str))


def mixedlm(X, y, query, slopes):
    """Lines of all columns; per group an intercept and ``slopes``, by lme4's formulas."""
    from mixedlm import lmer

    fixed, random = (" + ".join(["1", *(f"x{i}" for i in which)]) for which in (range(X.shape[1] - 1), slopes))
    with quiet():
        found = lmer(f"y ~ {fixed} + ({random} | task)", as_frame(X).assign(y=y))
        return np.asarray(found.predict(as_frame(query), allow_new_levels=True))


def statsmodels(X, y, query, slopes):
    """The same model by statsmodels, whose own ``predict`` leaves the groups out."""
    from statsmodels.regression.mixed_linear_model import MixedLM

    def columns(table):
        ones = np.ones((len(table), 1))
        return np.hstack([ones, table[:, :-1]]), np.hstack([ones, table[:, slopes]])

    (fixed, random), (asked, of_group) = columns(X), columns(query)
    with quiet():
        found = MixedLM(y, fixed, X[:, -1].astype(int), exog_re=random).fit(reml=True, method=["lbfgs"])
    none = np.zeros(random.shape[1])
    effects = np.array([found.random_effects.get(task, none) for task in query[:, -1].astype(int)])
    return asked @ np.asarray(found.fe_params) + (of_group * effects).sum(axis=1)


PEERS = {
    "GPBoost": "gpboost",
    "MERF": "merf",
    "mixedlm": "mixedlm",
    "statsmodels": "statsmodels",
    "scikit-lego": "scikit-lego",
}


def installed(name):
    return not missing(PEERS[name])
