"""Photographs that scikit-image's wheel carries; none of them is ever downloaded."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np

from .errors import CorruptDataError, MissingDataError

PHOTOGRAPHS = {
    "astronaut": "astronaut.png",  # (512, 512, 3) Eileen Collins, NASA
    "camera": "camera.png",  # (512, 512) a photographer, grey
    "cat": "chelsea.png",  # (300, 451, 3) a cat's face
    "coffee": "coffee.png",  # (400, 600, 3) a cup of espresso
    "rocket": "rocket.jpg",  # (427, 640, 3) a launch pad
    "motorcycle": "motorcycle_left.png",  # (500, 741, 3) a motorcycle in a workshop
    "hubble": "hubble_deep_field.jpg",  # (872, 1000, 3) galaxies
    "moon": "moon.png",  # (512, 512) the moon's surface, grey
    "coins": "coins.png",  # (303, 384) Greek coins, grey
    "brick": "brick.png",  # (512, 512) textures, grey
    "grass": "grass.png",
    "gravel": "gravel.png",
}
FURTHER_PHOTOGRAPHS = {  # for classes of patches
    "retina": "retina.jpg",  # (1411, 1411, 3) the back of an eye
    "tissue": "ihc.png",  # (512, 512, 3) stained glands under a microscope
    "cell": "cell.png",  # (660, 550) a cell in saline, a hologram's phase, grey
    "clock": "clock_motion.png",  # (300, 400) a clock, blurred by motion, grey
}
CURE = "reinstall scikit-image (`pip install --force-reinstall scikit-image`): its wheel carries this file."


def photograph(name: str) -> np.ndarray:
    """Return one photograph: uint8, (H, W, 3) in RGB or (H, W) grey, 0 black to 255.

    Parameters
    ----------
    name : str
        One of ``PHOTOGRAPHS`` or of ``FURTHER_PHOTOGRAPHS``.

    Raises
    ------
    ValueError
        There is no photograph of that name.
    DataError
        scikit-image or the file in it is missing or broken.

    Examples
    --------
    >>> photograph("cat").shape
    (300, 451, 3)
    """
    from PIL import Image, UnidentifiedImageError

    if name not in PHOTOGRAPHS | FURTHER_PHOTOGRAPHS:
        raise ValueError(f"name: expected one of {', '.join(PHOTOGRAPHS | FURTHER_PHOTOGRAPHS)}; got {name!r}")
    path = photograph_path(name)
    try:
        with Image.open(path) as image:
            return np.array(image.convert("L" if image.mode == "L" else "RGB"))
    except FileNotFoundError:
        raise MissingDataError(f"{path} is missing.", CURE) from None
    except (UnidentifiedImageError, OSError, SyntaxError) as error:
        raise CorruptDataError(f"{path} is not a sound image: {error}.", CURE) from None


def photographs() -> dict[str, np.ndarray]:
    """Return all photographs by name, as ``photograph`` gives them."""
    return {name: photograph(name) for name in PHOTOGRAPHS}


def photograph_path(name: str) -> Path:
    """Return where scikit-image's wheel keeps a photograph."""
    return wheel_file((PHOTOGRAPHS | FURTHER_PHOTOGRAPHS)[name])


def wheel_file(name: str) -> Path:
    """Return where scikit-image's wheel keeps a file; scikit-image itself is not imported, and downloads nothing."""
    found = find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise MissingDataError("scikit-image is not installed.", "run `pip install scikit-image`.")
    return Path(found.submodule_search_locations[0]) / "data" / name
