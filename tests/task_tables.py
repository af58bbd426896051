"""What tests of tables of tasks draw: ids, arrays and frames of every kind."""

import pandas as pd
import polars as pl
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

few = settings(max_examples=60, deadline=None)

FRAMES = {"pandas": pd.DataFrame, "polars": pl.DataFrame}
SPARSE = ["csr", "csc", "coo", "lil", "bsr", "dok", "dia"]

integers = st.integers(-(2**40), 2**40)
numbers = st.floats(-1e6, 1e6)
# NumPy's strings end at a NUL, and polars has no halves of surrogate pairs.
words = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=6)
id_kinds = st.sampled_from([integers, numbers, words])


@st.composite
def ids_of_rows(draw):
    """A column of ids of one kind, some of them repeated."""
    known = draw(st.lists(draw(id_kinds), min_size=1, max_size=6, unique=True))
    return draw(st.lists(st.sampled_from(known), min_size=1, max_size=30))


@st.composite
def array_tasks(draw):
    keys = draw(st.lists(draw(id_kinds), min_size=1, max_size=5, unique=True))
    width, n_outputs = draw(st.integers(0, 3)), draw(st.sampled_from([(), (1,), (2,)]))
    tasks = {}
    for key in keys:
        n = draw(st.integers(1, 4))
        tasks[key] = tuple(draw(hnp.arrays(float, (n, *shape), elements=numbers)) for shape in [(width,), n_outputs])
    return tasks


@st.composite
def frame_tasks(draw):
    """Tasks that have different columns in different orders."""
    keys = draw(st.lists(draw(id_kinds), min_size=1, max_size=4, unique=True))
    tasks = {}
    for key in keys:
        names = draw(st.permutations("abcd"))[: draw(st.integers(1, 4))]
        n = draw(st.integers(1, 4))
        columns = {name: draw(hnp.arrays(float, n, elements=numbers)) for name in names}
        tasks[key] = columns, draw(hnp.arrays(float, n, elements=numbers))
    return tasks
