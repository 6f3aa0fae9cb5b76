"""Moving scenes: they move as they say, and no single frame tells where."""

import hashlib

import numpy as np
import pytest

from cnncourse.data import DIRECTIONS, moving_scenes
from cnncourse.data.moving import STEPS


def test_shapes_types_and_ranges():
    batch = moving_scenes(5, seed=3, size=40, frames=3, speeds=(0, 10))
    assert (batch.clips.shape, batch.clips.dtype) == ((5, 3, 3, 40, 40), np.uint8)
    assert (batch.masks.shape, batch.masks.dtype) == ((5, 3, 40, 40), bool)
    for values, low, high in ((batch.labels, 0, 9), (batch.directions, 0, 3), (batch.speeds, 0, 10)):
        assert (values.shape, values.dtype) == ((5,), np.int64)
        assert low <= values.min() <= values.max() <= high
    assert len(batch) == 5
    assert len(moving_scenes(0)) == 0


def test_the_garment_moves_by_its_velocity_and_the_photograph_stays():
    batch = moving_scenes(30, size=37, frames=6)
    for clip, masks, velocity in zip(batch.clips, batch.masks, batch.velocities, strict=True):
        for t in range(1, 6):
            np.testing.assert_array_equal(masks[t], np.roll(masks[0], t * velocity, (0, 1)))
        still = ~np.any([np.roll(masks, (i, j), (1, 2)) for i in range(-4, 5) for j in range(-4, 5)], axis=(0, 1))
        assert (clip[:, :, still] == clip[:, :1, still]).all()
        change = np.roll(clip[:, 0], velocity, (1, 2)).astype(int) - clip[:, 1]
        assert np.median(np.abs(change[:, masks[1]])) < 5  # the soft edge lets the ground through


def test_names_of_directions_agree_with_velocities():
    batch = moving_scenes(40)
    ways = {"right": (0, 1), "up": (-1, 0), "left": (0, -1), "down": (1, 0)}
    for direction, speed, velocity in zip(batch.directions, batch.speeds, batch.velocities, strict=True):
        assert tuple(velocity) == tuple(speed * np.array(ways[DIRECTIONS[direction]]))
    assert set(batch.directions) == {0, 1, 2, 3}
    assert set(batch.speeds) == {1, 2, 3}
    # a quarter turn anticlockwise of the picture, (row, column) to (−column, row), makes each direction the next
    np.testing.assert_array_equal(np.roll(STEPS, -1, 0), np.stack([-STEPS[:, 1], STEPS[:, 0]], 1))


def test_no_single_frame_tells_the_direction():
    """In the first and in the last frame, the garment's centre on the ring of columns is uniform for each direction."""
    batch = moving_scenes(600, speeds=(3, 3))
    angle = np.exp(2j * np.pi * np.arange(32) / 32)
    for t in (0, 7):
        columns = batch.masks[:, t].sum(axis=1) @ angle
        for direction in range(4):
            phases = columns[batch.directions == direction]
            mean = np.mean(phases / np.abs(phases))
            assert np.abs(mean) < 4 / np.sqrt(len(phases))


def test_a_clip_depends_on_seed_split_and_index_alone():
    whole, part = moving_scenes(6, seed=2), moving_scenes(2, seed=2, start=3)
    for name in ("clips", "labels", "directions", "speeds", "masks"):
        np.testing.assert_array_equal(getattr(whole, name)[3:5], getattr(part, name))
    seen = {moving_scenes(1, seed, split, start=i).clips.tobytes()
            for seed in (0, 1) for split in ("train", "test") for i in range(3)}  # fmt: skip
    assert len(seen) == 12


def test_the_clips_of_the_lessons_stay_what_they_are():
    """Lessons print numbers measured on these clips: a change of a byte has to be a decision."""
    batch = moving_scenes(40)
    arrays = batch.clips, batch.labels, batch.directions, batch.speeds, batch.masks
    got = hashlib.md5(b"".join(array.tobytes() for array in arrays)).hexdigest()
    assert got == "9570957500ae55651d2c4b61335688ec"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"count": -1}, "count: expected at least 0, got -1"),
        ({"frames": 0}, "frames: expected an int from 1 to 32, got 0"),
        ({"frames": True}, "frames: expected"),
        ({"speeds": 2}, r"speeds: expected a pair \(slowest, fastest\) from 0 to 8, got 2"),
        ({"speeds": (3, 1)}, "speeds: expected"),
        ({"speeds": (0, 9)}, "speeds: expected"),
        ({"speeds": (0, 1.5)}, "speeds: expected"),
        ({"start": -1}, "index: expected an int of at least 0, got -1"),
        ({"size": 16}, "size: expected an int from 32 to 128, got 16"),
        ({"split": "valid"}, "split: expected"),
    ],
)
def test_bad_arguments_are_named(options, says):
    with pytest.raises(ValueError, match=says):
        moving_scenes(**({"count": 1} | options))
