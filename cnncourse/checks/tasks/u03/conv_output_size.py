"""Task 03.conv_output_size."""

from cnncourse.checks.task import Case, Mistake, Task


def conv_output_size(size, kernel_size, stride=1, padding=0, dilation=1):
    """⌊(size + 2P − D(K − 1) − 1) / S⌋ + 1."""
    return (size + 2 * padding - dilation * (kernel_size - 1) - 1) // stride + 1


def cases(rng):
    """Sizes that do and do not divide evenly."""
    yield Case("plain", 28, 5)
    yield Case("stride", 7, 3, stride=2)


task = Task("03.conv_output_size", {"plain": 1, "stride": 1}, conv_output_size, cases, [
    Mistake("forgets-plus-one", lambda *args, **kwargs: conv_output_size(*args, **kwargs) - 1, "The + 1 counts the first place of the window."),
])
