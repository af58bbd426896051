"""Images as rows of pixels, made comparable before a model sees them."""

from skmeta.preprocessing._image_centerer import ImageCenterer

__all__ = ["ImageCenterer"]
