"""Kept histories: what is stored is what the runs wrote, and the command in it makes the same run again."""

import csv
import json
from dataclasses import asdict

import pytest

from cnncourse import data, train_command
from cnncourse.data import histories
from tools import keep_curves, keep_detector, keep_history, keep_transfer


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(keep_history, "FOLDER", tmp_path)
    monkeypatch.setattr(histories, "FOLDER", tmp_path)
    return tmp_path


def settings(**changes):
    own = dict(data="fashion-mnist", full=False, model="plain20", backend="torch", epochs=2, batch_size=64, lr=0.1,
               weight_decay=5e-4, augment=False, seed=3, images=500, size=16)  # fmt: skip
    return asdict(train_command.Settings(**own | changes))


def finished_run(path, epochs=2, **changes):
    path.mkdir()
    (path / "settings.json").write_text(json.dumps(settings(**changes)))
    with open(path / "history.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", "lr", *keep_history.COLUMNS, "seconds"])
        for epoch in range(1, epochs + 1):
            writer.writerow([epoch, 0.1, 2.5 / epoch, 0.25 * epoch, 2.75 / epoch, 0.2 * epoch, 1.5])
    return path


def test_what_is_kept_comes_back(folder, tmp_path, capsys):
    runs = [finished_run(tmp_path / name, model=name) for name in ("plain20", "resnet20")]
    assert keep_history.main(["15_test", *map(str, runs), "--options=--device cpu"]) == 0
    found = data.training_history("15_test")
    assert list(found) == ["plain20", "resnet20"]
    assert found["resnet20"]["train_accuracy"] == [0.25, 0.5]
    assert found["resnet20"]["test_loss"] == [2.75, 1.375]
    assert found["resnet20"]["seconds"] == 3
    assert found["resnet20"]["command"].endswith("--seed 3 --device cpu")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"lr": 0.02, "images": None, "augment": True},
        {"data": "cifar10", "full": True, "size": 32},
        {"accumulate": 4, "precision": "bf16", "warmup": 1},
    ],
)
def test_the_command_makes_a_run_with_the_same_settings(changes, tmp_path, monkeypatch):
    wanted, asked = settings(**changes), []
    monkeypatch.setattr(train_command, "open_run", lambda output, settings, fresh: asked.append(settings))

    def stop(settings):
        raise train_command.CommandError("far enough")

    monkeypatch.setattr(train_command, "load_data", stop)
    words = keep_history.command(wanted).split()
    assert words[:2] == ["cnncourse", "train"]
    assert train_command.main([*words[2:], "--output", str(tmp_path)]) == 2
    assert asdict(asked[0]) == wanted


def test_an_unfinished_run_is_refused(folder, tmp_path, capsys):
    assert keep_history.main(["15_test", str(finished_run(tmp_path / "a", epochs=1))]) == 2
    assert "2 epochs, got 1" in capsys.readouterr().err
    assert keep_history.main(["15_test", str(tmp_path / "nothing")]) == 2
    assert "settings.json is missing" in capsys.readouterr().err
    assert not list(folder.glob("*.json"))


def test_a_missing_history_is_named():
    with pytest.raises(ValueError, match=r"14_degradation, .*got '13'"):
        data.training_history("13")


def test_every_kept_history_is_whole_and_repeatable():
    for file in set(histories.FOLDER.glob("*.json")) - {keep_curves.FILE, keep_detector.FILE, keep_transfer.FILE}:
        for run in data.training_history(file.stem).values():
            assert run["command"].startswith(keep_history.command(run["settings"]))
            assert {len(run[column]) for column in keep_history.COLUMNS} == {run["settings"]["epochs"]}


def test_the_curves_of_transfer_are_whole_and_repeatable():
    runs = data.training_history(keep_transfer.FILE.stem)
    assert list(runs) == list(keep_transfer.CURVES)
    for name, run in runs.items():
        assert run["command"] == f"python -m tools.keep_transfer {name}"
        draws = {len(row) for row in run["accuracy"]}
        assert (len(run["accuracy"]), draws) == (len(run["per_class"]), {keep_transfer.DRAWS})
        assert all(len(row) in (0, keep_transfer.DRAWS) for row in run["still_agrees"])


def test_the_curves_of_lesson_21_are_whole_and_repeatable():
    runs = data.training_history(keep_curves.FILE.stem)
    assert set(runs) == set(keep_curves.CURVES)
    for name, (_, settings) in keep_curves.CURVES.items():
        assert runs[name]["command"] == f"python -m tools.keep_curves {name}"
        assert runs[name]["settings"] == settings
        assert runs[name]["seconds"] > 0
    for name in ("learning", "short"):
        assert [len(row) for row in runs[name]["error"]] == [len(runs[name]["settings"]["seeds"])] * 5
    shape = [[len(starts) for starts in row] for row in runs["batch"]["steps"]]
    seeds, rates, sizes = (len(keep_curves.BATCH[name]) for name in ("seeds", "lr", "batch_sizes"))
    assert shape == [[seeds] * rates] * sizes


def test_the_starts_of_the_detector_are_whole_and_repeatable():
    run = data.training_history(keep_detector.FILE.stem)["starts"]
    assert run["command"] == "python -m tools.keep_detector"
    assert run["settings"] == keep_detector.SETTINGS
    assert run["seconds"] > 0
    numbers = [values for part in ("ap", "from_background", "cost") for values in run[part].values()]
    assert {len(values) for values in numbers} == {len(run["settings"]["seeds"])}


def test_a_curve_that_is_not_there_is_refused(capsys):
    with pytest.raises(SystemExit):
        keep_curves.main(["nothing"])
    assert "learning, short, batch" in capsys.readouterr().err
