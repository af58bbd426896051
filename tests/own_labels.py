"""Tasks that have labels of their own each, by the law that discriminant analysis learns, and models that learned them."""

import numpy as np
from sklearn.neighbors import NearestCentroid

from skmeta import DiscriminantLearner, WarmStartClassifier


def drawn(seed, n_tasks=20, n_classes=5, n_rows=8, within=(0.5, 0.5, 2.0, 2.0, 2.0), between=(2.0, 2.0, 0.0, 0.0, 0.0)):
    """Rows, labels that no two tasks have in common, and tasks; rows of a class, and its mean, scatter by column."""
    rng = np.random.default_rng(seed)
    label = np.repeat(np.arange(n_tasks * n_classes), n_rows)
    X = (rng.normal(size=(n_tasks * n_classes, len(within))) * between)[label] + rng.normal(
        size=(len(label), len(within))
    ) * within
    return X, np.array([f"label {k:03d}" for k in label]), np.repeat(np.arange(n_tasks), n_classes * n_rows)


def learn(X, y, task, estimator=None, **options):
    learner = DiscriminantLearner(**options) if options else "auto"
    shell = WarmStartClassifier(NearestCentroid() if estimator is None else estimator, task=-1, learner=learner)
    return shell.fit(np.column_stack([X, task]), y)
