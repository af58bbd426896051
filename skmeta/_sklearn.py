"""The only file that touches private scikit-learn names; a test fails when they move."""


def check_parameters(estimator):
    """Raise scikit-learn's own error for a parameter out of its range, as the class's ``fit`` would."""
    getattr(estimator, "_validate_params", lambda: None)()


def prepare_glm(estimator):
    """Give an unfitted generalised linear regressor what its ``predict`` needs beside the coefficients."""
    estimator._base_loss = estimator._get_loss()
    return estimator
