"""Networks and judgements that come with the course: they are what the command made, and mosaics are what they say."""

import numpy as np
import torch

from cnncourse import data, explain
from cnncourse.explain.scene_networks import kept_comparison, kept_networks, mosaics, scene_network
from cnncourse.torch_nn.training import evaluate
from tools import keep_explanations


def test_kept_networks_know_their_scenes():
    batch = data.scenes(200, split="test")
    networks = kept_networks()
    assert len(networks) == len(keep_explanations.STARTS)
    for network in networks:
        assert not network.training
        _, accuracy = evaluate(network, keep_explanations.pixels(batch.images), batch.labels)
        assert accuracy > 0.6


def test_training_a_little_gives_states_of_the_kept_form():
    little = {"scenes": 40, "steps": 2, "batch_size": 10, "lr": 0.1}
    states = keep_explanations.train(little, starts=(0, 3))
    keys = [key for key in scene_network().state_dict() if not key.endswith("num_batches_tracked")]
    assert sorted(states) == sorted(f"{start}/{key}" for start in (0, 3) for key in keys)
    assert all(value.dtype == np.float16 for value in states.values())


def test_the_kept_table_holds_every_method_under_every_judgement():
    kept = kept_comparison()
    assert (kept["scenes"], len(kept["runs"])) == (keep_explanations.JUDGED, len(keep_explanations.STARTS))
    assert kept["training"] == keep_explanations.TRAINING
    for run in kept["runs"]:
        assert list(run["table"]) == [*explain.METHODS, *explain.BASELINES]
        for judged in run["table"].values():
            assert list(judged) == [*explain.JUDGEMENTS, "mosaic"]
            assert all(len(pair) == 2 and np.isfinite(pair).all() for pair in judged.values())


def test_mosaics_hold_what_is_asked_for_in_one_quarter():
    batch = data.scenes(60, split="test")
    images, labels, masks = mosaics(batch, np.random.default_rng(0), 12)
    assert images.shape == (12, 3, 64, 64)
    assert np.array_equal(masks.sum(axis=(1, 2)), np.full(12, 32 * 32))
    known = {scene.tobytes(): label for scene, label in zip(batch.images, batch.labels, strict=True)}
    for image, label, mask in zip(images, labels, masks, strict=True):
        quarters = [image[:, y : y + 32, x : x + 32] for y in (0, 32) for x in (0, 32)]
        classes = [known[np.ascontiguousarray(quarter).tobytes()] for quarter in quarters]
        assert len(set(classes)) == 4
        assert classes[[mask[y, x] for y in (0, 32) for x in (0, 32)].index(True)] == label


def test_a_judgement_of_a_few_scenes():
    torch.manual_seed(0)
    batch = data.scenes(20, split="test")
    many = mosaics(batch, np.random.default_rng(0), 3)
    table = keep_explanations.judge(scene_network().eval(), data.scenes(3, split="test"), many)
    assert 0.24 < table["random"]["mosaic"][0] < 0.26
    assert table["edges"]["randomised"] == [1.0, 0.0]
