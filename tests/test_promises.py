"""What DESIGN promises of every family, each promise over the whole table of families."""

from importlib import import_module
from pathlib import Path

import common
import numpy as np
import pytest
from common import CHECKS, name_of
from families import ENSEMBLE, FAMILIES, NOT_NEGATIVE, ROOMS
from sklearn.base import is_regressor
from sklearn.cluster import KMeans
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPClassifier
from sklearn.semi_supervised import LabelPropagation, LabelSpreading, SelfTrainingClassifier
from variations import variation

from skmeta.base._registry import _LEARNERS
from skmeta.ensemble import BoostingPrior

# Learned as any estimator is, but for rows without label: tests/fallback.
SEMI_SUPERVISED = LabelPropagation, LabelSpreading, SelfTrainingClassifier

# Promises that can be put to any estimator, by the words that the design has for them.
PROMISES = {
    "interpolates": [
        common.check_without_task_and_prior_it_is_the_plain_estimator,
        common.check_no_rows_are_the_prior,
    ],
    "few tasks are enough": [
        common.check_a_task_may_have_no_targets,
        common.check_constant_targets_are_legal,
        common.check_few_tasks_and_poor_columns_are_legal,
    ],
    "same answer": [
        common.check_context_changes_only_what_reads_it,
        common.check_n_jobs_changes_nothing,
        common.check_the_order_of_columns_is_of_no_matter,
        common.check_the_order_of_rows_and_tasks_is_of_no_matter,
    ],
    "state-safe": [
        common.check_a_learner_takes_no_tasks_for_those_it_learned_from,
        common.check_a_prior_survives_clone_and_pickle,
        common.check_cold_and_warm_are_one_grid,
        common.check_nothing_that_is_passed_in_changes,
        common.check_worker_processes_know_the_family,
    ],
    "matched by name": [
        common.check_classes_are_matched_by_label,
        common.check_columns_are_matched_by_name,
        common.check_unseen_classes_raise,
    ],
    "honoured": [
        common.check_class_frequencies_are_the_pasts,
        common.check_context_is_constant_within_a_task,
        common.check_the_scale_of_weights_changes_nothing,
        common.check_weights_are_taken_or_refused,
    ],
    "the contract": [
        common.check_a_prior_adapts_one_dataset_to_a_plain_estimator,
        common.check_a_small_model_may_stand_for_a_prior,
        common.check_a_task_column_learns_and_adapts_to_each,
        common.check_learning_goes_on_from_a_prior,
        common.check_new_tasks_are_scored_by_scikit_learn,
        common.check_steps_travel_with_the_prior,
    ],
}


def id_of(case):
    return "".join(repr(case.estimator).split())


# Of what reads context, each by another learner, and of what does not.
WITH_CONTEXT = ["linear_model", "fallback", "gaussian_process", "naive_bayes"]


# Of each room what is learned fastest; of linear models a regressor and a classifier. The others are variations.
SHOWN = {
    "linear_model": [Ridge, LogisticRegression],
    "fallback": [HistGradientBoostingClassifier],
    "ensemble": [HistGradientBoostingRegressor],
    "neighbors": [KNeighborsClassifier],
    "discriminant_analysis": [NearestCentroid],
    "naive_bayes": [MultinomialNB],
    "neural_network": [MLPClassifier],
    "gaussian_process": [KernelRidge],
    "cluster": [KMeans],
}
IN_TURN = [check for checks in PROMISES.values() for check in checks]


def first_of(cls, room):
    return next(case for case in ROOMS[room] if type(case.estimator) is cls)


def is_asked(check, case, room):
    """Worker processes and context are of a room, not of a class; a StandardScaler makes columns negative that may not be."""
    if check is common.check_worker_processes_know_the_family:
        return case is first_of(SHOWN[room][0], room)
    if check is common.check_context_changes_only_what_reads_it:
        return case is ROOMS[room][0] and room in WITH_CONTEXT
    return not (check is common.check_steps_travel_with_the_prior and isinstance(case.estimator, NOT_NEGATIVE))


def shown(check, room):
    """What `pytest` puts a check to: what is learned fastest, or the first that it can be put to where that is another."""
    put = [case for case in ROOMS[room] if is_asked(check, case, room)]
    if check is common.check_constant_targets_are_legal:
        put = [case for case in put if is_regressor(case.estimator)] or put
    return [case for case in put if case in fastest(room)] or put[:1]


def fastest(room):
    return [first_of(cls, room) for cls in SHOWN[room]]


def asked(case, check, room, promise):
    param = pytest.param(case, check, id=f"{promise}-{name_of(check)}-{id_of(case)}")
    return param if case in shown(check, room) else variation(param)


ASKED = [
    asked(case, check, room, promise)
    for room, cases in ROOMS.items()
    for case in cases
    for promise, checks in PROMISES.items()
    for check in checks
    if is_asked(check, case, room)
]


def test_the_table_has_every_registered_estimator_and_every_check():
    here = {type(case.estimator) for case in FAMILIES}
    learners = {cls: learner for cls, learner in _LEARNERS.items() if cls.__module__.startswith("sklearn.")}
    ours = {
        cls for cls, learner in learners.items() if learner.__module__.startswith("skmeta.")
    }  # not those of other tests
    assert ours - here == {GradientBoostingRegressor, *SEMI_SUPERVISED}  # one booster stands for all
    assert sorted(IN_TURN, key=name_of) == sorted(CHECKS, key=name_of)


@pytest.mark.parametrize(("case", "check"), ASKED)
def test_every_family_keeps_the_promise(case, check):
    check(case)


def test_every_promise_is_shown_of_every_room_that_it_is_put_to():
    assert SHOWN.keys() == ROOMS.keys()
    for check in CHECKS:
        put = {room for room, cases in ROOMS.items() if any(is_asked(check, case, room) for case in cases)}
        assert put == {room for room in ROOMS if shown(check, room)}


def test_one_booster_grows_trees_and_the_other_does_not():
    plain, grows = (case.learned().prior_.components[0] for case in ENSEMBLE)
    assert not isinstance(plain, BoostingPrior) and isinstance(grows, BoostingPrior)


# Promises about means over collections: the benchmark in small ----------------------------------------------


@pytest.fixture(scope="module")
def bench():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(Path(__file__).parents[1] / "benchmarks"))
        found = import_module("family_safety")
        for name, value in {
            "N_PAST": 15,
            "N_NEW": 6,
            "SHOTS": (10,),
            "INTERVAL_SHOTS": (2, 5, 20),
        }.items():
            patch.setattr(found, name, value)
        yield found


def beyond(values, bound):
    """By how much means over collections are above a bound, two standard errors off."""
    values = np.asarray(values)
    return values.mean(axis=0) - 2.0 * values.std(axis=0, ddof=1) / np.sqrt(len(values)) - bound


# Of each room what is fitted fast, as a task's own model is fitted to all of its rows but one.
HARMED = ["LogisticRegression, lines", "SVR, lines", "KNeighborsRegressor, lines", "KernelRidge, lines",
          "MultinomialNB", "KMeans"]  # fmt: skip
WITH_INTERVALS = ["Ridge, lines", "SVR, lines", "KernelRidge, lines"]


@pytest.mark.statistics
@pytest.mark.parametrize("past", ["flipped", "noise"])
@pytest.mark.parametrize("family", HARMED)
def test_two_rows_a_column_undo_a_past_that_misleads(bench, family, past):
    assert beyond([bench.excess(family, past, seed) for seed in range(3)], 2.0) <= 0.0


@pytest.mark.statistics
@pytest.mark.parametrize("family", WITH_INTERVALS)
def test_nine_in_ten_new_observations_are_in_their_intervals(bench, family):
    found = np.array([bench.coverage(family, seed) for seed in range(4)])
    assert np.all(beyond(found, 92.0) <= 0.0) and np.all(beyond(-found, -88.0) <= 0.0), found.mean(axis=0)


@pytest.mark.parametrize("case", FAMILIES, ids=lambda case: type(case.estimator).__name__)
def test_learning_tells_how_far_it_is(case):
    """Each learner has steps; each goes on, and the last one is the end."""
    case.learned()
    done, total = zip(*case.told, strict=True)
    assert len(set(total)) == 1 and list(done) == sorted(set(done)) and done[-1] == total[0]
    assert len(done) > 1
