"""Sequences of measurements that PyWavelets' wheel carries; none of them is ever downloaded.

Where they come from, and what is known of their licences, stands in docs/data.md.
"""

from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from .errors import CorruptDataError, MissingDataError

SIGNALS = {
    "heartbeat": "ecg.npz",  # (1024,) an electrocardiogram, three beats, units not stated
    "sea": "sst_nino3.npz",  # (800,) monthly mean temperature of the Pacific's surface (Niño 3), °C, from January 1950
}
SEA_COLUMN = 4  # after year, month, Niño 1+2 and its anomaly
CURE = "reinstall PyWavelets (`pip install --force-reinstall PyWavelets`): its wheel carries this file."


def signal(name: str) -> np.ndarray:
    """Return one sequence of measurements: float64, (L,).

    Parameters
    ----------
    name : str
        "heartbeat": an electrocardiogram of three beats, 1,024 samples in units that its source does not state.
        "sea": the mean temperature of the Pacific's surface in the region Niño 3 in °C, 800 months from January 1950.

    Raises
    ------
    ValueError
        There is no signal of that name.
    DataError
        PyWavelets or the file in it is missing or broken.

    Examples
    --------
    >>> signal("heartbeat").shape, signal("sea").shape
    ((1024,), (800,))
    """
    if name not in SIGNALS:
        raise ValueError(f"name: expected one of {', '.join(SIGNALS)}; got {name!r}")
    path = signal_path(name)
    try:
        with np.load(path, allow_pickle=False) as file:
            values = file["data"].astype(np.float64)
    except FileNotFoundError:
        raise MissingDataError(f"{path} is missing.", CURE) from None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        raise CorruptDataError(f"{path} does not hold a signal: {error}.", CURE) from None
    return values[:, SEA_COLUMN].copy() if name == "sea" else values


def signal_path(name: str) -> Path:
    """Return where PyWavelets' wheel keeps a signal; PyWavelets itself is not imported."""
    found = find_spec("pywt")
    if found is None or not found.submodule_search_locations:
        raise MissingDataError("PyWavelets is not installed.", "run `pip install PyWavelets`.")
    return Path(found.submodule_search_locations[0]) / "data" / SIGNALS[name]
