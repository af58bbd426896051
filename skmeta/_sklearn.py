"""The only file that touches private scikit-learn names; a test fails when they move."""

# BaseSearchCV: all that users know from a search, around the loop which a search fills in; not exported. The other
# makes the columns of parameters of cv_results_, masked where a candidate has none.
from sklearn.model_selection._search import BaseSearchCV, _yield_masked_array_for_each_param

__all__ = ["BaseSearchCV", "check_parameters", "every_fit_failed", "param_columns", "prepare_glm", "routed_params"]


def check_parameters(estimator):
    """Raise scikit-learn's own error for a parameter out of its range, as the class's ``fit`` would."""
    getattr(estimator, "_validate_params", lambda: None)()


def prepare_glm(estimator):
    """Give an unfitted generalised linear regressor what its ``predict`` needs beside the coefficients."""
    estimator._base_loss = estimator._get_loss()
    return estimator


def param_columns(candidates):
    """``param_...`` of each parameter as cv_results_ has them: scikit-learn knows which dtype, and what to mask."""
    return dict(_yield_masked_array_for_each_param(candidates))


def every_fit_failed(error):
    """Whether a search ended because every fit of a batch failed: told by the text, as it has no class of its own."""
    return type(error) is ValueError and str(error).startswith("\nAll the ") and " fits failed." in str(error)


def routed_params(search, params):
    """What of a search's fit parameters goes where, as ``estimator.fit`` and ``splitter.split``: it knows both ways."""
    return search._get_routed_params_for_fit(params)
