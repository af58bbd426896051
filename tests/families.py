"""The table of all families: an instance or two of each, with a collection that suits it."""

from dataclasses import dataclass, replace

import numpy as np
from clusters import COLUMNS as CLUSTERED
from clusters import draw_kinds, draw_table
from common import COLUMNS, Case, make_case
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import (
    BayesianRidge,
    ElasticNet,
    GammaRegressor,
    HuberRegressor,
    Lasso,
    LinearRegression,
    LogisticRegression,
    PoissonRegressor,
    QuantileRegressor,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
    TweedieRegressor,
)
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
from sklearn.naive_bayes import BernoulliNB, CategoricalNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.tree import DecisionTreeRegressor

from skmeta import (
    BoostingLearner,
    DiscriminantLearner,
    GaussianProcessLearner,
    NaiveBayesLearner,
    NeighborsLearner,
    NeuralNetworkLearner,
    Reptile,
    SharedModel,
)
from skmeta.base._registry import registered_learner

NOT_NEGATIVE = (MultinomialNB, BernoulliNB, CategoricalNB)


class NaiveBayesCase(Case):
    """The room alone: the fallback, which it compares itself with, has instances of its own."""

    def model(self, **options):
        return super().model(**{"learner": NaiveBayesLearner(compare_with_fallback=False)} | options)


def naive_bayes(estimator):
    """Columns as the model takes them: counts of words, categories, marks, or numbers."""
    case = make_case(estimator, n_rows=8)
    if isinstance(estimator, NOT_NEGATIVE):
        case.table[COLUMNS] = np.clip(np.round(case.table[COLUMNS] + 2.0), 0.0, 4.0)
    return NaiveBayesCase(case.estimator, case.table, case.target)


@dataclass(eq=False)
class LearnerCase(Case):
    """Learned by a learner that has less to choose from, or does it in one round: the tests of its room ask for the rest."""

    learner: object

    def model(self, **options):
        return super().model(**{"learner": self.learner} | options)


def in_one_round(estimator, **options):
    """The estimator's learner, told to compare less: one round, if it learns in rounds, and no columns of the fallback."""
    learner = registered_learner(estimator)()
    if isinstance(learner, NeighborsLearner):
        return NearInOneRound()
    if "compare_with_fallback" in learner.get_params():
        return learner.set_params(compare_with_fallback=False)
    if "max_rounds" not in learner.get_params():
        return learner
    columns = {"correction": None} if type(learner) is SharedModel else {}
    return learner.set_params(**{"max_rounds": 1, "cv": 2} | columns | options)


def learned_by(learner, estimator, **options):
    case = make_case(estimator, **options)
    return LearnerCase(case.estimator, case.table, case.target, learner)


def level_alone(estimator, learner=SharedModel, *, max_rounds=1, **options):
    """Corrected without columns."""
    return learned_by(learner(None, max_rounds=max_rounds, cv=2), estimator, **options)


class OfKernelAlone(GaussianProcessLearner):
    """It compares columns of the kernel: those of the fallback are compared by instances of the latter."""

    def _candidates(self, estimator, tasks):
        found = super()._candidates(estimator, tasks)
        return lambda outputs: (
            {name: each for name, each in found(outputs).items() if "kernel" in name} or found(outputs)
        )


class NearInOneRound(NeighborsLearner):
    """The answers of shared neighbours are corrected by a level alone, in one round, likewise."""

    def _corrector(self):
        return SharedModel(None, max_rounds=1, cv=2)


def with_thresholds(estimator):
    """Tasks jump each at a place of its own, so that trees of their own are grown."""
    case = learned_by(BoostingLearner(None, max_rounds=1, n_trees=(10,)), estimator, n_rows=40)
    rng = np.random.default_rng(0)
    place = {shop: rng.uniform(-0.7, 0.7) for shop in [*"abcde", "new"]}
    jump = case.table["height"] > case.table["shop"].map(place)
    return replace(case, target=case.target + 5.0 * jump.to_numpy())


def clustered(estimator):
    """Four kinds of rows, at other places in each task."""
    assert CLUSTERED == COLUMNS
    table, _ = draw_table(np.random.default_rng(1), draw_kinds(np.random.default_rng(0), spread=8.0), 6, 25)
    names = dict(zip(sorted(set(table["shop"])), [*"abcde", "new"], strict=True))
    return Case(estimator, table.assign(shop=table["shop"].map(names)), None)


LINEAR = [
    make_case(Ridge()),
    make_case(LinearRegression()),
    make_case(Lasso(tol=1e-12)),
    make_case(ElasticNet(tol=1e-12)),
    make_case(HuberRegressor()),
    make_case(QuantileRegressor()),
    make_case(BayesianRidge()),
    make_case(LogisticRegression()),
    make_case(PoissonRegressor(), positive=True),
    make_case(GammaRegressor(), positive=True),
    make_case(TweedieRegressor(power=1.5), positive=True),
    make_case(SGDRegressor(random_state=0)),
    make_case(SGDClassifier("log_loss", learning_rate="constant", eta0=0.01, random_state=0)),
]
FALLBACK = [
    learned_by(SharedModel(max_rounds=1, cv=2), DecisionTreeRegressor(max_depth=3, random_state=0)),
    level_alone(DecisionTreeRegressor(criterion="poisson", max_depth=3, random_state=0), positive=True, max_rounds=4),
    level_alone(HistGradientBoostingClassifier(max_iter=3), n_rows=8),
    level_alone(RidgeClassifier(), n_rows=6),  # calibrated in each task
]
ENSEMBLE = [
    level_alone(HistGradientBoostingRegressor(max_iter=3, random_state=0), BoostingLearner, n_rows=6),
    with_thresholds(HistGradientBoostingRegressor(max_iter=5, min_samples_leaf=5, random_state=0)),
]
NEIGHBORS = [  # trees of scikit-learn count how often they were asked, which changes what keeps them
    learned_by(NearInOneRound(), KNeighborsRegressor(3, weights="distance", algorithm="brute"), n_rows=6),
    learned_by(NearInOneRound(max_columns=2), KNeighborsClassifier(3, algorithm="brute"), n_rows=6),  # as given
]
DISCRIMINANTS = [
    make_case(NearestCentroid(priors="empirical")),  # uniform ones leave it out how frequent classes are
    make_case(LinearDiscriminantAnalysis()),
    learned_by(DiscriminantLearner(2), GaussianNB()),  # takes weights
]
NAIVE_BAYES = [
    naive_bayes(GaussianNB()),
    naive_bayes(MultinomialNB()),
    naive_bayes(BernoulliNB(binarize=2.0)),
    naive_bayes(CategoricalNB(min_categories=5)),
]
NET = {  # some hundred steps on all rows at once, which end without a warning that they have not converged
    "hidden_layer_sizes": (3,), "activation": "tanh", "solver": "sgd", "shuffle": False, "learning_rate_init": 0.05,
    "alpha": 1.0,
    "max_iter": 1000, "tol": 1e6, "n_iter_no_change": 250, "random_state": 0,
}  # fmt: skip
NETS = [
    learned_by(NeuralNetworkLearner(3, compare_with_fallback=False), MLPRegressor(**NET)),
    learned_by(Reptile(3), MLPClassifier(**NET)),
]
PROCESSES = [
    learned_by(OfKernelAlone(max_rounds=1, cv=2), GaussianProcessRegressor(alpha=0.1, optimizer=None), n_rows=6),
    level_alone(KernelRidge(), GaussianProcessLearner),
]
CLUSTERS = [
    clustered(KMeans(4, random_state=0)),
    clustered(MiniBatchKMeans(4, random_state=0)),
    clustered(GaussianMixture(4, random_state=0)),
    clustered(BayesianGaussianMixture(n_components=4, covariance_type="tied", random_state=0)),
]
ROOMS = {
    "linear_model": LINEAR,
    "fallback": FALLBACK,
    "ensemble": ENSEMBLE,
    "neighbors": NEIGHBORS,
    "discriminant_analysis": DISCRIMINANTS,
    "naive_bayes": NAIVE_BAYES,
    "neural_network": NETS,
    "gaussian_process": PROCESSES,
    "cluster": CLUSTERS,
}
FAMILIES = [case for cases in ROOMS.values() for case in cases]
