"""Right modules whose matrices are stored the other way round, (in, out), as `x @ w` needs them.

Where a layer is square, or one is as wide as another is deep, the shapes do not tell which way a matrix is stored. So
each combination is a construction of its own.
"""

WAYS = ((True, False), (False, True), (True, True))  # of the first and of the last matrix


def _gate(turned):
    def SqueezeExcitation(channels, reduction):
        from cnncourse.checks.tasks.u15._torch_turned import TurnedGate

        return TurnedGate(channels, reduction, turned)

    return SqueezeExcitation


def _inverted(turned):
    def InvertedResidual(c_in, c_out, stride, expand):
        from cnncourse.checks.tasks.u15._torch_turned import TurnedResidual

        return TurnedResidual(c_in, c_out, stride, expand, turned)

    return InvertedResidual


turned_gates, turned_residuals = tuple(map(_gate, WAYS)), tuple(map(_inverted, WAYS))
