"""The only file that touches private scikit-learn names; `tests/test_sklearn_private.py` fails when they move."""


def prepare_glm(estimator):
    """Give an unfitted generalised linear regressor what its ``predict`` needs beside ``coef_`` and ``intercept_``."""
    estimator._base_loss = estimator._get_loss()
    return estimator
