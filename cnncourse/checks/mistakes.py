"""Known wrong answers as code: what they give, and what to tell the learner who gives the same."""

import inspect
from dataclasses import dataclass, field
from typing import Any

SPECIAL = ("right", "again", "given")


@dataclass
class Mistake:
    """A known wrong answer.

    Parameters
    ----------
    slug : short name, words joined by hyphens
    answer : function with the task's signature that makes this mistake
    explanation : what went wrong and how to see it, for the learner
    see : where the lesson explains it: "02#cross-correlation"
    """

    slug: str
    answer: Any
    explanation: str
    see: str = ""


@dataclass(eq=False)
class WrongAnswer:
    """A wrong answer, written in the names of those arguments that it needs.

    Parameters
    ----------
    function : takes any of the reference's arguments by name, and perhaps `right`, the right result, or `again`, the
        reference itself with these arguments: `again(stride=1)` is the right answer to another stride; `given` is
        the dict of all arguments
    right : the reference
    options : further arguments, by which a function with options goes wrong
    """

    function: Any
    right: Any
    options: dict = field(default_factory=dict)

    def __post_init__(self):
        self.__signature__ = inspect.signature(self.right)
        self.__doc__ = self.function.__doc__
        parameters = inspect.signature(self.function).parameters
        named = [name for name, parameter in parameters.items() if parameter.kind is not parameter.VAR_KEYWORD]
        self.needs = [name for name in named if name not in self.options]
        known = {*self.__signature__.parameters, *SPECIAL}
        unknown = [n for n in self.needs if n not in known and parameters[n].default is inspect.Parameter.empty]
        if unknown:
            raise TypeError(
                f"{self.function.__name__}: {unknown[0]} is neither an argument of {self.right.__name__} nor "
                f"one of {', '.join(SPECIAL)}"
            )
        self.needs = [name for name in self.needs if name in known]
        self.defaults = {
            n: parameters[n].default for n in self.needs if parameters[n].default is not inspect.Parameter.empty
        }

    def __call__(self, *args, **kwargs):
        bound = self.__signature__.bind(*args, **kwargs)
        bound.arguments = {**self.defaults, **bound.arguments}  # a default of the mistake's own is a mistake too
        bound.apply_defaults()
        given = {name: self._value(name, bound.arguments) for name in self.needs}
        return self.function(**given, **self.options)

    def _value(self, name, given):
        if name == "right":
            return self.right(**given)
        if name == "again":
            return lambda **changes: self.right(**{**given, **changes})
        return dict(given) if name == "given" else given[name]


def combined(first, second):
    """The wrong answer that makes both mistakes, or None where they cannot be put together.

    The second one takes the first for the right answer; of one implementation with options both go wrong.
    """
    a, b = first.answer, second.answer
    if not (isinstance(a, WrongAnswer) and isinstance(b, WrongAnswer)):
        return None
    if a.function is b.function and not a.options.keys() & b.options.keys():
        return WrongAnswer(a.function, a.right, {**a.options, **b.options})
    return WrongAnswer(b.function, a, b.options) if {"right", "again"} & {*b.needs} else None


def slug_of(function):
    """The slug that a function's name spells: forgets_root is "forgets-root"."""
    return function.__name__.strip("_").replace("_", "-")


def sentence_of(function):
    """A function's docstring as one line."""
    return " ".join((function.__doc__ or "").split())
