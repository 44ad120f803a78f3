"""The version, where what says it need not import the whole package."""

__all__ = ["__version__"]

__version__ = "0.1.0.dev0"
