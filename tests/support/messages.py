"""What errors say."""

import pytest


def message_of(metric, *args, **options):
    """The text of the error that a call must end in."""
    with pytest.raises((ValueError, TypeError)) as raised:
        metric(*args, **options)
    return str(raised.value)
