"""ImageCenterer: where the mass comes to lie, what moves with the image, and SciPy's own answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from sklearn.metrics import euclidean_distances
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmeta.datasets import load_omniglot
from skmeta.preprocessing import ImageCenterer
from skmeta.preprocessing._image_centerer import AT_ONCE

pytestmark = pytest.mark.quick


@parametrize_with_checks([ImageCenterer((1, -1)), ImageCenterer((-1, 1), sigma=0)])
def test_scikit_learn_s_checks(estimator, check):
    check(estimator)


def in_a_frame(rng, n=4, size=6, margin=10):
    """Random images with nothing near their border, so that nothing leaves them."""
    images = np.zeros((n, size + 2 * margin, size + 2 * margin + 1))
    images[:, margin:-margin, margin : margin + size] = rng.uniform(size=(n, size, size))
    return images


def transformed(images, sigma=0.0):
    flat = images.reshape(len(images), -1)
    return ImageCenterer(images.shape[1:], sigma).fit_transform(flat).reshape(images.shape)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), sigma=st.sampled_from([0.0, 0.7, 1.0]))
def test_the_centre_of_mass_is_the_middle_and_mass_stays(seed, sigma):
    images = in_a_frame(np.random.default_rng(seed))
    for image, before in zip(transformed(images, sigma), images, strict=True):
        np.testing.assert_allclose(ndimage.center_of_mass(image), (np.array(image.shape) - 1) / 2, atol=1e-9)
        assert image.sum() == pytest.approx(before.sum())


@settings(max_examples=25, deadline=None)
@given(down=st.integers(-4, 4), right=st.integers(-4, 4), seed=st.integers(0, 10**6))
def test_where_a_shape_was_drawn_does_not_matter(down, right, seed):
    images = in_a_frame(np.random.default_rng(seed))
    elsewhere = np.roll(images, (down, right), axis=(1, 2))
    np.testing.assert_allclose(transformed(elsewhere, 1.0), transformed(images, 1.0), atol=1e-9)


def test_it_is_scipy_s_shift_and_blur_of_each_image():
    images = np.random.default_rng(0).uniform(size=(5, 7, 9)) ** 8  # mass far from the middle, up to the border
    middle = (np.array(images.shape[1:]) - 1) / 2
    for image, found in zip(images, transformed(images, 1.3), strict=True):
        away = middle - ndimage.center_of_mass(image)
        shifted = ndimage.shift(image, away, order=1, mode="grid-constant")
        np.testing.assert_allclose(found, ndimage.gaussian_filter(shifted, 1.3, mode="constant"), atol=1e-12)


def test_mirrored_and_scaled_images_give_mirrored_and_scaled_ones():
    images = np.random.default_rng(1).uniform(size=(3, 6, 8)) ** 4
    expected = transformed(images, 0.8)
    np.testing.assert_allclose(transformed(images[:, ::-1, ::-1], 0.8), expected[:, ::-1, ::-1], atol=1e-12)
    np.testing.assert_allclose(transformed(-3 * images, 0.8), -3 * expected, atol=1e-12)


def test_an_empty_image_stays_empty():
    assert not transformed(np.zeros((2, 4, 4)), 1.0).any()


def test_rows_do_not_depend_on_each_other_nor_on_how_many_are_read_at_once():
    X = np.random.default_rng(0).uniform(size=(AT_ONCE + 3, 12)) ** 4
    model = ImageCenterer((3, 4)).fit(X)
    np.testing.assert_array_equal(model.transform(X)[-5:], model.transform(X[-5:]))


def test_a_side_may_be_told_by_the_columns():
    X = np.random.default_rng(0).uniform(size=(4, 12))
    expected = ImageCenterer((3, 4)).fit_transform(X)
    for shape in ((3, -1), (-1, 4), [3, 4]):
        np.testing.assert_array_equal(ImageCenterer(shape).fit_transform(X), expected)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"image_shape": (28, 28)},
            r"image_shape: wanted as many pixels as columns, found .*\(28, 28\) and 12 columns",
        ),
        ({"image_shape": (5, -1)}, r"found image_shape=\(5, -1\) and 12 columns"),
        ({"image_shape": (-1, -1)}, r"found image_shape=\(-1, -1\) and 12 columns"),
        ({"image_shape": 28}, "image_shape: wanted height and width, found 28"),
        ({"image_shape": (0, 4)}, r"image_shape: wanted height and width, found \(0, 4\)"),
        ({"image_shape": (3.0, 4.0)}, "image_shape: wanted height and width"),
        ({"image_shape": (3, 4), "sigma": -1}, "sigma == -1, must be >= 0"),
    ],
)
def test_bad_parameters_are_named(parameters, message):
    with pytest.raises(ValueError, match=message):
        ImageCenterer(**parameters).fit(np.ones((2, 12)))


def test_drawings_of_one_character_come_nearer_than_others():
    omniglot = load_omniglot()
    greek = omniglot.data[:, -1] == omniglot.alphabets.index("Greek")
    X, y = omniglot.data[greek, :-1], omniglot.target[greek]
    same = y[:, None] == y[None, :]

    def within_to_between(Z):
        distances = euclidean_distances(Z, squared=True)
        return distances[same].sum() / (same.sum() - len(y)) / distances[~same].mean()

    ratios = [within_to_between(Z) for Z in (ImageCenterer((28, 28), sigma).fit_transform(X) for sigma in (0, 1))]
    assert ratios[1] < ratios[0] < within_to_between(X)
