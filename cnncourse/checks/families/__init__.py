"""Mistakes and cases that many tasks share, each used by a line of the task file."""

from cnncourse.checks.families.arrays import any_array
from cnncourse.checks.families.batch import batch_sum, images_apart
from cnncourse.checks.families.chance import own_generator
from cnncourse.checks.families.gradient import upstream
from cnncourse.checks.families.padding import padding_backward, padding_variants
from cnncourse.checks.families.pairs import pair, pairs
from cnncourse.checks.families.windows import PAIRS, default_stride, fitting, geometries, windows

__all__ = [
    "PAIRS", "any_array", "batch_sum", "default_stride", "fitting", "geometries", "images_apart",
    "own_generator", "padding_backward", "padding_variants", "pair", "pairs", "upstream", "windows",
]  # fmt: skip
