"""Several processes train as one does; a killed one ends the run, and its checkpoint resumes to the bit."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from torch import nn

from cnncourse import train_processes
from cnncourse.torch_nn import parallel, training
from cnncourse.train_command import Settings
from cnncourse.train_torch import schedule_of
from tests.torch_nn.one_of_several import KINDS, run

pytestmark = [pytest.mark.usefixtures("one_torch_thread"), pytest.mark.slow]
ROOT = Path(__file__).parents[2]
QUIET = os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}


@pytest.fixture(scope="module")
def of_two(tmp_path_factory):
    """The results of two processes, which torchrun has started."""
    path = tmp_path_factory.mktemp("two") / "results.pt"
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1",
               "--nproc-per-node", "2", "-m", "tests.torch_nn.one_of_several", str(path)]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, env=QUIET, capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(path)


def difference(a, b):
    """Return the largest difference of two runs, in weights, statistics and history, relative to the largest value."""
    pairs = [(a["state"][key].double(), b["state"][key].double()) for key in b["state"]]
    keys = [key for key in b["history"][0] if key != "seconds"]
    pairs += [tuple(torch.tensor([[float(row[key]) for key in keys] for row in r["history"]]) for r in (a, b))]
    return max(((x - y).abs().max() / y.abs().max().clamp(min=1e-6)).item() for x, y in pairs)


@pytest.mark.parametrize("kind", KINDS)
def test_two_processes_are_one_process_with_the_whole_batch(of_two, kind):
    got = difference(of_two[kind], run(kind))
    if kind == "on its own":
        assert got > 1e-4  # each process normalises by its own half
    else:
        assert got < 1e-10


def test_pieces_are_one_batch_unless_there_is_batch_norm():
    whole = run("without norm")
    assert difference(run("without norm, in pieces"), whole) < 1e-12
    assert difference(run("synchronised, in pieces"), run("synchronised")) > 1e-4


def command(*arguments):
    few = ["--backend", "torch", "--device", "cpu", "--images", "96", "--batch-size", "16", "--size", "16", "--quiet"]
    return [sys.executable, "-m", "cnncourse.cli", "train", "resnet20", *few, "--augment", *map(str, arguments)]


@pytest.mark.timeout(1500)  # six starts of PyTorch
def test_a_killed_process_ends_the_run_and_the_same_command_goes_on_to_the_bit(tmp_path):
    options = ["--processes", 2, "--threads", 1, "--accumulate", 2, "--warmup", 1, "--output", tmp_path / "run"]
    whole = subprocess.run(command(*options, "--epochs", 3), cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert whole.returncode == 0, whole.stderr
    assert whole.stdout.count("resnet20 in PyTorch on cpu, 2 processes") == 1
    assert whole.stdout.count("test accuracy") == 1
    wanted = (tmp_path / "run" / "weights.safetensors").read_bytes()
    checkpoint = tmp_path / "run" / "checkpoint.pt"

    stopped = subprocess.Popen(
        command(*options, "--epochs", 3, "--fresh"), cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 400
    while checkpoint.exists() and time.monotonic() < end:  # until --fresh has removed it
        time.sleep(0.01)
    while not checkpoint.exists() and time.monotonic() < end:  # until the first epoch is over
        time.sleep(0.01)
    workers = [child for child in psutil.Process(stopped.pid).children(recursive=True)
               if child.environ().get("LOCAL_RANK") == "1"]  # fmt: skip
    workers[0].kill()
    _, error = stopped.communicate(timeout=300)
    assert stopped.returncode == 1
    last = error.strip().splitlines()[-1]
    assert last == (
        "cnncourse train: process 1 was ended by signal 9, so the others were stopped. "
        "The same command goes on after the last finished epoch."
    )
    assert len(torch.load(checkpoint, weights_only=True)["history"]) < 3
    again = subprocess.run(command(*options, "--epochs", 3), cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert "Going on from" in again.stdout
    assert (tmp_path / "run" / "weights.safetensors").read_bytes() == wanted


def test_what_a_process_says_of_itself_is_said_once(tmp_path):
    line = command("--processes", 2, "--epochs", 1, "--images", 17, "--output", tmp_path / "run")
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=500)
    assert done.returncode == 2
    assert done.stderr.count("batch_size: expected batches of at least 2 images, one per process, got one of 1") == 1
    assert "Traceback" not in done.stderr


def test_ends_of_processes_are_explained(capsys):
    def explain(**codes):
        failures = {int(rank[1:]): type("Failure", (), {"exitcode": code}) for rank, code in codes.items()}
        return train_processes._explain(failures), capsys.readouterr().err

    assert explain(p0=2, p1=-15) == (2, "")
    status, text = explain(p0=3, p1=-9)
    assert status == 1
    assert "process 1 was ended by signal 9" in text
    status, text = explain(p0=-15, p1=5)
    assert "process 1 ended with exit status 5" in text


def test_processes_that_another_launcher_has_started_are_counted(monkeypatch):
    assert (train_processes.count(3), train_processes.number()) == (3, 0)
    for name, value in {"TORCHELASTIC_RUN_ID": "x", "LOCAL_RANK": "1", "RANK": "5", "WORLD_SIZE": "8"}.items():
        monkeypatch.setenv(name, value)
    assert (train_processes.count(1), train_processes.number()) == (8, 5)


# One process


def test_shares_follow_one_another_and_differ_by_one_at_most(monkeypatch):
    monkeypatch.setattr(parallel, "world_size", lambda: 3)
    parts = []
    for number in range(3):
        monkeypatch.setattr(parallel, "rank", lambda number=number: number)
        parts.append(parallel.share(torch.arange(8)))
    assert [part.tolist() for part in parts] == [[0, 1, 2], [3, 4, 5], [6, 7]]


@pytest.mark.parametrize("kind", [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d])
def test_a_synchronised_batch_norm_keeps_parameters_statistics_and_mode(kind):
    shape = (4, 3, 2, 3, 2)[: {nn.BatchNorm1d: 2, nn.BatchNorm2d: 4, nn.BatchNorm3d: 5}[kind]]
    norm = kind(3, eps=1e-3, momentum=0.3)
    norm(torch.randn(shape))
    model = nn.Sequential(norm, nn.ReLU()).eval()
    twin = parallel.synchronize_batch_norms(nn.Sequential(norm, nn.ReLU()).eval())
    assert isinstance(twin[0], parallel.SynchronizedBatchNorm)
    assert list(twin.state_dict()) == list(model.state_dict())
    x = torch.randn(shape)
    torch.testing.assert_close(twin(x), model(x))
    twin.train()
    wanted = model.train()(x)
    torch.testing.assert_close(twin(x), wanted)


def test_warm_up_and_cosine():
    rates = [training.warmup_cosine(step, 12, 4, 0.8, 0.1) for step in range(15)]
    assert rates[:5] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    assert rates[8] == pytest.approx(0.45)
    assert rates[12:] == pytest.approx([0.1] * 3)
    assert np.all(np.diff(rates[4:13]) < 0)
    assert training.warmup_cosine(0, 5, 0, 2.0) == 2.0
    for warmup in (-1, 5):
        with pytest.raises(ValueError, match="warmup: expected from 0 to less than total = 5, got"):
            training.warmup_cosine(0, 5, warmup, 1.0)
    settings = Settings("fashion-mnist", False, "lenet5", "torch", 3, 10, 0.5, 0, False, 0, None, warmup=1)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], settings.lr)
    schedule, rates = schedule_of(settings, optimizer, 25), []  # 3 steps per epoch
    for _ in range(9):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates[:3] == pytest.approx([0.5 / 3, 1 / 3, 0.5])
    assert np.all(np.diff(rates[2:]) < 0)
    assert rates[-1] > 0  # no step is without effect


def test_bfloat16_is_used_within_and_weights_stay_float32():
    torch.manual_seed(0)
    seen = []
    model = nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3))
    model[0].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    x, y = torch.randn(8, 6), torch.randint(3, (8,))
    results = {}
    for precision in ("float32", "bf16"):
        optimizer = torch.optim.SGD(model.parameters(), 0.0)
        loss, _ = training.train_step(model, optimizer, x, y, precision=precision)
        results[precision] = loss, [parameter.grad.clone() for parameter in model.parameters()]
    assert seen == [torch.float32, torch.bfloat16]
    for exact, rounded in zip(results["float32"][1], results["bf16"][1], strict=True):
        assert rounded.dtype == torch.float32
        assert 0 < (rounded - exact).norm() / exact.norm() < 0.05
    assert results["bf16"][0] == pytest.approx(results["float32"][0], rel=0.02)


@pytest.mark.parametrize(
    ("options", "says"),
    [({"accumulate": 0}, "accumulate: expected at least 1, got 0"),
     ({"precision": "float16"}, "precision: expected 'float32' or 'bf16', got 'float16'")],
)  # fmt: skip
def test_refusals(options, says):
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    with pytest.raises(ValueError, match=says):
        training.fit(model, optimizer, torch.zeros(3, 1, 2, 2), torch.zeros(3, dtype=torch.int64), epochs=1,
                     rng=np.random.default_rng(0), **options)  # fmt: skip
