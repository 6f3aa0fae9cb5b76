"""Questions of unit 15."""

from cnncourse.checks.author import question


@question(see="Squeeze and excite")
def answer_gate_weights():
    """Right: C · C/r weights in each of the two layers, 2C²/r together."""
    return 2 * 256**2 // 16


answer_gate_weights.wrong = {
    4096: ("one-layer", "That is one of the two layers: C · C/r."),
    131072: ("reduction-forgotten", "That is 2C², without the reduction. The middle has C/r = 16 values."),
    65536: ("one-square-layer", "That is C². There are two layers, from C to C/r and back."),
    512: ("reduction-squared", "That divides by r twice. Each layer has C on one side and C/r on the other."),
    8464: ("counts-biases", "The biases are counted, too. Here only the weights count."),
    8192 * 9: ("3x3-kernels", "The layers act on means: their kernels are 1×1."),
}


@question(see="Compound scaling")
def answer_compound_factor():
    """Right: depth counts once; width twice, as channels in and out; the images' side twice, as height and width."""
    return 1.2 * 1.1**2 * 1.15**2


answer_compound_factor.wrong = {
    1.2 * 1.1 * 1.15: ("all-once", "Width counts twice, as channels in and out, and so does the side of the images."),
    1.2 * 1.1 * 1.15**2: ("width-once", "A layer's weights are C_in · C_out, and both grow: β counts twice."),
    1.2 * 1.1**2 * 1.15: ("side-once", "Height and width of the images both grow: γ counts twice."),
    (1.2 * 1.1 * 1.15) ** 2: ("depth-twice", "Depth counts once: each layer more adds its own multiply-adds."),
    2.0: ("about-two", "The paper's rule is α · β² · γ² ≈ 2. What is it for these three numbers?"),
    1.2 * 1.1**2: ("parameters", "That is the factor of the parameters. At how many places is each of them used?"),
}


@question(see="Multiply-adds and seconds")
def answer_depthwise_time():
    """Right: its arithmetic intensity is low. The processor waits for memory, whatever it could compute meanwhile."""
    return "b"


answer_depthwise_time.wrong = {
    "a": ("larger-kernels", "The kernels are as large as before, and each sees one channel."),
    "c": ("batch-norm", "Batch norm costs the same behind either of them."),
    "d": ("more-parameters", "It has far fewer: one kernel per channel."),
}


@question(see="ReLU in a narrow space")
def answer_linear_bottleneck():
    """Right: in a wide space other channels still hold what one has lost. In a narrow one it is gone."""
    return "c"


answer_linear_bottleneck.wrong = {
    "a": ("norm-is-positive", "Batch norm centres its output around β: values of both signs come out."),
    "b": ("relu-has-parameters", "ReLU6 has no parameters."),
    "d": ("no-gradient", "Between 0 and 6 its slope is 1."),
}
