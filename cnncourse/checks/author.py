"""All that a task file needs: `from cnncourse.checks.author import Call, Task, normal`."""

from cnncourse.checks.case import Call
from cnncourse.checks.compare import Difference
from cnncourse.checks.diagnose import Finding
from cnncourse.checks.draw import after_relu, constant, fortran, negative, normal, readonly, strided, tied
from cnncourse.checks.judge import Behaviour, Values
from cnncourse.checks.observe import Calls, Draws
from cnncourse.checks.question import question
from cnncourse.checks.task import TORCH_ALLOWED, Task

__all__ = [
    "Behaviour", "Call", "Calls", "Difference", "Draws", "Finding", "TORCH_ALLOWED", "Task", "Values", "after_relu",
    "constant", "fortran", "negative", "normal", "question", "readonly", "strided", "tied",
]  # fmt: skip
