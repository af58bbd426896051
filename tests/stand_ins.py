"""Stand-ins of engines and studies of other packages, as far as the blocks of the documentation ask them."""

from dataclasses import dataclass
from functools import reduce
from types import SimpleNamespace

# Spark ------------------------------------------------------------------------------------------------------------


class SparkFrame:
    """A frame in partitions, each a pandas frame."""

    def __init__(self, partitions):
        self.rdd = Rows([row for part in partitions for row in part.itertuples(index=False)])
        self._partitions = partitions

    def mapInPandas(self, function, schema):  # noqa: N802
        assert schema
        return SparkFrame([frame for part in self._partitions for frame in function(iter([part]))])


class Rows(list):
    def map(self, function):
        return Rows(map(function, self))

    def treeReduce(self, function):  # noqa: N802
        return reduce(function, self)


# Ray --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reference:
    """What stands for a value that a worker has."""

    value: object


def resolved(argument):
    return argument.value if isinstance(argument, Reference) else argument


def remote(function):
    return SimpleNamespace(remote=lambda *arguments: Reference(function(*map(resolved, arguments))))


RAY = SimpleNamespace(
    remote=remote, get=lambda found: [each.value for each in found] if isinstance(found, list) else found.value
)

# Optuna -----------------------------------------------------------------------------------------------------------


class Trial:
    """A trial that is done, or that is asked for its parameters."""

    state = SimpleNamespace(is_finished=lambda: True, name="COMPLETE")
    duration = None

    def __init__(self, number):
        self.number, self.params, self.value = number, {}, None

    @property
    def values(self):
        return [self.value]

    def suggest_float(self, name, low, high, log=False):
        return self.params[name]


class RandomSampler:
    pass


@dataclass(frozen=True)
class FloatDistribution:
    low: float
    high: float
    log: bool = False


class Study:
    """A study whose sampler proposes all parameters."""

    def __init__(self, direction, sampler):
        self.direction, self.sampler, self.trials = SimpleNamespace(name=direction.upper()), sampler, []
        self.directions, self.user_attrs = [self.direction], {}

    def optimize(self, objective, n_trials):
        for number in range(n_trials):
            trial = Trial(number)
            space = self.sampler.infer_relative_search_space(self, trial)
            trial.params = self.sampler.sample_relative(self, trial, space)
            trial.value = objective(trial)
            self.trials.append(trial)


OPTUNA = SimpleNamespace(
    samplers=SimpleNamespace(RandomSampler=RandomSampler),
    distributions=SimpleNamespace(FloatDistribution=FloatDistribution),
    create_study=Study,
)
