"""ImageCenterer: images moved so that their mass lies in the middle, and blurred."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils import check_scalar, gen_batches
from sklearn.utils.validation import validate_data

Array = NDArray[Any]
AT_ONCE = 1024  # speed: images at once


class ImageCenterer(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):
    r"""Move each image so that its mass lies in the middle, and blur it.

    Rows are images of one channel, pixel by pixel from the top left. The mass of a pixel is its absolute value, so that
    the background must be 0; an image without mass stays where it is. Two drawings of one shape, at different places
    and a pixel apart, become nearly the same vector, and distances between pixels mean something.

    The centre of mass comes to :math:`((\mathrm{height} - 1) / 2, (\mathrm{width} - 1) / 2)`, by linear interpolation
    between pixels. What leaves the image is lost; beyond its border everything is 0.

    Nothing is learned from data: rows are transformed one by one. A fitted Pipeline with this step needs skmeta where it
    predicts.

    Parameters
    ----------
    image_shape : tuple of two int
        Height and width in pixels. One of them may be -1, as in `numpy.reshape`: what the number of columns leaves.
    sigma : float, default=1.0
        Standard deviation of the Gaussian blur, in pixels; 0 does not blur. As a rule about half the width of a stroke;
        a parameter to search over.

    Attributes
    ----------
    n_features_in_ : int
        Number of pixels.
    feature_names_in_ : ndarray of shape (n_columns,)
        Names of the columns, if there were any.

    Raises
    ------
    ValueError
        If the columns are not as many as pixels, or `sigma` is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from skmeta.preprocessing import ImageCenterer
    >>> corner = np.array([[1, 0, 0, 0, 0, 0, 0, 0, 0]])
    >>> ImageCenterer((3, 3), sigma=0).fit_transform(corner).reshape(3, 3)
    array([[0., 0., 0.],
           [0., 1., 0.],
           [0., 0., 0.]])
    """

    def __init__(self, image_shape: tuple[int, int], sigma: float = 1.0) -> None:
        self.image_shape = image_shape
        self.sigma = sigma

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check the parameters and the number of columns.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels)
            Images.
        y : object
            Always ignored, exists for API compatibility.

        Returns
        -------
        self
            Fitted.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32))
        self._shape_of(X)
        return self

    def transform(self, X: Any) -> Array:
        """Centre and blur images.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_pixels)
            Images.

        Returns
        -------
        ndarray of shape (n_samples, n_pixels)
            The images, float32 if they were and else float64.
        """
        X = validate_data(self, X, dtype=(np.float64, np.float32), reset=False)
        shape = self._shape_of(X)
        out = np.empty_like(X)
        for rows in gen_batches(len(X), AT_ONCE):
            out[rows] = blurred(centred(X[rows].reshape(-1, *shape)), self.sigma).reshape(-1, X.shape[1])
        return out

    def _shape_of(self, X: Array) -> tuple[int, int]:
        """Height and width, once the parameters are found sound."""
        check_scalar(self.sigma, "sigma", Real, min_val=0)
        shape: Any = self.image_shape
        if np.shape(shape) != (2,) or not all(isinstance(n, Integral) and (int(n) > 0 or n == -1) for n in shape):
            raise ValueError(
                f"image_shape: wanted height and width, found {shape!r}; (28, 28), say, or (28, -1) where the columns "
                "tell the width."
            )
        known = int(np.prod([n for n in shape if n > 0]))
        if tuple(shape) == (-1, -1) or X.shape[1] % known or (-1 not in shape and X.shape[1] != known):
            raise ValueError(
                f"image_shape: wanted as many pixels as columns, found image_shape={tuple(shape)} and {X.shape[1]} "
                "columns; a task column is no pixel, and colours are images of their own."
            )
        height, width = (int(n) if n > 0 else X.shape[1] // known for n in shape)
        return height, width

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def centred(images: Array) -> Array:
    """Return images ``(n, height, width)`` with their centre of mass in the middle."""
    mass = np.abs(images)
    for axis in (1, 2):
        along = mass.sum(axis=3 - axis)
        total, middle = along.sum(axis=1), (along.shape[1] - 1) / 2
        moment = along @ (np.arange(along.shape[1]) - middle)
        away = np.divide(moment, total, out=np.zeros(len(images), images.dtype), where=total > 0)
        images = moved(images, away, axis)
    return images


def moved(images: Array, away: Array, axis: int) -> Array:
    """Return images ``(n, height, width)`` whose pixel ``i`` along an axis is what was at ``i + away``, 0 outside."""
    low = np.floor(away).astype(np.intp)
    share = (away - low).astype(images.dtype)[:, None, None]
    size = images.shape[axis]
    padded = np.concatenate([images, np.zeros_like(images.take([0], axis))], axis)  # one line of nothing: any outside
    lines = low[:, None] + np.arange(size + 1)
    lines = np.where((lines < 0) | (lines >= size), size, lines)
    taken = np.take_along_axis(padded, lines[:, :, None] if axis == 1 else lines[:, None, :], axis)
    here, next_to_it = (taken.take(np.arange(size) + step, axis) for step in (0, 1))
    return (1 - share) * here + share * next_to_it


def blurred(images: Array, sigma: float) -> Array:
    """Return images ``(n, height, width)`` under a Gaussian blur; outside them everything is 0."""
    return gaussian_filter(images, (0, sigma, sigma), mode="constant") if sigma else images
