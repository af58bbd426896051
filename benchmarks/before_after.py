"""Is a checkout better or worse than another one, on every collection and number of rows of a new task, and how fast?

Errors on the same rows of the same new tasks (a third of the tasks, drawn by the seed): root mean squared error, mean
Poisson deviance of counts, log-loss of classes. The prior is learned once from the other tasks; the new ones are adapted
to 0, 1, 2, 5, 10 and 20 of their rows, at random or the first ones; of classes "plain" is the plain estimator handed out,
the other the one around it. "change" is after over before in per cent, the mean
over the seeds and its standard error: the two see the same rows. Both run in turn, each in a process of one thread.
"""

import sys
import warnings
from functools import lru_cache

import numpy as np
from _cases import all_cases
from _checkouts import Checkout, failed, read_folders, serve
from _common import Table, clocked, read_arguments
from real_harm import turns
from sklearn.base import is_classifier
from sklearn.linear_model import PoissonRegressor
from sklearn.metrics import log_loss, mean_poisson_deviance
from sklearn.preprocessing import StandardScaler

from skmeta import WarmStartClassifier, WarmStartRegressor
from skmeta.model_selection import OwnModel, PooledModel, ResidualModel

N_NEW, N_QUERY = 40, 50


# In a checkout's process. -----------------------------------------------------------------------------


@lru_cache(maxsize=1)
def read_case(data, index):
    """A case, its columns standardised over the whole collection for all models alike."""
    case = all_cases(data)[0][index]
    X, y = case.read()
    return case, np.column_stack([StandardScaler().fit_transform(X[:, :-1]), X[:, -1]]), y


def split(case, X, seed):
    """``(past, turn, query)``: masks of rows, and each row's turn to become a shot."""
    rng = np.random.default_rng(seed)
    ids, counts = np.unique(X[:, -1], return_counts=True)
    long = rng.permutation(ids[counts > max(case.shots)])
    new = np.isin(X[:, -1], long[: min(max(len(ids) // 3, 1), N_NEW)])
    turn = turns(X, case.order, rng)
    return ~new, turn, new & (turn >= max(case.shots)) & (turn < max(case.shots) + N_QUERY)


def error(estimator, y, predicted, classes):
    """The error that the estimator's kind of target is judged by."""
    if is_classifier(estimator):
        return log_loss(y, predicted, labels=classes)
    if isinstance(estimator, PoissonRegressor):
        return mean_poisson_deviance(y, np.maximum(predicted, 1e-9))
    return float(np.sqrt(np.mean((predicted - y) ** 2)))


def answer_of(model, X):
    return model.predict_proba(X) if is_classifier(model) else model.predict(X)


def answers_by_task(model_of, query):
    """What ``model_of(task)`` says of the rows of each task, the task being the last column."""
    ids, codes = np.unique(query[:, -1], return_inverse=True)
    found = [answer_of(model_of(task), query[codes == code, :-1]) for code, task in enumerate(ids)]
    answers = np.empty((len(query), *found[0].shape[1:]))
    for code, part in enumerate(found):
        answers[codes == code] = part
    return answers


def plain_models(model, X, y):
    """Plain estimators of the tasks in a table, by task, and the seconds that they take (the best of three)."""
    ids = np.unique(X[:, -1])

    def adapt():
        made = model.adapt(X, y)
        return {task: made[task] for task in ids} if len(ids) > 1 else {ids[0]: made}

    return clocked(adapt, 3)


def warm_errors(model, case, known, query, y_query, classes):
    """Errors of the adapted models, of classifiers also as plain estimators; and the seconds of adapting them all."""
    X, y = known
    if not len(X):
        return {"warm": error(case.estimator, y_query, answer_of(model, query), classes)}, 0.0
    plain, seconds = plain_models(model, X, y)
    kinds = {"warm": plain.__getitem__}
    if classes is not None:  # the estimator around it integrates over what is not known: its probabilities are others
        shell = type(model)(case.estimator, prior=model.prior_)
        mine = {task: X[:, -1] == task for task in plain}
        kinds = {"warm": lambda task: shell.fit(X[mine[task], :-1], y[mine[task]]), "plain": plain.__getitem__}
    found = {
        name: error(case.estimator, y_query, answers_by_task(make, query), classes) for name, make in kinds.items()
    }
    return found, seconds


def rivals_of(estimator):
    """The simple models that a reader would try first; residuals are no counts."""
    kinds = {"own": OwnModel, "pooled": PooledModel, "residual": ResidualModel}
    if isinstance(estimator, PoissonRegressor):
        del kinds["residual"]
    return {name: kind(estimator, task=-1) for name, kind in kinds.items()}


def rival_errors(case, X, y, rows, query, classes):
    """Errors of the simple models, which see past and known rows in one table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a task without any count has no logarithm
        return {
            name: error(case.estimator, y[query], answer_of(rival.fit(X[rows], y[rows]), X[query]), classes)
            for name, rival in rivals_of(case.estimator).items()
        }


def measure(data, index, seed, rivals):
    """Errors by shots, a dict each, of warm (and of the rivals), and seconds of learning and of all adaptations."""
    case, X, y = read_case(data, index)
    past, turn, query = split(case, X, seed)
    classes = np.unique(y) if is_classifier(case.estimator) else None
    shell = WarmStartRegressor if classes is None else WarmStartClassifier
    model, learning = clocked(lambda: shell(case.estimator, task=-1).fit(X[past], y[past]))
    adapting, errors = 0.0, []
    for n in case.shots:
        known = ~past & (turn < n)
        found, seconds = warm_errors(model, case, (X[known], y[known]), X[query], y[query], classes)
        if rivals:
            found |= rival_errors(case, X, y, past | known, query, classes)
        errors.append(found)
        adapting += seconds
    return {"fit": learning, "adapt": adapting, "errors": errors}


# In this one. -----------------------------------------------------------------------------------------


def mean_and_error(values):
    """Mean over the first axis and its standard error."""
    values = np.asarray(values, dtype=float)
    return values.mean(axis=0), values.std(axis=0, ddof=1) / np.sqrt(len(values))


def compared(checkouts, question, seeds):
    """``{"before": [answer of each seed], "after": ...}``, asked in turn; or the text of what failed."""
    found = {name: [] for name in checkouts}
    for seed in seeds:
        for name, checkout in checkouts.items():
            answer = checkout.ask(seed=seed, rivals=name == "after", **question)
            if failed(answer):
                return f"{name} {answer}"
            found[name].append(answer)
    return found


def curve(runs, name, shots):
    """Errors ``(n_seeds, n_shots)`` of a model; NaN where it has none."""
    return np.array([[errors.get(name, np.nan) for errors in run["errors"]] for run in runs]).reshape(
        len(runs), len(shots)
    )


def show_errors(table, label, case, found, kind="warm"):
    """The rows of a case; ``[(change, its standard error, warm over the best rival before, and after, where)]``."""
    before, after = (curve(found[name], kind, case.shots) for name in ("before", "after"))
    rivals = {name: curve(found["after"], name, case.shots).mean(axis=0) for name in rivals_of(case.estimator)}
    change, spread = mean_and_error(100.0 * (after / before - 1.0))
    cells = []
    for i in np.flatnonzero(~np.isnan(change)):
        best = min(rivals, key=lambda name: rivals[name][i])
        old, new, rival = before[:, i].mean(), after[:, i].mean(), rivals[best][i]
        shown = (f"{old:.4g}", f"{new:.4g}", f"{change[i]:+.2f} ± {spread[i]:.2f}", f"{rival:.4g} {best}")
        table.add(label if not cells else "", case.shots[i], *shown)
        cells.append((change[i], spread[i], old / rival, new / rival, f"{label} at {case.shots[i]}"))
    return cells


def show_seconds(table, label, found):
    """Seconds before, and the median of the ratios of single runs."""
    cells = []
    for what in ("fit", "adapt"):
        before, after = (np.array([run[what] for run in found[name]]) for name in ("before", "after"))
        cells += [f"{np.median(before):.3f}", f"{np.median(after / before):.2f}"]
    table.add(label, *cells)


def summary(cells):
    """Notes on all cells."""
    change, spread, before, after = (np.array(column) for column in list(zip(*cells, strict=True))[:4])
    worse = [f"{cell[-1]} ({cell[0]:+.2f})" for cell in cells if cell[0] > max(2.0 * cell[1], 0.5)]
    better = np.sum(change < np.minimum(-2.0 * spread, -0.5))
    return (
        f"mean change {change.mean():+.2f} %, median {np.median(change):+.2f} %, in {len(cells)} cells",
        f"better by two standard errors and half a per cent: {better}; worse: {len(worse)}: {'; '.join(worse) or 'none'}",
        f"within 1 % of the best rival or better: before {np.sum(before < 1.01)}, after {np.sum(after < 1.01)}",
    )


def main():
    args = read_arguments(__doc__, before="", after="", data="", seeds=0, first=0, only="")
    folders = read_folders(args)
    seeds = range(args.first, args.first + (args.seeds or (2 if args.quick else 10)))
    cases, absent = all_cases(args.data)
    errors = Table(
        f"Errors before and after, {len(seeds)} seeds",
        ["collection", "rows", "before", "after", "change %", "best rival"],
    )
    seconds = Table("Seconds before, and the ratio after / before", ["collection", "fit s", "fit", "adapt s", "adapt"])
    cells, missed = [], []
    with Checkout(folders["before"], __file__) as before, Checkout(folders["after"], __file__) as after:
        for index, case in enumerate(cases):
            label = case.name + ("" if case.order is None else ", in order")
            if args.only not in label:
                continue
            found = compared({"before": before, "after": after}, {"data": args.data, "index": index}, seeds)
            if isinstance(found, str):
                missed.append(f"{label}: {found}")
                continue
            cells += show_errors(errors, label, case, found)
            if is_classifier(case.estimator):
                cells += show_errors(errors, f"{label}, plain", case, found, "plain")
            show_seconds(seconds, label, found)
    errors.show(*(summary(cells) if cells else ()), *missed, *(f"not run: {name}" for name in absent))
    seconds.show("medians over the seeds; the first fit of a process is one of them")


if __name__ == "__main__":
    serve(measure) if "--serve" in sys.argv else main()
