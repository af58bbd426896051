"""Nets of skorch, whose packages are an extra: `pytest -m nets`, with `skmeta[torch]` installed."""

import pickle
from copy import deepcopy

import numpy as np
import pytest
from nets_of_other_packages import code_of_page, many_lines
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skmeta import MAML, ParameterAverage, Reptile, SharedModel, WarmStartClassifier, WarmStartRegressor
from skmeta.base._registry import registered_learner
from skmeta.neural_network import ParametersPrior
from skmeta.neural_network._parameters import parameters_of, set_parameters
from skmeta.neural_network._skorch import forget, go_on
from skmeta.neural_network._training import untrained

pytestmark = pytest.mark.nets
ONCE = {"n_iter": 1, "schedule": "constant"}


def regressor(**more):
    import skorch
    from torch_nets import Net

    own = {"module": Net, "max_epochs": 3, "lr": 0.05, "verbose": 0, "train_split": None}
    return skorch.NeuralNetRegressor(**(own | more))


def classifier(n_classes=3, **more):
    import skorch
    import torch
    from torch_nets import Net

    own = {"max_epochs": 3, "lr": 0.05, "verbose": 0, "train_split": None}
    if n_classes == 2:
        return skorch.NeuralNetBinaryClassifier(Net, **(own | more))
    own |= {"module__n_out": n_classes, "module__flat": False, "criterion": torch.nn.CrossEntropyLoss}
    return skorch.NeuralNetClassifier(Net, **(own | more))


def seed(number=0):
    import torch

    torch.manual_seed(number)


def lines(n_tasks=4):
    X, y = many_lines(n_tasks)
    return X.astype(np.float32), y.astype(np.float32)


def learned(net, learner=None, n_tasks=4):
    seed()
    X, y = lines(n_tasks)
    return WarmStartRegressor(net, task=-1, learner=learner or ParameterAverage()).fit(X, y)


def started(net, parameters):
    """What a user of skorch would write: an initialised net with these weights."""
    import torch

    found = clone(net).initialize()
    state = {name: torch.tensor(parameters[name]).to(own.dtype) for name, own in found.module_.state_dict().items()}
    found.module_.load_state_dict(state)
    return found


def same_state(one, other):
    assert list(one) == list(other)
    for name in one:
        assert_array_equal(one[name], other[name])


def test_arrays_have_the_names_of_the_module_and_come_back_as_they_were():
    net, other = untrained(regressor(), 3), untrained(regressor(), 3)
    found = {name: array.copy() for name, array in parameters_of(net).items()}
    assert list(found) == list(net.module_.state_dict())
    set_parameters(other, {name: array.astype(float) for name, array in found.items()})
    same_state(parameters_of(other), found)
    assert [each.dtype for each in parameters_of(other).values()] == [each.dtype for each in found.values()]
    set_parameters(other, {**found, "norm.num_batches_tracked": np.array(2.7)})
    assert parameters_of(other)["norm.num_batches_tracked"] == 3


def test_arrays_of_the_criterion_are_among_them():
    import torch

    net = untrained(classifier(2, criterion__pos_weight=torch.tensor(2.0)), 3, np.arange(2))
    assert parameters_of(net)["criterion.pos_weight"] == 2.0


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_adapting_is_the_net_s_own_training_from_the_learned_weights(optimizer):
    import torch

    net = regressor(optimizer=getattr(torch.optim, optimizer), batch_size=4)
    model, (X, y) = learned(net), lines()
    reference = started(net, model.prior_.parameters).partial_fit(X[:8, :-1], y[:8])
    plain = model.adapt(X[:8, :-1], y[:8])
    assert type(plain) is type(net) and plain.get_params(deep=False) == net.get_params(deep=False)
    same_state(parameters_of(plain), parameters_of(reference))
    assert plain.history[:, "train_loss"] == reference.history[:, "train_loss"]
    assert_array_equal(
        model.prior_.zero_shot(net).predict(X[:5, :-1]), started(net, model.prior_.parameters).predict(X[:5, :-1])
    )


def test_the_average_is_the_mean_of_what_trainings_from_one_start_find():
    net, (X, y) = regressor(), lines(2)
    prior = learned(net, n_tasks=2).prior_
    seed()
    start = clone(net).initialize()
    found = []
    for task in np.unique(X[:, -1]):
        rows = X[:, -1] == task
        found.append(parameters_of(deepcopy(start).partial_fit(X[rows, :-1], y[rows])))
    for name, array in prior.parameters.items():
        assert_allclose(array, np.mean([each[name] for each in found], axis=0), rtol=1e-6)
    assert prior.parameters["hidden.weight"].dtype == np.float32
    assert prior.parameters["norm.running_var"].min() > 0.0


def test_one_whole_step_of_reptile_is_the_average():
    average, reptile = learned(regressor()), learned(regressor(), Reptile(meta_batch_size=4, random_state=0, **ONCE))
    for one, other in zip(average.prior_.arrays, reptile.prior_.arrays, strict=True):
        assert_allclose(one, other, rtol=1e-5)
    assert len(reptile.learner_.loss_curve_) == 1 and np.isfinite(reptile.learner_.loss_curve_).all()


def test_torch_s_seed_makes_it_repeatable_and_nothing_else_does():
    net = regressor()
    same_state(learned(net).prior_.parameters, learned(net).prior_.parameters)
    X, y = lines()
    other = WarmStartRegressor(net, task=-1, learner=ParameterAverage(random_state=0)).fit(X, y)
    assert not np.array_equal(other.prior_.arrays[0], learned(net).prior_.arrays[0])


def test_clones_and_stored_priors_keep_the_weights():
    net, (X, y) = regressor(), lines()
    prior = learned(net).prior_
    warm = clone(WarmStartRegressor(net, prior=prior))
    assert warm.prior is prior
    expected = warm.fit(X[:9, :-1], y[:9]).predict(X[9:, :-1])
    for again in (ParametersPrior.from_dict(prior.to_dict()), pickle.loads(pickle.dumps(prior))):
        assert repr(again) == repr(prior) == "ParametersPrior(NeuralNetRegressor, n_tasks=4)"
        assert_array_equal(WarmStartRegressor(net, prior=again).fit(X[:9, :-1], y[:9]).predict(X[9:, :-1]), expected)
    by_hand = ParametersPrior.from_estimator(warm.estimator_)
    assert_array_equal(by_hand.zero_shot(net).predict(X[9:, :-1]), expected)


def test_learning_goes_on_from_a_prior():
    net, (X, y) = regressor(), lines()
    prior = learned(net).prior_
    more = WarmStartRegressor(net, task=-1, prior=prior, learner=Reptile(2, random_state=0)).fit(X, y)
    assert more.prior_.n_tasks == 8.0


def test_a_pipeline_takes_frames_of_doubles_and_its_result_is_plain():
    import pandas as pd

    X, y = many_lines()
    df = pd.DataFrame(X, columns=["a", "b", "c", "shop"])
    pipe = make_pipeline(StandardScaler(), FunctionTransformer(np.float32), regressor())
    model = WarmStartRegressor(pipe, task="shop", learner=ParameterAverage()).fit(df, y)
    plain = model.adapt(df[["a", "b", "c"]][:9], y[:9])
    stored = pickle.dumps(plain)
    assert b"skmeta" not in stored
    again = pickle.loads(stored)
    warm = WarmStartRegressor(regressor(), prior=model.prior_).fit(df[["a", "b", "c"]][:9], y[:9])
    assert_array_equal(again.predict(df[["a", "b", "c"]]), warm.predict(df[["a", "b", "c"]]))


def test_a_module_that_predicts_a_column_is_trained_on_one():
    X, y = lines()
    flat, column = (learned(regressor(module__flat=flat)) for flat in (True, False))
    same_state(flat.prior_.parameters, column.prior_.parameters)
    assert column.adapt(X[:9, :-1], y[:9]).predict(X[:5, :-1]).shape == (5, 1)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_a_class_that_a_task_lacks_keeps_its_output(n_classes):
    X, y = lines(6)
    labels = np.digitize(y, [0.0, 0.5][: n_classes - 1])
    if n_classes == 2:
        labels = labels.astype(np.float32)  # as torch's loss of a single output wants them
    seed()
    model = WarmStartClassifier(classifier(n_classes), task=-1, learner=Reptile(2, random_state=0)).fit(X, labels)
    plain = model.adapt(X[labels == 0][:5, :-1], labels[labels == 0][:5])
    assert_array_equal(plain.classes_, np.arange(n_classes))
    assert plain.predict_proba(X[:4, :-1]).shape == model.predict_proba(X[:4]).shape == (4, n_classes)


def test_without_a_prior_it_is_skorch_alone():
    net, (X, y) = regressor(), lines()
    X = X[:, :-1]
    seed()
    expected = clone(net).fit(X, y).predict(X)
    seed()
    assert_array_equal(WarmStartRegressor(net).fit(X, y).predict(X), expected)


def test_by_default_it_is_the_fallback_that_all_estimators_have():
    assert registered_learner(regressor()) is SharedModel


def test_training_that_diverges_leaves_the_learned_weights():
    X, y = lines()
    prior = learned(regressor()).prior_
    with pytest.warns(
        ConvergenceWarning, match="NeuralNetRegressor: training from the learned parameters diverged in epoch"
    ):
        plain = prior.adapt(regressor(lr=1e9), X[:9, :-1], y[:9])
    assert all(np.isfinite(array).all() for array in parameters_of(plain).values())
    assert plain.max_epochs == 3


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_an_error_of_the_users_own_stays_what_it_is(kind):
    """Whatever the precision of the rows is: a module may cast them."""
    from torch_nets import Net

    class Picky(Net):
        def forward(self, X):
            raise ValueError("no rows for me")

    X, y = lines()
    net = untrained(regressor(module=Picky), 3)
    with pytest.raises(ValueError, match="no rows for me"):
        go_on(net, X[:9, :-1].astype(kind), y[:9], {})


def test_a_fault_of_torch_is_not_blamed_on_a_split_or_on_the_rows():
    """Whatever words it uses, and though the rows are too few to split and of another precision."""
    from torch_nets import Net

    class Picky(Net):
        def forward(self, X):
            raise RuntimeError("squeeze, dtype, test_size: the weights are on another device")

    X, y = lines()
    for rows in (X[:9, :-1], X[:9, :-1].astype(float)):
        with pytest.raises(RuntimeError, match="another device"):
            go_on(untrained(regressor(module=Picky, train_split=five()), 3), rows, y[:9], {})


def test_rows_of_another_precision_are_told_by_trying_not_by_words():
    from torch_nets import Net

    class Terse(Net):
        def forward(self, X):
            if X.dtype.itemsize > 4:
                raise RuntimeError("no")
            return super().forward(X)

    class Casting(Net):
        def forward(self, X):
            return super().forward(X.float())

    X, y = lines()
    rows = X[:9, :-1].astype(float)
    for refused in (rows, sparse.csr_array(rows)):
        with pytest.raises(ValueError, match=r"X: wanted an array of float32.*FunctionTransformer\(np.float32\)"):
            go_on(untrained(regressor(module=Terse), 3), refused, y[:9], {})
    go_on(untrained(regressor(module=Casting), 3), rows, y[:9], {})


def test_a_split_is_as_it_was_after_training():
    X, y = lines()
    net = untrained(regressor(train_split=five()), 3)
    own = net.train_split
    go_on(net, X[:9, :-1], y[:9], {})
    assert net.train_split is own and len(net.history) and "valid_loss" in net.history[-1]
    with pytest.raises(ValueError, match=r"train_split: wanted rows .* cannot split \(.*5.*\); use train_split=None"):
        go_on(net, X[:2, :-1], y[:2], {})
    assert net.train_split is own


def test_a_net_that_cannot_be_initialised_again_is_as_loud_as_before():
    X, y = lines()
    net = untrained(regressor(), 3)
    go_on(net, X[:9, :-1], y[:9], {})
    net.set_params(verbose=1)

    def fails():
        raise RuntimeError

    net.initialize = fails
    with pytest.raises(RuntimeError):
        forget(net)
    assert net.verbose == 1


def test_what_is_misused_is_named():
    import torch

    X, y = lines()
    model = learned(regressor())
    prior, rows = model.prior_, X[:9, :-1]
    with pytest.raises(ValueError, match=r"with the arrays hidden.bias \(6,\).*found hidden.bias \(7,\)"):
        prior.zero_shot(regressor(module__n_hidden=7))
    with pytest.raises(ValueError, match="loss: wanted 'MSELoss', as the prior was learned with, found 'L1Loss'"):
        prior.zero_shot(regressor(criterion=torch.nn.L1Loss))
    with pytest.raises(TypeError, match="for NeuralNetBinaryClassifier"):
        prior.zero_shot(classifier(2))
    with pytest.raises(ValueError, match=r"X: wanted an array of float32.*FunctionTransformer\(np.float32\)"):
        model.adapt(rows.astype(float), y[:9])
    with pytest.raises(ValueError, match="X has 2 features, but the prior is expecting 3"):
        model.adapt(rows[:, :2], y[:9])
    with pytest.raises(ValueError, match=r"train_split: wanted rows enough .* found 2"):
        prior.adapt(regressor(train_split=five()), rows[:2], y[:2])
    with pytest.raises(ValueError, match=r"y: wanted the labels 0, 1, ... .* found \[1, 2\]; encode"):
        WarmStartClassifier(classifier(2), task=-1, learner=ParameterAverage()).fit(X, (y > 0) + 1)
    with pytest.raises(TypeError, match="learner: wanted one for NeuralNetRegressor, found MAML"):
        WarmStartRegressor(regressor(), task=-1, learner=MAML()).fit(X, y)
    with pytest.raises(RuntimeError, match="mat1 and mat2 shapes"):
        WarmStartRegressor(regressor(module__n_in=9), task=-1, learner=ParameterAverage()).fit(X, y)


def five():
    from skorch.dataset import ValidSplit

    return ValidSplit(5)


def test_lazy_layers_are_named():
    import skorch
    import torch

    net = skorch.NeuralNetRegressor(torch.nn.LazyLinear, module__out_features=1)
    with pytest.raises(ValueError, match="module: wanted weights of known sizes, found weight of a lazy layer"):
        parameters_of(untrained(net, 3))


def test_the_page_runs():
    seed()
    names = {}
    exec(code_of_page(0), names)
    assert type(names["plain"][-1]).__name__ == "NeuralNetRegressor"
