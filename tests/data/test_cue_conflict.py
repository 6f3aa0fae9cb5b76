"""Pictures of two cues: the same from the same generator, of one brightness, with the outline and texture asked for."""

import numpy as np
import pytest

from cnncourse.data.cue_conflict import SHAPES, TEXTURES, cue_images

KINDS = np.arange(60) % 3


def test_the_same_generator_gives_the_same_pictures():
    first, again = (cue_images(KINDS, KINDS, np.random.default_rng(3)) for _ in range(2))
    assert first.shape == (60, 1, 32, 32)
    assert first.dtype == np.float32
    assert np.array_equal(first, again)
    assert 0 <= first.min() < first.max() <= 1


def test_brightness_tells_neither_cue_apart():
    shapes, textures = np.arange(900) % 3, np.arange(900) // 3 % 3
    means = cue_images(shapes, textures, np.random.default_rng(0), "test").mean(axis=(1, 2, 3))
    for cue in (shapes, textures):
        assert np.ptp([means[cue == k].mean() for k in range(3)]) < 0.04
    assert len(SHAPES) == len(TEXTURES) == 3


def test_a_split_that_is_none_is_refused():
    with pytest.raises(ValueError, match="split"):
        cue_images(KINDS, KINDS, np.random.default_rng(0), "validation")
