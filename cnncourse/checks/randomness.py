"""Tasks whose answer is random, in the older form: new ones pass `Draws` and `Behaviour` to `Task`."""

from cnncourse.checks.judge import Behaviour
from cnncourse.checks.observe import Draws
from cnncourse.checks.task import Task


def RandomTask(*args, judge_draws, times=200, **options):
    """A task that observes draws and judges their behaviour."""
    return Task(*args, observe=Draws(times), judged=Behaviour(judge_draws), repeats=0, **options)
