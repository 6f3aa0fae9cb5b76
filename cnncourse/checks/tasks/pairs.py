"""Pairs for the tasks that are not moved to the new form yet; the new form uses `families.pairs`."""

import inspect

from cnncourse.checks.families.pairs import pair, swap

OPTIONS = ("kernel_size", "stride", "padding")


def changing(right, **new):
    """A wrong answer that does the right thing with changed arguments.

    `new` maps names of arguments to functions of a dict of all arguments: stride=lambda given: 1.
    """
    signature = inspect.signature(right)

    def answer(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        given = dict(bound.arguments)
        return right(**{**given, **{name: value(given) for name, value in new.items()}})

    return answer


def height_for_both(right, name):
    """A wrong answer that uses a pair's first number along both axes."""
    return changing(right, **{name: lambda given: None if given[name] is None else pair(given[name])[0]})


def axes_swapped(right, name):
    """A wrong answer that takes a pair as (width, height)."""
    return changing(right, **{name: lambda given: swap(given[name])})


def ints_only(right):
    """A wrong answer that calculates with the options as they come, and so raises where one is a pair."""
    signature = inspect.signature(right)

    def answer(*args, **kwargs):
        given = signature.bind(*args, **kwargs).arguments
        if any(isinstance(given.get(name), (tuple, list)) for name in OPTIONS):
            raise TypeError("unsupported operand type(s) for a tuple and an int")
        return right(*args, **kwargs)

    return answer
