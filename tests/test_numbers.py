"""Numbers that change answers stand in the guide; others say what they are: a guard, speed, a start, a formula."""

import ast
import re
from functools import cache

import pytest
from house import FUNCTIONS, ROOT, house, read_house

pytestmark = pytest.mark.quick

ROOMS = {"_inference", "discriminant_analysis", "linear_model", "neural_network"}
PLAIN = {0.0, 0.5, 1.0, 2.0}  # of halves, squares and shares
ROUNDING = 1e-6  # what is smaller guards digits

# Numbers inside functions, and defaults of parameters, by the module and the outermost function or class, and why.
INLINE = {
    "_inference.bounded_sums.Box": ({3.0}, "the mean square of a column that is uniform in [-1, 1] is 1/3"),
    "_inference.coefficient_law.ContextualEffects": ({0.1}, "where the iteration for their variance starts"),
    "_inference.computation.cheaper_in_rows": ({4.0, 8.0, 10.0}, "costs of two ways to compute the same"),
    "_inference.copies._direction": ({1.5}, "of a projection: any will do"),
    "_inference.gaussian_em.initial_guess": ({0.001, 0.1}, "where the iteration starts"),
    "_inference.gaussian_em.noise_of_tasks": ({2}, "sweeps for noises that are nearly known"),
    "_inference.glm._cheaper_in_rows": ({3.5}, "costs of two ways to compute the same"),
    "_inference.integrated.moderated_probabilities": ({8.0}, "MacKay's formula"),
    "_inference.laplace_em.fit_laplace": ({0.001}, "the learner's tol stands in for it"),
    "_inference.linalg._held": ({10.0}, "steps of a guard"),
    "_inference.mixture.learn_weights": ({50, 700.0}, "EM has settled; the logarithm of a number"),
    "_inference.mixture.work_by_rows": ({3.0}, "costs of two ways to compute the same"),
    "_inference.moments.correlation_of_rows": ({1 << 16}, "rows read at once"),
    "_inference.moments.sum_of_squares": ({1 << 16}, "rows read at once"),
    "_inference.noise.NoiseEstimates": ({10.0}, "decades are logarithms to ten"),
    "_inference.noise.trigamma_inverse": ({3.0}, "the order of Hurwitz' zeta function in the next derivative"),
    "_inference.selection.best_scale": ({20}, "the iteration has settled"),
    "_inference.serial._moments": ({4.0}, "a formula"),
    "_inference.wide_em.Options": ({0.01, 20}, "the learner's parameters stand in for them"),
    "_inference.wide_start.first_outputs": ({0.25}, "where the iteration starts"),
    "_inference.wide_sweep._solve_variance": ({4.0}, "the root of a square"),
    "discriminant_analysis._discriminant_learner.DiscriminantLearner": ({5, 1000}, "documented parameters"),
    "linear_model._adapt._constants": ({6.0}, "V(y + 1/6) of extended quasi-likelihood (Nelder and Pregibon, 1987)"),
    "linear_model._empirical_bayes.EmpiricalBayes": ({20, 1e-4}, "documented parameters"),
    "linear_model._state_space.StateSpace": ({20, 1e-4}, "documented parameters"),
    "neural_network._maml.MAML": ({0.01, 0.1, 25, 50, 20000}, "documented parameters"),
    "neural_network._neural_network_learner.NeuralNetworkLearner": ({50}, "a documented parameter"),
    "neural_network._reptile.Reptile": ({0.1, 5, 10, 1000}, "documented parameters"),
    "neural_network._scikeras.untrained": (
        {1.5},
        "any target that is no whole number, so that no classes are seen in it",
    ),
}


def plain_value(node):
    """The number or numbers that an expression is, or None."""
    try:
        value = eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}, {})
    except Exception:  # it needs names: no number of its own
        return None
    values = value if isinstance(value, tuple) else (value,)
    numbers = [each for each in values if isinstance(each, int | float) and not isinstance(each, bool)]
    return numbers if numbers and len(numbers) == len(values) else None


def constants_of(module):
    """``(name, numbers, line)`` of every number that a module defines at its top."""
    for node in module.tree.body:
        if isinstance(node, ast.Assign) and plain_value(node.value):
            target, numbers = node.targets[0], plain_value(node.value)
            if isinstance(target, ast.Name):
                yield target.id, numbers, node.lineno
            elif isinstance(target, ast.Tuple):
                yield from ((each.id, [x], node.lineno) for each, x in zip(target.elts, numbers, strict=True))


@cache
def numbers_in_the_guide():
    text = (ROOT.parent / "docs" / "guide" / "mathematics.rst").read_text("utf-8")
    found = re.findall(r"\* - ``(\w+\.\w+)``\n      - (.*)\n", text)
    return {name: [float(value) for value in values.split(", ")] for name, values in found}


def constants_are_accounted_for(modules):
    """What changes answers stands in the guide; other numbers say what they are: guards, speed, shown, so many at once."""
    for module in modules:
        if module.room not in ROOMS:
            continue
        for name, numbers, line in constants_of(module):
            says = module.text.splitlines()[line - 1].partition("#")[2]
            known = numbers_in_the_guide().get(f"{module.name.rpartition('.')[2]}.{name}")
            if not re.match(r" (guard|speed|start|shown):|.*\bat once\b", says) and known != [
                float(x) for x in numbers
            ]:
                yield f"{module.name}:{line} {name} = {numbers}: the guide's table of fixed numbers says {known}"


def owners(module):
    """``(name, node)`` of the functions and classes at the top of a module."""
    return [(node.name, node) for node in module.tree.body if isinstance(node, (*FUNCTIONS, ast.ClassDef))]


def numbers_inside(owner):
    """Numbers that are defaults of parameters or fields, and floats in code, but for those in everybody's formulas."""
    defaults, inline = set(), set()
    for node in ast.walk(owner):
        if isinstance(node, FUNCTIONS):
            given = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
            defaults |= {number for value in given for number in plain_value(value) or ()}
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            defaults |= set(plain_value(node.value) or ())
        elif isinstance(node, ast.Constant) and isinstance(node.value, float):
            inline.add(node.value)
    return {x for x in (defaults - {0, 1}) | (inline - PLAIN) if abs(x) > ROUNDING}


def inline_numbers_have_a_reason(modules):
    for module in modules:
        if module.room not in ROOMS:
            continue
        for name, owner in owners(module):
            known, _ = INLINE.get(f"{module.name.removeprefix('skmeta.')}.{name}", (set(), ""))
            new = sorted(numbers_inside(owner) - known)
            if new:
                yield f"{module.name}:{owner.lineno} {name} has the number(s) {new}: name them, or give a reason in INLINE"


RULES = [constants_are_accounted_for, inline_numbers_have_a_reason]
BROKEN = [
    (constants_are_accounted_for, "x = 3.0  # a choice"),
    (constants_are_accounted_for, "x, y = 1.0, 2.0"),
    (inline_numbers_have_a_reason, "def f(x):\n    return 0.9 * x"),
    (inline_numbers_have_a_reason, "def f(x, n_iter=7):\n    return x"),
    (inline_numbers_have_a_reason, "def f(x, *, tol=1e-3):\n    return x"),
    (inline_numbers_have_a_reason, "class A:\n    share: float = 0.3"),
    (inline_numbers_have_a_reason, "class A:\n    def f(self):\n        return [0.3 for _ in self.x]"),
]
SOUND = """
x = 3.0  # guard: of digits

def f(y, n=1, tol=1e-9):
    return 0.5 * (y - x) ** 2.0 + range(7)[n] / max(y, 1e-12)
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_number_is_accounted_for(rule):
    assert list(rule(read_house())) == []


@pytest.mark.parametrize(("rule", "text"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_rule_sees_what_breaks_it(rule, text):
    assert list(rule(house({"_inference.made_up": text})))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_lets_sound_numbers_be(rule):
    assert list(rule(house({"_inference.made_up": SOUND, "tasks": "x = 3.0"}))) == []


def test_reasons_are_for_numbers_that_are_there():
    here = {
        f"{m.name.removeprefix('skmeta.')}.{name}": numbers_inside(node)
        for m in read_house()
        for name, node in owners(m)
    }
    assert {name: known for name, (known, _) in INLINE.items() if here.get(name, set()) != known} == {}


def test_the_guide_knows_no_number_that_is_gone():
    here = {f"{m.name.rpartition('.')[2]}.{name}" for m in read_house() for name, *_ in constants_of(m)}
    assert set(numbers_in_the_guide()) <= here
