"""Tables of measurements in groups that books print and lme4's papers fit."""

import numpy as np
import pandas as pd

# Diameters (mm) of the zones that samples of penicillin clear on plates: Davies and Goldsmith (1972), Statistical Methods in
# Research and Production, table 6.6; a line a plate, a column a sample.
_PENICILLIN = """
27 23 26 23 23 21  27 23 26 23 23 21  25 21 25 24 24 20  26 23 25 23 23 20  25 22 26 22 23 20  24 22 25 23 22 19
24 20 23 21 22 19  26 22 26 24 24 21  24 21 24 22 22 20  24 21 24 23 22 19  26 23 26 24 24 21  25 22 26 24 24 20
26 24 26 24 25 22  26 23 26 23 23 20  26 23 25 24 24 22  25 22 25 23 23 20  25 21 24 23 23 20  25 22 24 23 23 19
24 21 23 21 21 19  26 23 26 24 24 21  25 21 24 22 22 18  25 22 25 22 22 20  24 21 24 22 24 19  24 21 24 22 21 18
"""
# Strengths of a paste, two assays of each of three casks of ten deliveries: the same, table 6.5; a line a delivery.
_PASTES = """
62.8 62.6 60.1 62.3 62.7 63.1
60.0 61.4 57.5 56.9 61.1 58.9
58.7 57.5 63.9 63.1 65.4 63.7
57.1 56.4 56.9 58.6 64.7 64.5
55.1 55.1 54.7 54.2 58.8 57.5
63.4 64.9 59.3 58.1 60.5 60.0
62.5 62.6 61.0 58.7 56.9 57.7
59.2 59.4 65.2 66.0 64.8 64.1
54.8 54.8 64.0 64.0 57.7 56.8
58.3 59.3 59.2 59.2 58.9 56.6
"""


def penicillin():
    """``(frame, diameters)``: 24 plates, crossed with six samples."""
    frame = pd.DataFrame({"plate": np.repeat([*"abcdefghijklmnopqrstuvwx"], 6), "sample": np.tile([*"ABCDEF"], 24)})
    return frame, np.array(_PENICILLIN.split(), dtype=float)


def pastes():
    """``(frame, strengths)``: ten batches of three casks, whose letters begin anew in each."""
    frame = pd.DataFrame({"batch": np.repeat([*"ABCDEFGHIJ"], 6), "cask": np.tile(np.repeat([*"abc"], 2), 10)})
    return frame, np.array(_PASTES.split(), dtype=float)
