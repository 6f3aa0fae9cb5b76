"""A training task: pictures that nobody has seen, and causes that follow from what the network does with them."""

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from cnncourse import data
from cnncourse.checks.tasks.u10 import _causes as causes
from cnncourse.checks.tasks.u10._garments import garments
from cnncourse.checks.tasks.u10.train_lenet import task
from cnncourse.checks.training import Trained, TrainingCall, training_task
from tools import margins


@pytest.fixture(scope="module")
def case():
    return task.draw(0)[-1]


def test_no_picture_is_one_of_the_data_set(case):
    known = set()
    for split in ("train", "test"):
        padded = np.pad(data.fashion_mnist(split)[0], ((0, 0), (2, 2), (2, 2)))
        known |= {picture.tobytes() for picture in padded}
    for pictures in (case.args[0], case.predict):
        assert pictures.shape[1:] == (1, 32, 32)
        assert 0 <= pictures.min() < pictures.max() <= 1
        assert not any(np.rint(255 * picture).astype(np.uint8).tobytes() in known for picture in pictures)
    assert len({picture.tobytes() for picture in case.predict}) == len(case.predict)


def test_another_seed_makes_other_pictures_in_the_same_way():
    (images, labels), (others, _), (again, same) = (garments("test", 300, np.random.default_rng(s)) for s in (0, 1, 0))
    assert np.array_equal(images, again)
    assert np.array_equal(labels, same)
    assert not any(np.array_equal(a, b) for a, b in zip(images, others, strict=True))
    train, _ = garments("train", 300, np.random.default_rng(0))
    assert abs(train.mean() - images.mean()) < 0.03
    assert abs(train.std() - images.std()) < 0.03


def answers(truth, share, rng, sure=4.0):
    """Logits of which a share is right."""
    guesses = np.where(rng.random(len(truth)) < share, truth, rng.integers(0, 10, len(truth)))
    return sure * np.eye(10)[guesses]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("slug", "raw", "prepared", "first", "others", "later"),
    [
        ("stops-too-early", 0.5, 0.4, 0.5, 0.5, 0.65),
        (None, 0.5, 0.4, 0.5, 0.5, 0.52),
        (None, 0.5, 0.4, 0.5, 0.5, None),
        ("prepares-images-outside", 0.6, 0.8, 0.6, 0.6, 0.7),
        ("prepares-images-outside", 0.1, 0.8, 0.1, 0.1, 0.7),
        ("sees-few-images", 0.6, 0.5, 1.0, 0.6, 0.7),
        ("no-better-than-chance", 0.0, 0.0, 0.0, 0.0, 0.6),
    ],
)
def test_the_cause_follows_from_what_differs(case, seed, slug, raw, prepared, first, others, later):
    rng, labels = np.random.default_rng(seed), case.args[1]
    also = {name: answers(case.truth[: causes.PREPARED], 0.1, rng) for name in causes.PREPARATIONS}
    also["0 to 255"] = answers(case.truth[: causes.PREPARED], prepared, rng)
    also["first"] = answers(labels[: causes.FIRST], first, rng)
    also["others"] = answers(labels[-causes.OTHERS :], others, rng)
    later = None if later is None else answers(case.truth, later, rng)
    assert causes.diagnose(case, Trained(answers(case.truth, raw, rng), also, later)) == slug


def test_renumbered_classes_and_a_single_one(case):
    rng = np.random.default_rng(0)
    nothing = {name: np.zeros((causes.PREPARED, 10)) for name in causes.PREPARATIONS}
    nothing |= {"first": np.zeros((causes.FIRST, 10)), "others": np.zeros((causes.OTHERS, 10))}
    swapped = np.array([1, 0, *range(2, 10)])[case.truth]
    assert causes.diagnose(case, Trained(answers(swapped, 0.8, rng), nothing)) == "classes-renumbered"
    one = np.tile(8 * np.eye(10)[3], (len(case.truth), 1))
    assert causes.diagnose(case, Trained(one, nothing)) == "one-class-for-all"


class Turned(torch.nn.Module):
    def forward(self, x):
        return x.flip(1)


def test_a_margin_run_measures_what_the_level_is_about(monkeypatch, capsys, tmp_path):
    """As `make processors` runs a training task: reference and mistakes, and what each of them reaches."""
    x, y = np.eye(2, dtype=np.float32)[[0, 1] * 50], np.array([0, 1] * 50)
    small = training_task("nothing", lambda case, trained: "exchanged")
    small.observe.measure = lambda outputs, truth: 1 - float((outputs.argmax(axis=1) != truth).mean()) / 2

    @small.right
    def learn(images, labels):
        return torch.nn.Identity()

    @small.criterion(1)
    def all_right(rng):
        yield TrainingCall(x, y, predict=x, truth=y, level=0.9)

    @small.mistake
    def exchanged():
        """The classes are exchanged."""
        return Turned()

    monkeypatch.setattr("cnncourse.checks.load_task", lambda name: small)
    monkeypatch.setenv("CNNCOURSE_MARGINS", str(tmp_path / "margins"))
    assert margins.run_task("99.learn") == 0
    assert capsys.readouterr().out.splitlines() == ["99.learn reference: 1.000", "99.learn exchanged: 0.500"]
    assert len((tmp_path / "margins").read_text().splitlines()) == 2
