"""Collections: the real one is what it says it is, the made-up ones follow the prior that comes with them."""

import sys
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, softmax

from skmeta.datasets import (
    load_omniglot,
    load_parkinsons,
    make_related_classification,
    make_related_regression,
    make_sinusoids,
)

pytestmark = pytest.mark.quick

SHAPES = ["spherical", "diagonal", "factor", "power", "full"]
MAKERS = [make_related_regression, make_related_classification, make_sinusoids]


# Parkinson's --------------------------------------------------------------------------------------


def test_parkinsons_is_42_patients_by_day():
    patients = load_parkinsons()
    assert patients.data.shape == (988, 20)
    assert np.isfinite(patients.data).all() and np.isfinite(patients.target).all()
    assert patients.feature_names[-1] == patients.task_name == "patient"
    ids, counts = np.unique(patients.data[:, -1], return_counts=True)
    assert ids.tolist() == list(range(1, 43))
    assert counts.min() >= 17
    days = patients.data[:, patients.feature_names.index("test_time")]
    assert all((np.diff(days[patients.data[:, -1] == patient]) > 0).all() for patient in ids)


def test_parkinsons_frame_and_array_are_the_same_table():
    patients, framed = load_parkinsons(), load_parkinsons(as_frame=True)
    assert list(framed.data.columns) == patients.feature_names
    np.testing.assert_array_equal(framed.data.to_numpy(), patients.data)
    np.testing.assert_array_equal(framed.target.to_numpy(), patients.target)
    assert framed.data["patient"].dtype.kind == "i"
    assert list(framed.frame.columns) == [*patients.feature_names, *patients.target_names]
    assert patients.frame is None


@pytest.mark.parametrize("as_frame", [False, True])
def test_parkinsons_as_a_pair(as_frame):
    patients = load_parkinsons(target="motor", as_frame=as_frame)
    X, y = load_parkinsons(target="motor", as_frame=as_frame, return_X_y=True)
    assert type(X) is type(patients.data)
    np.testing.assert_array_equal(X, patients.data)
    np.testing.assert_array_equal(y, patients.target)


def test_the_motor_score_is_a_part_of_the_total():
    total, motor = load_parkinsons(), load_parkinsons(target="motor")
    assert (total.target_names, motor.target_names) == (["total_UPDRS"], ["motor_UPDRS"])
    assert (motor.target <= total.target).all()
    assert (motor.target < total.target).mean() > 0.9


# Omniglot -----------------------------------------------------------------------------------------


def test_omniglot_is_five_alphabets_of_characters_of_twenty_drawings():
    omniglot = load_omniglot()
    assert omniglot.data.shape == (2720, 785) and set(np.unique(omniglot.data[:, :-1])) == {0, 1}
    assert omniglot.feature_names[-1] == omniglot.task_name == "alphabet"
    characters, counts = np.unique(omniglot.target, return_counts=True)
    assert len(characters) == 136 and set(counts) == {20}
    for code, (name, expected) in enumerate(zip(omniglot.alphabets, (24, 22, 24, 40, 26), strict=True)):
        own = set(omniglot.target[omniglot.data[:, -1] == code])
        assert len(own) == expected and {label.split("/")[0] for label in own} == {name}
    for character in characters:
        assert sorted(omniglot.drawer[omniglot.target == character]) == list(range(1, 21))


def test_omniglot_s_images_are_rows_of_pixels_with_ink_in_the_middle():
    omniglot = load_omniglot()
    np.testing.assert_array_equal(omniglot.images.reshape(2720, 784), omniglot.data[:, :-1])
    ink = omniglot.images.mean(axis=0)
    border = np.r_[ink[0], ink[-1], ink[:, 0], ink[:, -1]]
    assert border.max() < ink[8:20, 8:20].mean()
    assert omniglot.feature_names[29] == "pixel_1_1" and ink[1, 1] == omniglot.data[:, 29].mean()


def test_omniglot_frame_and_array_are_the_same_table():
    omniglot, framed = load_omniglot(), load_omniglot(as_frame=True)
    assert list(framed.data.columns) == omniglot.feature_names
    np.testing.assert_array_equal(framed.data.iloc[:, :-1].to_numpy(), omniglot.data[:, :-1])
    names = np.array(omniglot.alphabets)[omniglot.data[:, -1].astype(int)]
    assert framed.data["alphabet"].tolist() == names.tolist()
    assert framed.target.tolist() == omniglot.target.tolist()
    X, y = load_omniglot(return_X_y=True)
    np.testing.assert_array_equal(X, omniglot.data)
    assert y.tolist() == omniglot.target.tolist()


def test_each_data_file_has_its_licence_beside_it():
    folder = files("skmeta.datasets")
    licences = folder.joinpath("DATA_LICENSES").read_text("utf-8")
    names = [path.name for path in folder.iterdir() if path.name.endswith(".npz")]
    assert sorted(names) == ["omniglot.npz", "parkinsons.npz"]
    assert all(f"{name}\n---" in licences for name in names)
    assert "The above copyright notice and this permission notice shall be included" in licences


# Parkinson's in time ------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["total", "motor"])
def test_random_rows_are_interpolation_as_the_docs_say(target):
    patients = load_parkinsons(target=target)
    errors = []
    for patient in range(1, 43):
        rows = patients.data[:, -1] == patient
        day, score = patients.data[rows, 2], patients.target[rows]
        inner = np.arange(1, rows.sum() - 1)
        weight = (day[inner] - day[inner - 1]) / (day[inner + 1] - day[inner - 1])
        errors.extend(score[inner] - (1 - weight) * score[inner - 1] - weight * score[inner + 1])
    assert np.median(np.abs(errors)) < 0.01 * patients.target.std()
    for text in (load_parkinsons.__doc__, patients.DESCR):
        assert "interpolation" in text and "forecast" in text and "test_time" in text


def test_the_licence_lies_beside_the_data():
    notes = " ".join(files("skmeta.datasets").joinpath("DATA_LICENSES").read_text("utf-8").split())
    for part in (
        "Athanasios Tsanas and Max Little (2009)",
        "https://doi.org/10.24432/C5ZS3N",
        "https://creativecommons.org/licenses/by/4.0/",
        "Changes: rows with negative test_time dropped; the recordings of one patient on one day averaged; "
        "stored as float32.",
    ):
        assert part in notes


def test_parkinsons_unknown_target():
    with pytest.raises(ValueError, match=r"target: wanted one of \['total', 'motor'\], found 'updrs'"):
        load_parkinsons(target="updrs")


def test_parkinsons_without_pandas(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert load_parkinsons().data.shape == (988, 20)
    with pytest.raises(ImportError, match=r"pip install 'skmeta\[frames\]'"):
        load_parkinsons(as_frame=True)


# Made-up tasks ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", MAKERS)
@settings(max_examples=20, deadline=None)
@given(counts=st.lists(st.integers(1, 6), min_size=1, max_size=8), seed=st.integers(0, 99))
def test_rows_are_as_many_as_asked_for_and_numbered_last(make, counts, seed):
    X, y, _ = make(len(counts), counts, random_state=seed)
    assert X[:, -1].tolist() == np.repeat(np.arange(len(counts)), counts).tolist()
    assert len(y) == len(X)


@pytest.mark.parametrize("make", MAKERS)
def test_one_seed_is_one_collection(make):
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the point is that nobody draws from it
    X, y, _ = make(5, random_state=3)
    X_again, y_again, _ = make(5, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(X, X_again)
    np.testing.assert_array_equal(y, y_again)
    assert not np.array_equal(X, make(5, random_state=4)[0])
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("make", MAKERS[:2])
@pytest.mark.parametrize("shape", SHAPES)
def test_one_seed_is_one_prior_however_many_tasks(make, shape):
    few, many = (make(n, n, 4, covariance=shape, random_state=0)[2] for n in (2, 30))
    np.testing.assert_array_equal(few.mean, many.mean)
    np.testing.assert_array_equal(few.covariance, many.covariance)


def test_targets_are_the_linear_model_of_the_truth():
    X, y, truth = make_related_regression(50, 4, 3, noise=0.0, random_state=0)
    coef = truth.coef[X[:, -1].astype(int)]
    np.testing.assert_allclose(y, (X[:, :-1] * coef[:, :-1]).sum(axis=1) + coef[:, -1], atol=1e-12)
    assert truth.noise == 0


def test_noise_is_given_as_deviation_and_told_as_variance():
    X, y, truth = make_related_regression(400, 50, 3, noise=3.0, random_state=0)
    coef = truth.coef[X[:, -1].astype(int)]
    errors = y - (X[:, :-1] * coef[:, :-1]).sum(axis=1) - coef[:, -1]
    assert truth.noise == 9
    assert abs(errors.var() / 9 - 1) < 5 * np.sqrt(2 / len(y))


@pytest.mark.parametrize("shape", SHAPES)
def test_coefficients_follow_the_prior(shape):
    n_tasks = 20_000
    truth = make_related_regression(n_tasks, 1, 5, covariance=shape, random_state=1)[2]
    values, vectors = np.linalg.eigh(truth.covariance)
    whitened = (truth.coef - truth.mean) @ vectors / np.sqrt(values)
    assert np.abs(whitened.mean(axis=0)).max() < 5 / np.sqrt(n_tasks)
    assert np.abs(np.cov(whitened.T) - np.eye(6)).max() < 5 * np.sqrt(2 / n_tasks)


def singular(size):
    """A covariance of rank two, whose other eigenvalues come out as rounding."""
    loadings = np.arange(2.0 * size).reshape(size, 2) ** 0.5
    return loadings @ loadings.T


@pytest.mark.parametrize("shape", [*SHAPES, "singular"])
def test_draws_are_those_of_the_generator_times_the_symmetric_root(shape):
    given = singular(6) if shape == "singular" else shape
    X, y, truth = make_related_regression(30, 4, 5, covariance=given, random_state=7)
    rng = np.random.RandomState(7)  # the stream that NumPy promises never to change
    np.testing.assert_array_equal(truth.mean, rng.standard_normal(6))
    rng.standard_normal({"diagonal": 6, "factor": 6 * 3, "power": 6 * 6, "full": 6 * 12}.get(shape, 0))
    normals = rng.standard_normal((30, 6))
    root = np.linalg.lstsq(normals, truth.coef - truth.mean)[0]
    np.testing.assert_allclose(root, root.T, atol=1e-9)
    np.testing.assert_allclose(root @ root, truth.covariance, atol=1e-9)
    assert np.linalg.eigvalsh(root).min() > -1e-9
    np.testing.assert_array_equal(X[:, :-1], rng.standard_normal((120, 5)))
    expected = np.einsum("ij,ij->i", X[:, :-1], truth.coef[X[:, -1].astype(int), :-1])
    expected += truth.coef[X[:, -1].astype(int), -1] + rng.standard_normal(120)
    np.testing.assert_allclose(y, expected, atol=1e-12)


@pytest.mark.parametrize("make", MAKERS[:2])
@pytest.mark.parametrize("shape", [*SHAPES, "singular"])
def test_draws_do_not_depend_on_which_eigenvectors_lapack_finds(monkeypatch, make, shape):
    eigh, qr = np.linalg.eigh, np.linalg.qr

    def other_eigh(matrix):
        """Another answer that is as right: equal eigenvalues' vectors rotated, all signs changed."""
        values, vectors = eigh(matrix)
        vectors = -vectors
        for first in np.flatnonzero(np.diff(values) < 1e-9 * values[-1]):
            a, b = vectors[:, first].copy(), vectors[:, first + 1].copy()
            vectors[:, first], vectors[:, first + 1] = 0.6 * a + 0.8 * b, 0.8 * a - 0.6 * b
        return values, vectors

    def other_qr(matrix):
        axes, upper = qr(matrix)
        signs = np.resize([-1.0, 1.0], len(upper))
        return axes * signs, upper * signs[:, None]

    given = singular(5) if shape == "singular" else shape
    expected = make(20, 3, 4, covariance=given, random_state=0)
    monkeypatch.setattr(np.linalg, "eigh", other_eigh)
    monkeypatch.setattr(np.linalg, "qr", other_qr)
    found = make(20, 3, 4, covariance=given, random_state=0)
    np.testing.assert_allclose(found[2].coef, expected[2].coef, atol=1e-10)
    np.testing.assert_allclose(found[2].covariance, expected[2].covariance, atol=1e-10)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], atol=1e-10)


def test_covariances_have_the_shapes_of_their_names():
    made = {
        shape: make_related_regression(2, 2, 7, covariance=shape, rank=2, random_state=0)[2].covariance
        for shape in SHAPES
    }
    spectra = {shape: np.linalg.eigvalsh(sigma)[::-1] for shape, sigma in made.items()}
    for sigma in made.values():
        np.testing.assert_allclose(sigma, sigma.T)
        np.testing.assert_allclose(np.trace(sigma), 8)
    np.testing.assert_allclose(made["spherical"], np.eye(8))
    assert np.count_nonzero(made["diagonal"]) == 8 and np.ptp(np.diag(made["diagonal"])) > 0.1
    np.testing.assert_allclose(spectra["factor"][2:], spectra["factor"][-1])  # rank 2 above the floor
    assert spectra["factor"][1] > 2 * spectra["factor"][2]
    np.testing.assert_allclose(spectra["power"] / spectra["power"][0], np.arange(1.0, 9.0) ** -1.5)
    assert np.abs(made["power"] - np.diag(np.diag(made["power"]))).max() > 0.1
    assert spectra["full"][-1] > 0 and np.ptp(spectra["full"][2:]) > 0.1


def test_a_covariance_of_ones_own_is_taken_as_it_is():
    sigma = np.diag([4.0, 0.0, 1.0])  # singular: the second coefficient is the same in all tasks
    truth = make_related_regression(50, 2, 2, covariance=sigma, random_state=0)[2]
    np.testing.assert_array_equal(truth.covariance, sigma)
    np.testing.assert_allclose(truth.coef[:, 1], truth.mean[1])
    assert truth.coef[:, 0].std() > 1


def test_coefficients_of_classes_have_half_the_variance():
    truths = [make_related_classification(1, 1, 19, n_classes=3, random_state=seed)[2] for seed in range(50)]
    np.testing.assert_allclose([np.trace(truth.covariance) for truth in truths], 10)
    means = np.concatenate([truth.mean.ravel() for truth in truths])
    assert abs(means.var() / 0.5 - 1) < 5 * np.sqrt(2 / len(means))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
def test_classes_have_the_probabilities_of_the_truth(n_classes):
    X, y, truth = make_related_classification(2000, 20, 4, n_classes=n_classes, random_state=0)
    design = np.column_stack([X[:, :-1], np.ones(len(X))])
    coef = truth.coef[X[:, -1].astype(int)]
    if n_classes == 2:
        assert truth.coef.shape == (2000, 5) and truth.mean.shape == (5,)
        positive = expit((design * coef).sum(axis=1))
        probabilities = np.column_stack([1 - positive, positive])
    else:
        assert truth.coef.shape == (2000, n_classes, 5) and truth.mean.shape == (n_classes, 5)
        probabilities = softmax(np.einsum("ij,ikj->ik", design, coef), axis=1)
    assert sorted(set(y.tolist())) == list(range(n_classes))
    # Score test: weighted by anything known beforehand, classes drawn minus probabilities average to nothing.
    surprise = (y[:, None] == np.arange(n_classes)) - probabilities
    for weight in (np.ones(len(X)), X[:, 0], *probabilities.T):
        products = weight[:, None] * surprise
        assert (np.abs(products.sum(axis=0)) < 5 * np.sqrt((products**2).sum(axis=0))).all()


def test_sinusoids_are_sine_waves():
    X, y, truth = make_sinusoids(500, 10, random_state=0)
    task = X[:, 1].astype(int)
    np.testing.assert_allclose(y, truth.amplitude[task] * np.sin(X[:, 0] - truth.phase[task]))
    for values, low, high in [(truth.amplitude, 0.1, 5), (truth.phase, 0, np.pi), (X[:, 0], -5, 5)]:
        assert low <= values.min() < low + 0.1 and high - 0.1 < values.max() <= high
    X_noisy, y_noisy, truth_noisy = make_sinusoids(500, 10, noise=0.5, random_state=0)
    np.testing.assert_array_equal(X_noisy, X)
    assert truth_noisy.noise == 0.25
    assert abs((y_noisy - y).var() / 0.25 - 1) < 5 * np.sqrt(2 / len(y))


@pytest.mark.parametrize(
    ("arguments", "error", "match"),
    [
        ({"n_tasks": 0}, ValueError, "n_tasks"),
        ({"n_tasks": 2.5}, TypeError, "n_tasks"),
        ({"n_samples": 0}, ValueError, "n_samples: wanted a positive integer.*found 0"),
        ({"n_samples": [1, 2, 3]}, ValueError, "one for each of 2 tasks"),
        ({"n_samples": [1, 0]}, ValueError, "n_samples"),
        ({"n_samples": 1.5}, ValueError, "n_samples"),
        ({"n_features": 0}, ValueError, "n_features"),
        ({"rank": 0}, ValueError, "rank"),
        ({"noise": -1.0}, ValueError, "noise"),
        ({"covariance": "round"}, ValueError, r"covariance: wanted one of \['spherical'.*found 'round'"),
        ({"covariance": np.eye(3)}, ValueError, r"covariance: wanted shape \(4, 4\).*found \(3, 3\)"),
        ({"covariance": np.triu(np.ones((4, 4)))}, ValueError, "symmetric"),
        ({"covariance": -np.eye(4)}, ValueError, "semi-definite matrix, found the eigenvalue -1"),
    ],
)
def test_what_cannot_be_made_says_why(arguments, error, match):
    with pytest.raises(error, match=match):
        make_related_regression(**{"n_tasks": 2, "n_features": 3, **arguments})


def test_one_class_is_no_classification():
    with pytest.raises(ValueError, match="n_classes"):
        make_related_classification(n_classes=1)
