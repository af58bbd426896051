"""A small keras model for tests of nets of other packages; imported inside tests alone, as keras is an extra."""

import keras


def build(meta, units=6, name=None):
    """One hidden layer and batch normalisation, which keeps moving means beside weights; outputs as the targets ask."""
    several, continuous = meta["target_type_"] == "multiclass", meta["target_type_"] == "continuous"
    last = (
        keras.layers.Dense(meta["n_classes_"], "softmax")
        if several
        else keras.layers.Dense(1, None if continuous else "sigmoid")
    )
    return keras.Sequential(
        [
            keras.layers.Input((meta["n_features_in_"],)),
            keras.layers.Dense(units, "relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(4, "tanh", name=name),
            last,
        ]
    )
