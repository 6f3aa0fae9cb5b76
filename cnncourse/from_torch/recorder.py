"""The trace: notes what a module does with stand-ins for tensors, as steps in NumPy."""

from .calls import Calls
from .sizes import Sizes
from .steps import Steps


class Recorder(Calls, Sizes, Steps):
    """Notes one path through a module.

    Parameters
    ----------
    names : dict
        From the id of each submodule to its name.
    owned : set
        Addresses of the memory of the module's parameters and buffers.
    answers : list of (answer, first free index)
        How to answer the first questions on the way.
    start : int
        The first free index: those below are the inputs'.
    """

    def __init__(self, names, owned, answers=(), start=0):
        self.names, self.owned, self.answers = names, owned, list(answers)
        self.steps, self.constants = [], {}
        self.questions = []  # (Ref, candidates, answer, steps so far, next index)
        self.unknown = []  # operations without a counterpart, with their places
        self.start = self.next = start
        self.known, self.seen, self.tensors, self.ranks, self.same_rank = {}, {}, {}, {}, {}
        self.made = {}  # from the Ref of a computed number to (function, arguments)
        self.shaped = {}  # from the Ref of a shape to its tensor's
