"""Ways in which a value is stored and read back, as ``way(value, folder)``."""

import copy
import pickle

import joblib
import skops.io


def through_pickle(value, tmp_path):
    return pickle.loads(pickle.dumps(value))


def through_old_protocol(value, tmp_path):
    return pickle.loads(pickle.dumps(value, protocol=2))


def through_joblib(value, tmp_path):
    joblib.dump(value, tmp_path / "value.joblib")
    return joblib.load(tmp_path / "value.joblib")


def through_mapped_memory(value, tmp_path):
    joblib.dump(value, tmp_path / "value.joblib")
    return joblib.load(tmp_path / "value.joblib", mmap_mode="r")


def through_skops(value, tmp_path):
    skops.io.dump(value, tmp_path / "value.skops")
    unknown = skops.io.get_untrusted_types(file=tmp_path / "value.skops")
    assert all(name.startswith("skmeta.") for name in unknown), unknown
    return skops.io.load(tmp_path / "value.skops", trusted=unknown)


def through_deepcopy(value, tmp_path):
    return copy.deepcopy(value)


WAYS = [
    through_pickle,
    through_old_protocol,
    through_joblib,
    through_mapped_memory,
    through_skops,
    through_deepcopy,
]
