"""Cases and wrong ways for offsets from anchors to boxes and back."""

import numpy as np

from cnncourse.checks.author import Call
from cnncourse.checks.families import any_array
from cnncourse.checks.tasks.u18._boxes import boxes


def parts(boxes):
    """Centres x and y, width, height: four arrays (N,)."""
    x0, y0, x1, y1 = boxes.T
    return (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0


def criteria(task, first, far):
    """Give a task its criteria; `first(rng, count)` draws its first argument, `far(rng, count)` one far away."""

    @task.criterion(1)
    def values(rng):
        """Boxes of any size: many, one, four; wide ones and high ones, far larger and smaller ones."""
        for count in (5, 1, 4):
            yield Call(first(rng, count), boxes(rng, count))
        yield Call(far(rng, 4), boxes(rng, 4))
        yield Call(first(rng, 6), boxes(rng, 6, side=3) + 40)
        yield Call(first(rng, 3), boxes(rng, 3) * np.array([1, 8, 1, 8.0]))

    @any_array(task)
    def arrays(rng):
        yield Call(first(rng, 6), boxes(rng, 6))
