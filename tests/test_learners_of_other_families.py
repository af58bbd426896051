"""Every learner beside every family: one that is made for others says so in a sentence, before it learns."""

import numpy as np
import pytest
from families import FAMILIES
from sklearn.cluster import DBSCAN
from sklearn.svm import SVR

from skmeta import (
    EmpiricalBayes,
    NaiveBayesLearner,
    NeighborsLearner,
    NeuralNetworkLearner,
    SharedModel,
    WarmStartClusterer,
)
from skmeta.base import learner_for
from skmeta.base._matching import reads_targets
from skmeta.base._registry import registered_learner
from skmeta.cluster import GaussianMixtureLearner, KMeansLearner
from skmeta.ensemble import BoostingLearner
from skmeta.gaussian_process import GaussianProcessLearner

LEARNERS = [
    EmpiricalBayes(),
    SharedModel(),
    BoostingLearner(),
    NeighborsLearner(),
    NaiveBayesLearner(),
    GaussianProcessLearner(),
    NeuralNetworkLearner(),
    KMeansLearner(),
    GaussianMixtureLearner(),
]
CASES = [*FAMILIES, type(FAMILIES[0])(SVR(), FAMILIES[0].table, FAMILIES[0].target)]
name_of = lambda each: type(getattr(each, "estimator", each)).__name__  # noqa: E731


def is_made_for(learner, estimator):
    if type(learner) is SharedModel:
        return reads_targets(estimator)
    return registered_learner(estimator) is type(learner)


@pytest.mark.parametrize("case", CASES, ids=name_of)
@pytest.mark.parametrize("learner", LEARNERS, ids=name_of)
def test_a_learner_of_another_family_says_so(learner, case):
    if is_made_for(learner, case.estimator):
        assert learner_for(case.estimator, learner) is learner
        return
    model = case.model(task="shop", learner=learner)
    with pytest.raises(
        TypeError, match=f"(learner|estimator): wanted .*, found .*{name_of(case)}|which learns priors of"
    ) as found:
        model.fit(case.table, case.target)
    assert name_of(case) in str(found.value)
    assert not hasattr(model, "prior_")


def test_the_refusal_of_a_clusterer_does_not_invite_other_learners():
    table = np.column_stack([np.zeros((8, 2)), np.repeat([0, 1], 4)])
    with pytest.raises(TypeError, match="found DBSCAN; use one of these, or register a learner of your own"):
        WarmStartClusterer(DBSCAN(), task=-1).fit(table)
    for learner in LEARNERS[1:]:
        with pytest.raises(TypeError, match=r"learner: wanted one for DBSCAN, found .*; leave learner out"):
            WarmStartClusterer(DBSCAN(), task=-1, learner=learner).fit(table)
