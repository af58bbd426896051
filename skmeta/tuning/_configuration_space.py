"""A ConfigurationSpace of ConfigSpace as branches: in each it is settled which parameters there are, and none is forbidden."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from math import prod
from typing import Any, NamedTuple

from skmeta.tasks._warn_caller import warn_caller
from skmeta.tuning._choices import DrawnValues, ListedValues
from skmeta.tuning._domains import Atom, Domain, Region, domain_of, region_of

Box = dict[str, Domain]  # of the parameters that there are
_MAX_BOXES = 1000

# What conditions and forbidden clauses of one parameter are called, and how they compare it.
_COMPARISONS = {
    "EqualsCondition": "==",
    "NotEqualsCondition": "!=",
    "LessThanCondition": "<",
    "GreaterThanCondition": ">",
    "InCondition": "in",
    "ForbiddenEqualsClause": "==",
    "ForbiddenInClause": "in",
    "ForbiddenLessThanClause": "<",
    "ForbiddenLessThanEqualsClause": "<=",
    "ForbiddenGreaterThanClause": ">",
    "ForbiddenGreaterThanEqualsClause": ">=",
}


class Clause(NamedTuple):
    """Several conditions or clauses together: all of them, or any."""

    combine: Any  # all or any
    parts: tuple[Any, ...]


def is_configuration_space(space: Any) -> bool:
    """Whether it is one, of any version, by what it has."""
    return hasattr(space, "sample_configuration")


def branches_of_configurations(
    space: Any,
) -> tuple[tuple[dict[str, ListedValues | DrawnValues], ...], tuple[float, ...]]:
    """Return the branches, and how often configurations are of each.

    A parameter is split where a condition or a forbidden clause tells its values apart, and no further.

    Parameters
    ----------
    space : ConfigurationSpace
        Parameters by name, with ``conditions`` and ``forbidden_clauses``.

    Returns
    -------
    branches : tuple of dict
        For each branch, the choices by name.
    weights : tuple of float
        Their probabilities; they sum to one.

    Raises
    ------
    TypeError
        If it is of a version without these, or if a condition or clause compares parameters with each other.
    ValueError
        If there is no parameter, if all is forbidden, or if there are too many branches.

    Warns
    -----
    UserWarning
        If no branch has a parameter, as its condition asks a float for one value: the search leaves it out.
    """
    if not (isinstance(space, Mapping) and hasattr(space, "conditions") and hasattr(space, "forbidden_clauses")):
        raise TypeError(
            "param_distributions: wanted a ConfigurationSpace with conditions and forbidden_clauses, found one of another "
            "version; install ConfigSpace 1.0 or later."
        )
    if not len(space):
        raise ValueError(
            "param_distributions: wanted at least one parameter, found an empty ConfigurationSpace; add hyperparameters to it."
        )
    domains = {name: domain_of(name, parameter) for name, parameter in space.items()}
    boxes = [
        (box, prod(part.share for part in box.values()))
        for box in _allowed_boxes(domains, _conditions(space), list(map(_clause, space.forbidden_clauses)))
    ]
    boxes = [(box, weight) for box, weight in boxes if weight > 0.0]
    total = sum(weight for _, weight in boxes)
    if not boxes:
        raise ValueError(
            "param_distributions: wanted a configuration that is not forbidden, found none; drop a forbidden clause."
        )
    _tell_of_never(domains, [box for box, _ in boxes])
    choices = {id(part): part.choices for box, _ in boxes for part in box.values()}
    branches = tuple({name: choices[id(part)] for name, part in box.items()} for box, _ in boxes)
    return branches, tuple(weight / total for _, weight in boxes)


def _tell_of_never(domains: Box, boxes: list[Box]) -> None:
    never = [name for name in domains if not any(name in box for box in boxes)]
    if never:
        warn_caller(
            f"param_distributions: wanted parameters that some configurations have, found {never} in none that is drawn, by "
            "their conditions and the forbidden clauses: no draw of a float equals one value, and a choice of weight 0 is "
            "never drawn. The search leaves them out; ask a float for a range, by < or >."
        )


def _allowed_boxes(domains: Box, conditions: dict[str, Any], forbidden: list[Any]) -> Iterator[Box]:
    """Boxes that no condition and no forbidden clause divides, without those that are forbidden."""
    order = _parents_first(domains, conditions)
    open_boxes: list[tuple[Box, int]] = [({}, 0)]
    n_found = 0
    while open_boxes:
        box, at = open_boxes.pop()
        holds = _truth(conditions.get(order[at], True), box) if at < len(order) else _forbids(forbidden, box)
        if isinstance(holds, Atom):
            parts: list[Domain] = [*box[holds.name].split(holds.region)]
            open_boxes += [(box | {holds.name: part}, at) for part in reversed(parts)]
        elif at < len(order):
            open_boxes.append((box | {order[at]: domains[order[at]]} if holds else box, at + 1))
        elif not holds:
            n_found += 1
            yield box
        if n_found + len(open_boxes) > _MAX_BOXES:
            raise ValueError(
                f"param_distributions: wanted conditions and forbidden clauses that make at most {_MAX_BOXES} branches, found "
                "more; make some parents constants, or search in parts."
            )


def _parents_first(domains: Box, conditions: dict[str, Any]) -> list[str]:
    """The names, each after those that its condition asks for."""
    order: dict[str, None] = {}

    def put(name: str) -> None:
        if name in order:
            return
        for parent in _names(conditions.get(name, True)):
            put(parent)
        order[name] = None

    for name in domains:
        put(name)
    return list(order)


def _forbids(clauses: list[Clause | Atom], box: Box) -> bool | Atom:
    """Whether a clause holds; else a comparison of the parameter that most of the open clauses ask for.

    Any order of splits leaves the same configurations; this one needs fewer boxes, as each split settles more clauses.
    """
    if any(_truth(clause, box) is True for clause in clauses):
        return True
    open_atoms = [atom for clause in clauses for atom in _open_atoms(clause, box)]
    n_asked = Counter(atom.name for atom in open_atoms)
    return max(open_atoms, key=lambda atom: n_asked[atom.name], default=False)


def _open_atoms(clause: Clause | Atom, box: Box) -> Iterator[Atom]:
    """The comparisons that are not settled in a box, of a clause that is not."""
    if isinstance(_truth(clause, box), Atom):
        if isinstance(clause, Atom):
            yield clause
        else:
            for part in clause.parts:
                yield from _open_atoms(part, box)


def _truth(condition: Any, box: Box) -> bool | Atom:
    """Whether it holds everywhere in a box, or nowhere; else the comparison to split the box by."""
    if isinstance(condition, bool):
        return condition
    if isinstance(condition, Atom):
        if condition.name not in box:
            return condition.if_absent
        holds = box[condition.name].within(condition.region)
        return condition if holds is None else holds
    return (_all if condition.combine is all else _any)(condition.parts, box)


def _any(parts: Any, box: Box) -> bool | Atom:
    found = [_truth(part, box) for part in parts]
    return True if True in found else next((each for each in found if isinstance(each, Atom)), False)


def _all(parts: Any, box: Box) -> bool | Atom:
    found = [_truth(part, box) for part in parts]
    return False if False in found else next((each for each in found if isinstance(each, Atom)), True)


# Reading conditions and clauses -----------------------------------------------------------------------


def _conditions(space: Any) -> dict[str, Any]:
    """The condition of each parameter that has one."""
    return {_child(condition): _clause(condition) for condition in space.conditions}


def _child(condition: Any) -> str:
    return condition.child.name if hasattr(condition, "child") else _child(condition.components[0])


def _clause(clause: Any) -> Clause | Atom:
    kind = type(clause).__name__
    if hasattr(clause, "components"):
        return Clause(any if "Or" in kind else all, tuple(map(_clause, clause.components)))
    if kind not in _COMPARISONS:
        raise TypeError(
            f"param_distributions: wanted conditions and forbidden clauses that compare a parameter with values, found "
            f"{kind} ({clause}); leave it out, and let the estimator fail for these."
        )
    parameter = clause.parent if hasattr(clause, "parent") else clause.hyperparameter
    values = tuple(clause.values) if hasattr(clause, "values") else (clause.value,)
    region: Region = region_of(parameter, _COMPARISONS[kind], values)
    # As ConfigSpace draws them: no value at all is not equal to one.
    return Atom(parameter.name, region, kind == "NotEqualsCondition")


def _names(condition: Any) -> Iterator[str]:
    if isinstance(condition, Atom):
        yield condition.name
    elif isinstance(condition, Clause):
        for part in condition.parts:
            yield from _names(part)
