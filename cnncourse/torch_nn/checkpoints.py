"""All that training needs to go on, in one file: written whole or not at all, and read without running code."""

import pickle

import torch

from cnncourse.whole_files import whole_file

from . import parallel

__all__ = ["load_checkpoint", "save_checkpoint"]


def save_checkpoint(path, model, optimizer, schedule, rng, history):
    """Write all that training needs to go on, under another name first and then renamed.

    All processes call it, and process 0 writes.
    """
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": None if schedule is None else schedule.state_dict(),
        "history": history,
        "rng": rng.bit_generator.state,
        "torch_rng": parallel.gather(torch.get_rng_state()),  # one per process
        "cuda_rng": parallel.gather(torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []),
    }
    if parallel.rank() > 0:
        return
    with whole_file(path) as unfinished:
        torch.save(state, unfinished)


def load_checkpoint(path, model, optimizer, schedule, rng, history):
    """Put everything back as `save_checkpoint` found it, on the model's device.

    Raises
    ------
    ValueError
        The file is no checkpoint, or one of another model or of another number of processes.
    """
    try:
        # weights_only: a checkpoint from elsewhere cannot run code.
        state = torch.load(path, map_location="cpu", weights_only=True)
        model.load_state_dict(state["model"])
    except (OSError, EOFError, KeyError, RuntimeError, TypeError, pickle.UnpicklingError) as error:
        raise ValueError(f"checkpoint: expected one of this model, got {path} ({error})") from error
    optimizer.load_state_dict(state["optimizer"])
    if schedule is not None:
        schedule.load_state_dict(state["schedule"])
    rng.bit_generator.state = state["rng"]
    if isinstance(state["torch_rng"], torch.Tensor):  # written before there could be several processes
        state |= {"torch_rng": [state["torch_rng"]], "cuda_rng": [state["cuda_rng"]]}
    if len(state["torch_rng"]) != parallel.world_size():
        got = len(state["torch_rng"])
        raise ValueError(f"checkpoint: expected one of {parallel.world_size()} processes, got one of {got}: {path}")
    torch.set_rng_state(state["torch_rng"][parallel.rank()])
    if torch.cuda.is_available() and state["cuda_rng"][parallel.rank()]:
        torch.cuda.set_rng_state_all(state["cuda_rng"][parallel.rank()])
    history[:] = state["history"]
