"""Right modules whose matrices are stored the other way round, (in, out), as somebody who writes `x @ w` has them.

Where a layer is square, or one is as wide as another is deep, the shapes do not tell which way a matrix is stored. So
each combination is a construction of its own.
"""

from functools import partial, update_wrapper

WAYS = ((True, False), (False, True), (True, True))  # of the first and of the last matrix


def _gate(turned, channels, reduction):
    from cnncourse.checks.tasks.u15._torch_turned import TurnedGate

    return TurnedGate(channels, reduction, turned)


def _inverted(turned, c_in, c_out, stride, expand):
    from cnncourse.checks.tasks.u15._torch_turned import TurnedResidual

    return TurnedResidual(c_in, c_out, stride, expand, turned)


turned_gates = tuple(update_wrapper(partial(_gate, turned), _gate) for turned in WAYS)
turned_residuals = tuple(update_wrapper(partial(_inverted, turned), _inverted) for turned in WAYS)
