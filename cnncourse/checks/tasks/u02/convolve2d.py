"""True convolution, with the flip."""

import numpy as np

from cnncourse.checks.author import Task
from cnncourse.checks.tasks.u02._sliding import sliding
from cnncourse.checks.tasks.u02.cross_correlate2d import cross_correlate2d

task = Task(see="Cross-correlation and convolution")


@task.right
def convolve2d(image, kernel):
    """The kernel is turned by 180°, then slides."""
    return cross_correlate2d(image, kernel[::-1, ::-1])


def turned(image, kernel, image_to=lambda x: x, kernel_to=lambda k: k):
    """Cross-correlation of an image and a kernel that are turned or mirrored in some way."""
    return cross_correlate2d(image_to(image), kernel_to(kernel))


task.options(turned, {
    "forgets-flip": ({},
        "That is cross-correlation. Convolution turns the kernel by 180° first: both axes reversed, "
        "`kernel[::-1, ::-1]`."),
    "flips-rows-only": ({"kernel_to": np.flipud},
        "Only the rows are reversed. Convolution reverses both axes: `kernel[::-1, ::-1]`."),
    "flips-columns-only": ({"kernel_to": np.fliplr},
        "Only the columns are reversed. Convolution reverses both axes: `kernel[::-1, ::-1]`."),
    "transposes-instead-of-flipping": ({"kernel_to": np.transpose},
        "Transposing mirrors the kernel at its diagonal. The flip is a turn by 180°: both axes reversed."),
    "rotates-by-90-degrees": ({"kernel_to": np.rot90},
        "`np.rot90` turns by 90°. Convolution turns the kernel by 180°: `np.rot90(kernel, 2)`, or "
        "`kernel[::-1, ::-1]`."),
    "flips-image-too": ({"kernel_to": np.flip, "image_to": np.flip},
        "You turn the image as well as the kernel. Only the kernel is turned."),
    "flips-image": ({"image_to": np.flip},
        "You turn the image instead of the kernel, and so get the output turned by 180°. Turn the kernel, or turn "
        "your output back."),
})  # fmt: skip


@task.mistake
def wraps_around(image, kernel):
    """At the border your window continues at the other side of the image. A product of FFTs does that: crop the result
    to the places where the whole kernel lies on the image."""
    return np.fft.ifft2(np.fft.fft2(image) * np.fft.fft2(kernel, image.shape)).real


sliding(task, points=1)
