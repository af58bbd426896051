"""What a saved prior may be made of: exact lists of classes and functions, and why they are safe."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

# Fitted or not: what a fit leaves in these is read by NumPy, which checks its indices, or is checked by `CHECKS`.
FITTED = {
    "compose": "ColumnTransformer TransformedTargetRegressor",
    "cross_decomposition": "PLSRegression",
    "decomposition": "PCA TruncatedSVD",
    "discriminant_analysis": "LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis",
    "dummy": "DummyClassifier DummyRegressor",
    "ensemble": "ExtraTreesClassifier ExtraTreesRegressor GradientBoostingClassifier GradientBoostingRegressor "
    "HistGradientBoostingClassifier HistGradientBoostingRegressor RandomForestClassifier RandomForestRegressor",
    "frozen": "FrozenEstimator",
    "gaussian_process": "GaussianProcessClassifier GaussianProcessRegressor",
    "gaussian_process.kernels": "CompoundKernel ConstantKernel DotProduct ExpSineSquared Exponentiation Hyperparameter Matern "
    "Product RBF RationalQuadratic Sum WhiteKernel",
    "impute": "MissingIndicator SimpleImputer",
    "kernel_ridge": "KernelRidge",
    "linear_model": "ARDRegression BayesianRidge ElasticNet ElasticNetCV GammaRegressor HuberRegressor Lars LarsCV Lasso "
    "LassoCV LassoLars LassoLarsCV LassoLarsIC LinearRegression LogisticRegression LogisticRegressionCV MultiTaskElasticNet "
    "MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV OrthogonalMatchingPursuit OrthogonalMatchingPursuitCV "
    "PoissonRegressor QuantileRegressor Ridge RidgeCV RidgeClassifier RidgeClassifierCV TheilSenRegressor TweedieRegressor",
    "naive_bayes": "BernoulliNB CategoricalNB ComplementNB GaussianNB MultinomialNB",
    "neural_network": "MLPClassifier MLPRegressor",
    "pipeline": "FeatureUnion Pipeline",
    "preprocessing": "FunctionTransformer LabelBinarizer LabelEncoder MaxAbsScaler MinMaxScaler Normalizer OneHotEncoder "
    "PowerTransformer QuantileTransformer RobustScaler StandardScaler",
    "svm": "LinearSVC LinearSVR",
    "tree": "DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor",
}

# Not fitted alone: compiled code reads what a fit leaves in these, and does not check it.
UNFITTED = {
    "ensemble": "AdaBoostClassifier AdaBoostRegressor",
    "linear_model": "PassiveAggressiveClassifier PassiveAggressiveRegressor Perceptron SGDClassifier SGDRegressor",
    "neighbors": "KNeighborsClassifier KNeighborsRegressor RadiusNeighborsClassifier RadiusNeighborsRegressor",
    "svm": "NuSVC NuSVR SVC SVR",
}

# What fitted estimators of scikit-learn hold, by the names that files give them.
PARTS = {
    "sklearn._loss._loss": "CyAbsoluteError CyExponentialLoss CyHalfBinomialLoss CyHalfGammaLoss CyHalfMultinomialLoss "
    "CyHalfPoissonLoss CyHalfSquaredError CyHuberLoss CyPinballLoss",
    "sklearn._loss": "link.HalfLogitLink link.IdentityLink link.Interval link.LogLink link.LogitLink link.MultinomialLogit "
    "loss.AbsoluteError loss.ExponentialLoss loss.HalfBinomialLoss loss.HalfGammaLoss loss.HalfMultinomialLoss "
    "loss.HalfPoissonLoss loss.HalfSquaredError loss.HuberLoss loss.PinballLoss",
    "sklearn.ensemble._hist_gradient_boosting": "binning._BinMapper predictor.TreePredictor",
    "sklearn.gaussian_process._gpc": "_BinaryGaussianProcessClassifierLaplace",
    "sklearn.neural_network._stochastic_optimizers": "AdamOptimizer SGDOptimizer",
    "sklearn.tree._tree": "Tree",
}

# Priors and what they are made of.
VALUES = {
    "skmeta.compose": "_mixture_of_kinds.MixtureOfKinds _mixture_prior.MixturePrior _own_model.OwnModelPrior "
    "_with_own_model.PriorWithOwnModel",
    "skmeta.discriminant_analysis": "_class_sums.ClassSums _discriminant_prior.DiscriminantPrior _shift_sums.ShiftSums "
    "_shifted_prior.ShiftedDiscriminantPrior",
    "skmeta.ensemble": "_boosting_prior.BoostingPrior",
    "skmeta.fallback": "_mean_of_corrections.LearnerOfCorrections _mean_of_corrections.MeanOfCorrections "
    "_shared_model_prior.SharedModelPrior",
    "skmeta.gaussian_process": "_gaussian_process_prior.GaussianProcessPrior",
    "skmeta.linear_model": "_empirical_bayes.EmpiricalBayes _gaussian_prior.GaussianPrior _own_prior.OwnPrior "
    "_sufficient_statistics.SufficientStatistics _units.ContextualEffects _units.Units",
    "skmeta.linear_model._structured": "_crossed_prior.CrossedPrior _crossed_prior.KnownFactors "
    "_described_prior.DescribedPrior _described_prior.ModelMap _describer.Describer _drifting_prior.DriftingPrior "
    "_drifting_prior.States _mixture.StructuredMixture _nested_prior.NestedPrior _nested_prior.Nodes",
    "skmeta.naive_bayes": "_counts.BernoulliNBPrior _counts.CategoricalNBPrior _counts.MultinomialNBPrior "
    "_gaussian.GaussianNBPrior _robust_naive_bayes_prior.RobustNaiveBayesPrior",
    "skmeta.neighbors": "_neighbors_prior.NeighborsPrior _scatter.Scatter",
    "skmeta.neural_network": "_parameters_prior.ParametersPrior _start_or_own_net.StartOrOwnNet",
    "skmeta.report": "_columns.WrittenNumbers _prior_of_table.PriorOfTable _written_numbers.NumberStyle",
    "skmeta.steps": "_frozen_steps.FrozenSteps _prior_with_steps.PriorWithSteps",
    "skmeta.tasks": "_task_columns.TaskColumns",
}

# Functions that frozen steps call: numbers in, numbers out, and no argument of theirs is a path or a function.
FUNCTIONS = {
    "numpy.asarray": "dates as numbers",
    "numpy.clip": "outputs of a shared model, within the bounds of logarithms",
    "numpy.expand_dims": "outputs of a shared model, as a column",
    "numpy.log": "outputs of a shared model of counts",
    "numpy.square": "columns of which a correction may be a parabola",
    "numpy.take": "probability of the second of two classes; columns that a correction reads",
    "pandas.to_datetime": "columns of dates",
    "scipy.special.logit": "probabilities of a shared model",
}
ANSWERS = ("predict", "predict_proba", "decision_function")  # methods that frozen steps call


@cache
def public_classes(unfitted: bool = False) -> dict[type, str]:
    """The classes of scikit-learn in `FITTED`, or in `UNFITTED`, and their dotted names in files."""
    listed = UNFITTED if unfitted else FITTED
    found = [_found(f"sklearn.{module}", name) for module, names in listed.items() for name in names.split()]
    return {cls: f"{cls.__module__}.{cls.__name__}" for cls in found}


@cache
def names_of_parts() -> frozenset[str]:
    """Dotted names in files of the classes in `PARTS` and `VALUES`."""
    return frozenset(f"{module}.{name}" for module, names in (PARTS | VALUES).items() for name in names.split())


@cache
def functions() -> dict[int, str]:
    """The functions in `FUNCTIONS`, by identity: not all can be hashed."""
    return {id(_found(*name.rsplit(".", 1))): name for name in FUNCTIONS}


def is_trusted(name: str) -> bool:
    """Whether a file may name this type or function: it is in one of the lists of this module.

    A name that begins with ``sklearn.`` is not enough. Modules hold what they import, so that
    ``sklearn.utils._testing.check_output`` is `subprocess.check_output`, which starts any program.

    Parameters
    ----------
    name : str
        Dotted name, as of ``skops.io.get_untrusted_types``.

    Returns
    -------
    bool
        Whether a file that holds it may be loaded; what it holds is checked then.
    """
    owner, _, method = name.rpartition(".")
    classes = {*public_classes().values(), *public_classes(unfitted=True).values()}
    return (
        name in FUNCTIONS
        or name == "numpy.dtype"
        or name in names_of_parts()
        or name in classes
        or (owner in classes and method in ANSWERS)
    )


def _found(module: str, name: str) -> Any:
    return getattr(import_module(module), name)
