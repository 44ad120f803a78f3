"""What all tests of comparisons look at."""

from numpy.testing import assert_allclose

OVERALL = ("log_loss", "difference", "ci_low", "ci_high", "p_value", "adjusted_p")
FIGURES = (*OVERALL, *(f"class_{name}" for name in OVERALL))


def same_figures(one, other, rel=1e-9, names=FIGURES):
    for name in names:
        assert_allclose(getattr(one, name), getattr(other, name), rel, 1e-12, err_msg=name)
    return True


def same_comparison(one, other):
    """And of as many rows of the same models."""
    assert one.support.tolist() == other.support.tolist()
    assert one.labels.tolist() == other.labels.tolist()
    for name in ("models", "n_samples", "n_groups"):
        assert getattr(one, name) == getattr(other, name), name
    return same_figures(one, other)
