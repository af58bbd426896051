"""The peers of searches on tables: each proposes by ``ask`` and learns by ``tell`` what was evaluated instead."""

import logging
from functools import partial
from importlib.util import find_spec
from tempfile import TemporaryDirectory

from _peers import quiet
from _tuning import search, winners


class OptunaTPE:
    """Optuna's TPE as it comes; ``warm`` enqueues the five configs that won most."""

    def __init__(self, table, sources, seed, n_trials, warm=False):
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = {name: self.distribution(optuna.distributions, found) for name, found in table.space.items()}
        self.study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        self.failed, self.create_trial = optuna.trial.TrialState.FAIL, optuna.trial.create_trial
        for index in winners(table, sources) if warm else []:
            self.study.enqueue_trial(table.configs[index])

    @staticmethod
    def distribution(kinds, found):
        if found.choices is not None:
            return kinds.CategoricalDistribution(found.choices)
        kind = kinds.IntDistribution if found.integer else kinds.FloatDistribution
        return kind(found.low, found.high, log=found.log)

    def ask(self):
        trial = self.study.ask(self.space)
        self.study.tell(trial, state=self.failed)  # it was never evaluated, and TPE leaves failed trials aside
        return trial.params

    def tell(self, config, score):
        self.study.add_trial(self.create_trial(params=config, distributions=self.space, value=score))


class SkoptGP:
    """scikit-optimize's optimiser as ``gp_minimize`` sets it up."""

    def __init__(self, table, sources, seed, n_trials):
        from skopt import Optimizer

        self.names = list(table.space)
        dimensions = [self.dimension(found) for found in table.space.values()]
        self.optimizer = Optimizer(dimensions, "GP", n_initial_points=10, random_state=seed)

    @staticmethod
    def dimension(found):
        from skopt.space import Categorical, Integer, Real

        if found.choices is not None:
            return Categorical(found.choices)
        return (Integer if found.integer else Real)(found.low, found.high, "log-uniform" if found.log else "uniform")

    def ask(self):
        return dict(zip(self.names, self.optimizer.ask(), strict=True))

    def tell(self, config, score):
        self.optimizer.tell([config[name] for name in self.names], -score)


class Smac:
    """SMAC's facade for hyperparameters, its forest fitted anew after every trial (by default: after eight).

    ``warm`` has the five configs that won most as its initial design, else it is Sobol's.
    """

    def __init__(self, table, sources, seed, n_trials, warm=False):
        from ConfigSpace import Configuration, ConfigurationSpace
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario
        from smac.model.random_forest import RandomForest

        self.space = ConfigurationSpace(seed=seed)
        self.space.add([self.parameter(name, found) for name, found in table.space.items()])
        self.folder = TemporaryDirectory()
        scenario = Scenario(
            self.space, output_directory=self.folder.name, deterministic=True, n_trials=n_trials, seed=seed
        )
        starts = [Configuration(self.space, values=table.configs[i]) for i in winners(table, sources)] if warm else []
        design = {"n_configs": 0, "additional_configs": starts[:n_trials]} if warm else {}
        # The facade's own forest, but for its threads and its room for a million leaves, which take seconds a trial.
        forest = RandomForest(
            self.space,
            log_y=True,
            n_trees=10,
            ratio_features=1.0,
            min_samples_split=2,
            min_samples_leaf=1,
            max_leaf_nodes=2 * n_trials + 2,
            n_jobs=1,
            seed=seed,
        )
        self.smac = Facade(
            scenario,
            lambda config, seed: None,
            model=forest,
            initial_design=Facade.get_initial_design(scenario, **design),
            config_selector=Facade.get_config_selector(scenario, retrain_after=1),
            logging_level=logging.ERROR,
            overwrite=True,
        )

    @staticmethod
    def parameter(name, found):
        from ConfigSpace import Categorical, Float, Integer

        if found.choices is not None:
            return Categorical(name, list(found.choices))
        return (Integer if found.integer else Float)(name, (found.low, found.high), log=found.log)

    def ask(self):
        self.asked = self.smac.ask()
        return dict(self.asked.config)

    def tell(self, config, score):
        from ConfigSpace import Configuration
        from smac.runhistory import TrialInfo, TrialValue

        told = TrialInfo(Configuration(self.space, values=config), seed=self.asked.seed)
        self.smac.tell(told, TrialValue(cost=1.0 - score), save=False)


class SyneTuneQuantiles:
    """syne-tune's quantile-based transfer: Thompson samples of a model of past tasks, which learns nothing of the new."""

    def __init__(self, table, sources, seed, n_trials):
        import pandas as pd
        from syne_tune.optimizer.schedulers.transfer_learning.quantile_based.quantile_based_searcher import (
            QuantileBasedSurrogateSearcher,
        )
        from syne_tune.optimizer.schedulers.transfer_learning.transfer_learning_task_evaluation import (
            TransferLearningTaskEvaluations,
        )

        logging.getLogger("syne_tune").setLevel(logging.ERROR)
        space = {name: self.domain(found) for name, found in table.space.items()}
        past = {
            str(task): TransferLearningTaskEvaluations(
                space,
                pd.DataFrame([table.configs[i] for i in tried]),
                ["cost"],
                -table.scores[task, tried][:, None, None, None],
            )
            for task, tried in sources.items()
        }
        self.searcher = QuantileBasedSurrogateSearcher(space, past, random_seed=seed)

    @staticmethod
    def domain(found):
        from syne_tune import config_space

        if found.choices is not None:
            return config_space.choice(list(found.choices))
        kind = ("log" if found.log else "") + ("randint" if found.integer else "uniform")
        return getattr(config_space, kind)(found.low, found.high)

    def ask(self):
        return self.searcher.suggest()

    def tell(self, config, score):
        """Learns nothing of it, by its authors' design."""


class OpenBoxRGPE:
    """OpenBox's advisor with past histories: its ensemble that ranks, of random forests."""

    def __init__(self, table, sources, seed, n_trials):
        from ConfigSpace import ConfigurationSpace
        from openbox import Advisor, History

        logging.disable(logging.INFO)
        self.space = ConfigurationSpace(seed=seed)
        self.space.add_hyperparameters([self.parameter(name, found) for name, found in table.space.items()])
        past = []
        for task, tried in sources.items():
            history = History(task_id=str(task), config_space=self.space)
            history.update_observations([self.observed(table.configs[i], table.scores[task, i]) for i in tried])
            past.append(history)
        options = {"output_dir": None, "logger_kwargs": {"force_init": False}}
        self.advisor = Advisor(self.space, transfer_learning_history=past, random_state=seed, **options)

    @staticmethod
    def parameter(name, found):
        from ConfigSpace import CategoricalHyperparameter, UniformFloatHyperparameter, UniformIntegerHyperparameter

        if found.choices is not None:
            return CategoricalHyperparameter(name, list(found.choices))
        kind = UniformIntegerHyperparameter if found.integer else UniformFloatHyperparameter
        return kind(name, found.low, found.high, log=found.log)

    def observed(self, config, score):
        from ConfigSpace import Configuration
        from openbox import Observation

        return Observation(Configuration(self.space, values=config), [1.0 - float(score)])

    def ask(self):
        return self.advisor.get_suggestion().get_dictionary()

    def tell(self, config, score):
        self.advisor.update_observation(self.observed(config, score))


def run_peer(peer, table, target, sources, seed, n_trials):
    """The configs that a peer picks."""
    with quiet():
        return search(table, target, peer(table, sources, seed, n_trials), n_trials)


PEERS = {
    "optuna_tpe": ("optuna", OptunaTPE),
    "optuna_tpe_5_bests": ("optuna", partial(OptunaTPE, warm=True)),
    "skopt_gp": ("skopt", SkoptGP),
    "smac": ("smac", Smac),
    "smac_5_bests": ("smac", partial(Smac, warm=True)),
    "syne_tune_quantiles": ("syne_tune", SyneTuneQuantiles),
    "openbox_rgpe": ("openbox", OpenBoxRGPE),
}
COLD = {"optuna_tpe", "skopt_gp", "smac"}
METHODS = {name: partial(run_peer, peer) for name, (module, peer) in PEERS.items() if find_spec(module)}
ABSENT = [name for name in PEERS if name not in METHODS]
