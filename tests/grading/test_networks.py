"""Answers that change a network are judged in a sandbox as they are in a learner's notebook."""

from cnncourse.checks.registry import load_task
from cnncourse.grading.host.grade import grade_cells

IMPORTS = "import torch\nfrom torch import nn"
RIGHT = """
def freeze(module):
    module.requires_grad_(False)
    for part in module.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)):
            part.eval()
            part.train = lambda mode=True, part=part: part
    return module
"""
FLAG_ONLY = "def freeze(module):\n    return module.requires_grad_(False)\n"


def test_a_right_answer_and_a_known_mistake(sandboxes):
    task = load_task("17.freeze")
    for answer, mistake in ((RIGHT, None), (FLAG_ONLY, "requires-grad-only")):
        (graded,) = grade_cells([IMPORTS, answer], [task], 7, sandboxes, 4)
        assert graded.report.mistake == mistake, graded.report
        assert graded.report.passed == (mistake is None)
