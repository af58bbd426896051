"""The only file that knows scikit-learn's callbacks, which are still marked experimental."""

from sklearn.callback import with_callbacks

__all__ = ["with_callbacks"]
