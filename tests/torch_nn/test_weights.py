"""Weight files in every number format: the same value, or an error that names the file and the entry."""

import json
import struct

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from cnncourse import numpy_nn
from cnncourse.weights import load_weights, save_weights


@pytest.mark.parametrize(
    "dtype", [torch.bfloat16, torch.float16, torch.float64, torch.float8_e5m2, torch.float8_e4m3fn]
)
def test_other_float_formats_keep_their_values(dtype, tmp_path):
    torch.manual_seed(0)
    state = {name: value.to(dtype) for name, value in nn.Linear(5, 4).state_dict().items()}
    save_file(state, tmp_path / "w.safetensors")
    for model in (nn.Linear(5, 4), numpy_nn.modules.Linear(5, 4)):
        load_weights(model, tmp_path / "w.safetensors")
        for name, value in state.items():
            np.testing.assert_array_equal(np.asarray(model.state_dict()[name]), value.float().numpy())


def test_every_code_of_eight_bits(tmp_path):
    codes = torch.arange(256, dtype=torch.uint8)
    for dtype in (torch.float8_e5m2, torch.float8_e4m3fn):
        save_file({"weight": codes.view(dtype)}, tmp_path / "w.safetensors")
        model = nn.Module()
        model.weight = nn.Parameter(torch.zeros(256))
        load_weights(model, tmp_path / "w.safetensors")
        np.testing.assert_array_equal(model.weight.detach(), codes.view(dtype).float())


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float8_e5m2])
def test_saved_and_loaded_again(dtype, tmp_path):
    model, other = nn.Conv2d(2, 3, 3).to(dtype), nn.Conv2d(2, 3, 3)
    save_weights(model, tmp_path / "w.safetensors")
    load_weights(other, tmp_path / "w.safetensors")
    assert torch.equal(other.weight, model.weight.float())


def header(name, entry, data=b""):
    text = json.dumps({name: entry}).encode()
    return struct.pack("<Q", len(text)) + text + data


BROKEN = {
    "empty": b"",
    "text": b"not a weight file at all",
    "a huge header": struct.pack("<Q", 2**60) + b"{}",
    "no JSON": struct.pack("<Q", 4) + b"{{{{",
    "an unknown format": header("weight", {"dtype": "X7", "shape": [1], "data_offsets": [0, 1]}, b"0"),
    "too few bytes": header("weight", {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}, b"0000"),
    "another shape": header("weight", {"dtype": "F32", "shape": [3], "data_offsets": [0, 16]}, b"0" * 16),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_refused(name, tmp_path):
    (tmp_path / "w.safetensors").write_bytes(BROKEN[name])
    with pytest.raises(ValueError, match=r"w\.safetensors"):
        load_weights(nn.Linear(2, 2), tmp_path / "w.safetensors")


MISFITS = {
    "missing bias": {"weight": torch.zeros(2, 2)},
    "unexpected extra": {"weight": torch.ones(2, 2), "bias": torch.ones(2), "extra": torch.ones(1)},
    "weight: expected shape": {"weight": torch.ones(2, 3), "bias": torch.ones(2)},
    "bias: expected float32, got complex": {"weight": torch.ones(2, 2), "bias": torch.ones(2, dtype=torch.complex64)},
    "bias: expected float32, got values up to": {"weight": torch.ones(2, 2), "bias": torch.ones(2)},
}


@pytest.mark.parametrize("words", MISFITS)
def test_entries_that_do_not_fit_are_named_and_nothing_is_loaded(words, tmp_path):
    state = dict(MISFITS[words])
    if "up to" in words:
        state["bias"] = torch.full((2,), 1e300, dtype=torch.float64)
    save_file(state, tmp_path / "w.safetensors")
    for model in (nn.Linear(2, 2), numpy_nn.modules.Linear(2, 2)):
        before = np.array(np.asarray(model.state_dict()["weight"]))
        with pytest.raises(ValueError, match=rf"w\.safetensors.*{words}"):
            load_weights(model, tmp_path / "w.safetensors")
        np.testing.assert_array_equal(np.asarray(model.state_dict()["weight"]), before)


def test_whole_numbers_are_not_rounded(tmp_path):
    norm = nn.BatchNorm1d(2)
    state = norm.state_dict() | {"num_batches_tracked": torch.tensor(3.0)}
    save_file(state, tmp_path / "w.safetensors")
    assert load_weights(norm, tmp_path / "w.safetensors").num_batches_tracked == 3
    save_file(state | {"num_batches_tracked": torch.tensor(2.5)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=r"w\.safetensors.*num_batches_tracked"):
        load_weights(norm, tmp_path / "w.safetensors")


def test_what_a_file_cannot_hold_is_refused_by_name(tmp_path):
    for value in (torch.zeros(2, dtype=torch.complex128), torch.zeros(2, device="meta"), torch.zeros(2).to_sparse()):
        model = nn.Module()
        model.register_buffer("odd", value)
        with pytest.raises(ValueError, match=r"odd.*w\.safetensors"):
            save_weights(model, tmp_path / "w.safetensors")
    assert not list(tmp_path.iterdir())
