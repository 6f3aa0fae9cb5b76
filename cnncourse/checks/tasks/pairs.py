"""An int or a (height, width) pair, as the tasks with windows take them."""


def pair(value):
    """Return (height, width) for an int or a pair."""
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def swap(value):
    """Return a pair the wrong way round, an int as it is: what exchanging height and width does."""
    return tuple(value)[::-1] if isinstance(value, (tuple, list)) else value
