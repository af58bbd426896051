"""Columns in blocks: what is kept within each, nothing between them, and each block's shape chosen by itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from skmeta._inference.block_structure import BlockStructure, with_blocks, with_mixed_blocks
from skmeta._inference.selection import candidates
from skmeta._inference.structure import Structure

pytestmark = pytest.mark.quick

BLOCKS = {"left": (0, 3), "middle": (1,), "right": (2, 4, 5)}
P = 7


def scatter_of(n_tasks, p=P, seed=0):
    deviations = np.random.default_rng(seed).normal(size=(n_tasks, p)) * 2.0 ** np.arange(p)
    return deviations.T @ deviations / n_tasks


def found(blocks=BLOCKS, p=P, **options):
    return with_blocks([], blocks, p, **options)


def mask_of(blocks, p=P):
    within = np.eye(p, dtype=bool)
    for columns in blocks.values():
        within[np.ix_(columns, columns)] = True
    return within


@pytest.mark.parametrize("structure", found(), ids=str)
@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(0, 10**6))
def test_it_is_a_covariance_with_nothing_between_blocks_even_from_one_task(structure, n_tasks, seed):
    scatter = scatter_of(n_tasks, seed=seed)
    covariance, _ = structure.fit(scatter, n_tasks)
    assert_array_equal(covariance, covariance.T)
    assert_array_equal(covariance[~mask_of(BLOCKS)], 0.0)
    assert covariance[-1, -1] == scatter[-1, -1], "the intercept has its own scale"
    scale = np.sqrt(np.diag(covariance))
    assert np.linalg.eigvalsh(covariance / np.outer(scale, scale))[0] > 0


def test_its_parameters_are_those_of_its_blocks_and_the_intercepts_variance():
    spherical, full = found(pseudo_tasks=0.0)
    assert spherical.n_parameters(P, 50.0) == 3 + 1
    assert full.n_parameters(P, 50.0) == 3 + 1 + 6 + 1


@pytest.mark.parametrize("even", [False, True])
@pytest.mark.parametrize("n_tasks", [4, 40])
def test_all_columns_in_one_block_are_full(even, n_tasks):
    """Of slopes that do not vary with the intercept, where the hyper-prior's weight is the same."""
    scatter = scatter_of(n_tasks)
    scatter[-1, :-1] = scatter[:-1, -1] = 0.0
    full = Structure("full", None, even, strength=6.0)
    structure = found({"all": tuple(range(6))})[2 if even else 1]
    one, two = structure.fit(scatter, n_tasks)[0], full.fit(scatter, n_tasks)[0]
    assert_allclose(one[:-1, :-1], two[:-1, :-1], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("n_tasks", [1, 8, 1000])
def test_each_column_in_a_block_of_its_own_is_diagonal(n_tasks):
    """That no hyper-prior draws together: blocks are said to differ."""
    (structure,) = found({str(k): (k,) for k in range(P - 1)})
    (diagonal,) = candidates("diagonal", P, n_tasks, pseudo_tasks=0.0)
    scatter = scatter_of(n_tasks)
    assert_allclose(structure.fit(scatter, n_tasks)[0], diagonal.fit(scatter, n_tasks)[0], rtol=1e-12)


def test_all_columns_in_one_block_of_one_variance_are_spherical():
    structure, scatter = found({"all": tuple(range(6))})[0], scatter_of(9)
    (spherical,) = candidates("spherical", P, 9)
    assert_allclose(structure.fit(scatter, 9)[0], spherical.fit(scatter, 9)[0], rtol=1e-12)


def test_one_variance_is_that_of_its_block():
    covariance, _ = found()[0].fit(scatter := scatter_of(8), 8)
    for columns in map(list, BLOCKS.values()):
        assert_allclose(np.diag(covariance)[columns], np.diag(scatter)[columns].mean())


@pytest.mark.parametrize("structure", found(), ids=str)
def test_order_of_columns_and_of_blocks_does_not_matter(structure):
    scatter, order = scatter_of(40), np.array([3, 0, 4, 1, 2, 5, 6])
    one, _ = structure.fit(scatter, 40)
    assert_array_equal(replace(structure, blocks=structure.blocks[::-1]).fit(scatter, 40)[0], one)
    place = np.argsort(order)
    turned = tuple(
        (name, replace(part, varying=tuple(sorted(place[list(part.varying)])))) for name, part in structure.blocks
    )
    found = replace(structure, blocks=turned).fit(scatter[order][:, order], 40)[0]
    assert_allclose(found, one[order][:, order], rtol=1e-10)


@pytest.mark.parametrize("structure", found(), ids=str)
def test_several_collections_are_each_as_alone(structure):
    scatters, n_tasks = np.stack([scatter_of(n, seed=n) for n in (3, 50)]), np.array([3.0, 50.0])
    together, _ = structure.fit(scatters, n_tasks)
    for k in range(2):
        assert_allclose(together[k], structure.fit(scatters[k], n_tasks[k])[0], rtol=1e-12)


def test_columns_in_no_block_do_not_vary():
    (structure,) = found({"left": (3,)})
    assert structure.varying == (3, 6)
    covariance, _ = structure.fit(scatter_of(9), 9)
    assert_array_equal(np.flatnonzero(np.diag(covariance)), [3, 6])
    assert found()[0].varying is None


@pytest.mark.parametrize("word", ["auto", "diagonal"])
def test_who_gives_blocks_is_asked_first(word):
    others = candidates(word, P, 50)
    together = with_blocks(others, BLOCKS, P)
    assert together[-len(others):] == others  # fmt: skip
    assert len({str(one) for one in together}) == len({one.shape for one in together}) == len(together)


def test_a_past_keeps_the_shapes_of_its_blocks():
    past = np.diag(np.r_[2.0, 3.0, 1.0, 2.0, 1.5, 1.0, 4.0])
    past[2, 4] = past[4, 2] = 0.3
    kept = with_blocks(candidates("auto", P, 50, known=tuple(range(P))), BLOCKS, P, past=past)[0]
    assert [part.name for _, part in kept.blocks] == ["spherical", "spherical", "full"]
    assert_allclose(kept.fit(past, 30.0)[0], past, rtol=1e-7)
    between = past.copy()
    between[0, 1] = between[1, 0] = 0.5
    dense, kept, *_ = with_blocks(candidates("auto", P, 50, known=tuple(range(P))), BLOCKS, P, past=between)
    assert isinstance(dense, Structure) and isinstance(kept, BlockStructure)


def by_block(wanted):
    """Evidence that is one nat a task higher for each block that has the shape wanted of it."""

    def evidence_of(structures):
        right = [sum(part.name == wanted[name] for name, part in one.blocks) for one in structures]
        return np.array(right, dtype=float)[:, None] * np.ones(20)

    return evidence_of


@pytest.mark.parametrize("order", [("left", "middle", "right"), ("right", "left", "middle")])
def test_each_block_gets_its_own_shape(order):
    wanted = {"left": "full", "middle": "spherical", "right": "spherical"}
    structures = with_blocks(candidates("auto", P, 50), {name: BLOCKS[name] for name in order}, P)
    mixed = with_mixed_blocks(structures, by_block(wanted), lambda evidence: int(np.argmax(evidence.sum(axis=1))))
    assert len(mixed) == len(structures) + 1
    (new,) = [one for one in mixed if one not in structures]
    assert {name: part.name for name, part in new.blocks} == wanted
    assert mixed.index(new) == 1, "simpler than all blocks full"


def test_nothing_is_added_where_all_blocks_are_alike():
    wanted = dict.fromkeys(BLOCKS, "spherical")
    structures = with_blocks([], BLOCKS, P)
    assert with_mixed_blocks(structures, by_block(wanted), lambda e: int(np.argmax(e.sum(axis=1)))) == structures
    alone = candidates("auto", P, 50)
    assert with_mixed_blocks(alone, by_block(wanted), None) == alone


def test_it_says_which_blocks_have_which_shape():
    assert str(found()[0]) == "blocks: left, middle, right spherical"
    assert str(found()[1]) == (
        "blocks: left full with 2 pseudo-tasks; middle spherical; right full with 3 pseudo-tasks"
    )
