"""Which parts of the robust mixture earn their place: what does the error become without each of them?

The prior that a fit hands out is a mixture (`MixturePrior`): the learned component, outliers in the intercept, in the noise
and in the slopes, and a vague component. Here each is left out, the weights of the others scaled to one; or the contextual
effects of all components; or a task's own noise (``EmpiricalBayes(noise="shared")``). Cells are the change of the error on
new tasks in per cent, the mean over the seeds and its standard error: above zero, the part helps. First on the
collections, then on one made-up past that the new tasks do not resemble: signs turned, columns permuted, coefficients or
targets at random.
"""

import dataclasses

import numpy as np
from _cases import all_cases
from _common import Table, read_arguments
from before_after import answers_by_task, error, mean_and_error, read_case, split
from real_harm import unrelated
from safety import flipped, noise, permuted, related, scattered
from sklearn.base import is_classifier
from sklearn.linear_model import Ridge

from skmeta import EmpiricalBayes, WarmStartClassifier, WarmStartRegressor

SHOTS = (1, 2, 5, 10, 20)
PARTS = ("intercept outlier", "noise outlier", "slope outlier", "vague")
CONTEXT = "contextual effects"


# Priors that lack a part. -----------------------------------------------------------------------------


def restricted(prior, keep):
    """The mixture of those components whose names ``keep`` accepts; the prior itself if these are all."""
    kept = [i for i, name in enumerate(prior.names) if keep(name)]
    if len(kept) == len(prior.names):
        return prior
    weights = np.asarray(prior.weights)[kept]
    names, components = ([parts[i] for i in kept] for parts in (prior.names, prior.components))
    return dataclasses.replace(prior, components=components, weights=weights / weights.sum(), names=names)


def without_context(prior):
    """The mixture whose components do not move with the means of a task's columns."""
    return dataclasses.replace(prior, components=[component_without_context(c) for c in prior.components])


def component_without_context(component):
    names = {field.name for field in dataclasses.fields(component) if field.name.startswith("contextual")}
    return dataclasses.replace(component, **dict.fromkeys(names)) if names else component


def variants(learn):
    """Name to prior: the whole mixture first, then those that lack something. ``learn(noise)`` learns one."""
    whole = learn("task")
    found = {"whole": whole, "learned alone": restricted(whole, lambda name: name == "learned")}
    found |= {part: restricted(whole, lambda name, part=part: not name.startswith(part)) for part in PARTS}
    return found | {CONTEXT: without_context(whole), "own noise": learn("shared")}


# Errors. ----------------------------------------------------------------------------------------------


def error_with(prior, estimator, known, query, y_query, classes):
    """Error on the rows ``query`` of plain estimators adapted to the rows ``known`` of the same tasks."""
    X, y = known

    def model_of(task):
        mine = X[:, -1] == task
        return prior.adapt(estimator, X[mine, :-1], y[mine])

    return error(estimator, y_query, answers_by_task(model_of, query), classes)


def ablated(case, X, y, change, seed, shots):
    """Name to errors ``(n_shots,)``; the past is changed by ``change(past, rng)`` first."""
    past, turn, query = split(case, X, seed)
    classes = np.unique(y) if is_classifier(case.estimator) else None
    shell = WarmStartRegressor if classes is None else WarmStartClassifier
    table = change((X[past], y[past]), np.random.default_rng(seed))
    priors = variants(
        lambda noise: shell(case.estimator, task=-1, learner=EmpiricalBayes(noise=noise)).fit(*table).prior_
    )
    out = {name: [] for name in priors}
    for n in shots:
        known = ~past & (turn < n)
        for name, prior in priors.items():
            rows = (X[known], y[known]), X[query], y[query]
            same = name != "whole" and prior is priors["whole"]
            out[name].append(out["whole"][-1] if same else error_with(prior, case.estimator, *rows, classes))
    return out


def show(table, label, runs, shots):
    """A row for each number of shots."""
    for i, n in enumerate(shots):
        whole = np.array([run["whole"][i] for run in runs])
        cells = []
        for name in list(runs[0])[1:]:
            mean, spread = mean_and_error(
                [100.0 * (run[name][i] / w - 1.0) for run, w in zip(runs, whole, strict=True)]
            )
            cells.append("" if mean == spread == 0.0 else f"{mean:+.2f} ± {spread:.2f}")
        table.add(label if i == 0 else "", n, f"{whole.mean():.4g}", *cells)


def main():
    args = read_arguments(__doc__, data="", seeds=0, first=0, only="")
    seeds = range(args.first, args.first + (args.seeds or (2 if args.quick else 5)))
    cases, absent = all_cases(args.data)
    header = [
        "collection",
        "rows",
        "whole",
        "learned alone",
        *(f"no {part}" for part in (*PARTS, CONTEXT, "own noise")),
    ]
    table = Table(f"Change of the error in % without a part of the prior, {len(seeds)} seeds", header)
    work = [(i, case, related) for i, case in enumerate(cases)]
    made = next(
        i for i, case in enumerate(cases) if case.name == "related, made up" and isinstance(case.estimator, Ridge)
    )
    work += [(made, cases[made], change) for change in (flipped, permuted, unrelated, scattered, noise)]
    for index, case, change in work:
        label = case.name + ("" if case.order is None else ", in order")
        label += "" if change is related else f", past {change.__name__.replace('_', ' ')}"
        if args.only not in label:
            continue
        _, X, y = read_case(args.data, index)
        shots = [n for n in (SHOTS[::2] if args.quick else SHOTS) if n <= max(case.shots)]
        show(table, label, [ablated(case, X, y, change, seed, shots) for seed in seeds], shots)
    table.show("empty: that part is not in the prior, or changes nothing", *(f"not run: {name}" for name in absent))


if __name__ == "__main__":
    main()
