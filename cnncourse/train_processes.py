"""`cnncourse train --processes N`: several processes on this computer, started and watched by PyTorch's own launcher.

This is what `torchrun --standalone --nproc-per-node N` does. Each process runs the same command again, finds from its
environment that it is one of several, and joins the others (`join`).
"""

import logging
import os
import sys

LOST = 3  # the exit status of a process that has lost another one
STOPPED = "The same command goes on after the last finished epoch."


def inside():
    """Return whether this is one of the processes that a launcher has started."""
    return "TORCHELASTIC_RUN_ID" in os.environ and "LOCAL_RANK" in os.environ


def number():
    """Return this process's number, 0 if it is alone."""
    return int(os.environ["RANK"]) if inside() else 0


def count(asked):
    """Return how many processes there are, by whichever launcher, or how many are asked for."""
    return int(os.environ["WORLD_SIZE"]) if inside() else asked


def say(*texts):
    """Print, in process 0."""
    if number() == 0:
        print(*texts, flush=True)


def launch(argv, count, threads=None):
    """Run `cnncourse train` with these arguments in `count` processes; return the exit status."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # the sentence below says what happened
    os.environ["OMP_NUM_THREADS"] = str(threads or max(1, (os.cpu_count() or 1) // count))
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # whatever this computer's name stands for
    config = LaunchConfig(
        min_nodes=1, max_nodes=1, nproc_per_node=count, rdzv_backend="c10d", rdzv_endpoint="127.0.0.1:0",
        local_addr="127.0.0.1", run_id=f"cnncourse-{os.getpid()}", max_restarts=0,
    )  # fmt: skip
    try:
        elastic_launch(config, sys.executable)("-m", "cnncourse.cli", "train", *argv)
    except ChildFailedError as error:
        return _explain(error.failures)
    except SignalException:
        print(f"\nStopped. {STOPPED}", file=sys.stderr)
        return 130
    return 0


def _explain(failures):
    """Say which process was ended by what, unless it has said itself what is wrong; return the exit status."""
    codes = {rank: failure.exitcode for rank, failure in failures.items()}
    if 2 in codes.values():
        return 2
    of_itself = {rank: code for rank, code in codes.items() if code not in (LOST, -15)} or codes  # 15: by the launcher
    rank, code = min(of_itself.items(), key=lambda item: item[1] > 0)  # a signal before an exit status
    how = f"was ended by signal {-code}" if code < 0 else f"ended with exit status {code}"
    print(f"cnncourse train: process {rank} {how}, so the others were stopped. {STOPPED}", file=sys.stderr)
    return 1


def join(device):
    """Wait until all processes are here; return this one's device."""
    import torch
    import torch.distributed as dist

    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    if not dist.is_initialized():
        dist.init_process_group("nccl" if device.startswith("cuda") else "gloo")
    return device


def leave():
    """Part from the other processes."""
    import torch.distributed as dist

    if inside() and dist.is_initialized():
        dist.destroy_process_group()


def report(error):
    """Print what is wrong, once; return the exit status of this process."""
    if inside() and isinstance(error, RuntimeError) and _is_loss_of_a_process(error):
        return LOST
    if number() == 0 or isinstance(error, OSError | RuntimeError):
        print(f"cnncourse train: {error}", file=sys.stderr, flush=True)
    return 2


def _is_loss_of_a_process(error):
    return any(word in str(error) for word in ("gloo", "NCCL", "Connection closed by peer", "Connection reset"))
