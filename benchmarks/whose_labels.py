"""Does "auto" tell whose labels they are, and what does a wrong answer cost?

* *The answer.* Collections of 5 or 20 tasks by the ways in which labels come about. How many are taken to have labels of
  their own by three rules: "held out" (what is used: the Jaccard index of a task's labels and those of the others is below one
  half on average), "half of all" (what was used before: a task shows less than half of all labels on average, or no two tasks
  have one in common), "any" (no two tasks have one in common). Beside them, how many further tasks have a label that no past
  one has.
* *The cost.* Episodes of five classes of new tasks, one or five rows of each. "numbered": each task has classes of its own, and
  their labels are the same numbers everywhere, so that "auto" cannot but take them for shared. "five of N": each task shows
  five of N classes, which are the same in all tasks; new tasks that have a label which no past one has are left out, as a
  prior of shared labels refuses it.
"""

import warnings
from dataclasses import replace

import numpy as np
from _common import Table, read_arguments
from new_classes import shown
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid

from skmeta import DiscriminantLearner, EmpiricalBayes, WarmStartClassifier, few_shot_score
from skmeta.tasks import Tasks
from skmeta.tasks._own_labels import labels_are_shared

N_NEW = 20
MODELS = (NearestCentroid(), GaussianNB(), KNeighborsClassifier(1), LogisticRegression())
KINDS = {"numbered": 5, "five of seven": 7, "five of fifteen": 15, "five of forty": 40}  # labels in all


def some_of(rng, n, size):
    return [f"shared {k}" for k in rng.permutation(n)[:size]]


def label_sets(rng, n_tasks):
    """Ways in which the labels of tasks come about: name, and a label set a task."""
    tasks = range(n_tasks + N_NEW)
    size = rng.permutation(2 * len(tasks)) % len(tasks)
    return {
        "all of five": [some_of(rng, 5, 5) for _ in tasks],
        "three of five": [some_of(rng, 5, 3) for _ in tasks],
        "five of forty": [some_of(rng, 40, 5) for _ in tasks],
        "own": [[f"{t}/{k}" for k in range(5)] for t in tasks],
        "own and a common one": [[*(f"{t}/{k}" for k in range(5)), "other"] for t in tasks],
        "own and half common": [[*(f"{t}/{k}" for k in range(5)), *some_of(rng, 5, 5)] for t in tasks],
        "each in two tasks": [[f"{size[2 * t + k]}/{j}" for k in range(2) for j in range(3)] for t in tasks],
    }


def half_of_all(sets):
    labels = set().union(*sets)
    apart = sum(map(len, sets)) == len(labels)
    return not apart and np.mean([len(set(own)) for own in sets]) >= 0.5 * len(labels)


def held_out(sets):
    """The rule of the package itself."""
    classes = tuple(np.unique(own) for own in sets)
    none = np.empty(0, dtype=np.intp)
    tasks = Tasks(np.empty((0, 1)), np.empty(0), none, np.arange(len(sets)))
    return labels_are_shared(replace(tasks, classes=classes))


RULES = {
    "held out": held_out,
    "half of all": half_of_all,
    "any": lambda sets: sum(len(set(own)) for own in sets) > len(set().union(*sets)),
}


def is_new(sets, n_tasks):
    """Share of further tasks that have a label which none of the first has."""
    known = set().union(*sets[:n_tasks])
    return float(np.mean([not set(own) <= known for own in sets[n_tasks:]]))


def rows_of(rng, means, label, spread):
    return means[label] + rng.normal(size=(len(label), means.shape[1])) * spread


def collection(kind, seed, n_tasks=40, n_rows=12):
    """Rows, labels, tasks; half of the tasks are new. Ten columns, of which three tell classes apart."""
    rng = np.random.default_rng(seed)
    relevant = np.arange(10) < 3
    tell, spread = np.where(relevant, 2.0, 0.0), np.where(relevant, 1.0, 3.0)
    task = np.repeat(np.arange(n_tasks), 5 * n_rows)
    place = np.tile(np.repeat(np.arange(5), n_rows), n_tasks)
    if kind == "numbered":
        X = rows_of(rng, rng.normal(size=(5 * n_tasks, 10)) * tell, 5 * task + place, spread)
        return X, place, task
    n = KINDS[kind]
    own = np.array([rng.permutation(n)[:5] for _ in range(n_tasks)])
    label = own[task, place]
    shift = 0.5 * rng.normal(size=(5 * n_tasks, 10)) * tell  # of a class in a task
    return rows_of(rng, rng.normal(size=(n, 10)) * tell, label, spread) + shift[5 * task + place], label, task


def accuracies(estimator, kind, seed, n_episodes):
    """Accuracies of episodes by (shots, answer)."""
    X, y, task = collection(kind, seed)
    past, table, found = task < 20, np.column_stack([X, task]), {}
    unknown = np.unique(task[~np.isin(y, y[past])])
    asked = ~past & ~np.isin(task, unknown)
    models = {"own rows alone": estimator, "auto": WarmStartClassifier(estimator, task=-1).fit(table[past], y[past])}
    if isinstance(estimator, LogisticRegression):  # what "auto" is where labels are taken to be shared
        models["EmpiricalBayes"] = WarmStartClassifier(estimator, task=-1, learner=EmpiricalBayes()).fit(
            table[past], y[past]
        )
    for labels in ("shared", "own"):
        shell = WarmStartClassifier(estimator, task=-1, learner=DiscriminantLearner(labels=labels))
        models[f"labels={labels!r}"] = shell.fit(table[past], y[past])
    options = {"task": -1, "n_way": 5, "n_episodes": n_episodes, "random_state": seed}
    for n_shots in (1, 5):
        for name, model in models.items():
            scores = few_shot_score(model, table[asked], y[asked], n_shots=n_shots, **options).scores
            found[n_shots, name] = scores
    return found


def main():
    args = read_arguments(__doc__, episodes=100, seeds=5, first=0, model="")
    warnings.simplefilter("ignore")  # plain centroids of one row a class have no spread
    n_seeds, n_episodes = (1, 5) if args.quick else (args.seeds, args.episodes)
    seeds = range(args.first, args.first + n_seeds)

    names = list(label_sets(np.random.default_rng(0), 5))
    header = ["labels of a task", "tasks", *RULES, "tasks with a new label"]
    table = Table("Collections taken to have labels of their own, per cent", header, n_names=2)
    for name in names:
        for n_tasks in (5, 20):
            drawn = [
                label_sets(np.random.default_rng(seed), n_tasks)[name]
                for seed in range(args.first, args.first + 40 * n_seeds)
            ]
            cells = [[float(not rule(sets[:n_tasks])) for sets in drawn] for rule in RULES.values()]
            table.add(name, n_tasks, *map(shown, cells), shown([is_new(sets, n_tasks) for sets in drawn]))
    table.show("errors are of collections")

    table = Table(
        "Accuracy on five classes of a new task, per cent", ["classes", "model", "answer", "1 row", "5 rows"], n_names=3
    )
    for kind in KINDS:
        for estimator in [each for each in MODELS if args.model in type(each).__name__]:
            found = [accuracies(estimator, kind, seed, n_episodes) for seed in seeds]
            for name in dict.fromkeys(name for _, name in found[0]):
                cells = [np.concatenate([each[n, name] for each in found]) for n in (1, 5)]
                table.add(kind, type(estimator).__name__, name, *map(shown, cells))
    table.show("errors are of episodes, given the collections")


if __name__ == "__main__":
    main()
