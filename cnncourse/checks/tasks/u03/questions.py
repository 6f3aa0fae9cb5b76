"""Questions of unit 03."""

from cnncourse.checks.author import question


@question(see="How many windows fit?")
def answer_odd_width():
    """Right: ⌊(7 + 2 − 3) / 2⌋ + 1 = 4. Width // 2 would be 3: the rule of thumb holds for even widths only."""
    return (7 + 2 * 1 - 3) // 2 + 1


answer_odd_width.wrong = {
    3: ("width-over-stride", "That is 7 // 2. Use the formula: ⌊(7 + 2·1 − 3) / 2⌋ + 1."),
    3.5: ("not-a-whole-number", "There is no half place: round the fraction down, then add 1."),
    7: ("forgets-stride", "The window moves by 2 pixels at a time."),
    5: ("rounds-up", "One too many: count the steps of 2 that fit into 6, and the place where it starts."),
}


@question(see="What a layer costs")
def answer_multiply_adds():
    """Right: 10 · 3 · 5 · 5 = 750 weights, each used at 32 · 32 places."""
    return 10 * 3 * 5 * 5 * 32 * 32


answer_multiply_adds.wrong = {
    760: ("counts-parameters", "Those are the parameters. Each weight is used at every place of the output."),
    750: ("counts-weights", "Those are the weights. Each is used at every place of the output."),
    778_240: ("counts-biases", "You count the biases as well. A multiply-add needs a weight."),
    1_536_000: ("counts-both", "You count multiplications and additions apart. A multiply-add is both at once."),
    256_000: ("forgets-channels", "A filter reaches through 3 input channels: three times as many."),
    588_000: ("output-28", "You take the output to be 28×28. With padding 2 it stays 32×32."),
}


@question(see="Claims to test")
def answer_pool_doubles():
    """Right: a pool of 2×2 with stride 2 adds only (2 − 1) · jump to the receptive field. What doubles is the jump, and
    with it what every *later* layer adds."""
    return "c"


answer_pool_doubles.wrong = {
    "a": ("receptive-field-doubles", "Compute it: a 3×3 layer sees 3 pixels, after a 2×2 pool it is 4, not 6."),
    "b": ("nothing-changes", "It does grow, by (2 − 1) · jump, and all later layers grow it faster."),
    "d": ("resolution-doubles", "The map gets half as many rows and columns, not twice as many."),
}


@question(see="How far does a unit see?")
def answer_three_layers():
    """Right: 1 + 2 + 2 + 2. Three 3×3 layers see as far as one of 7×7, with 27 instead of 49 weights per pair of
    channels."""
    return 1 + 3 * (3 - 1)


answer_three_layers.wrong = {
    9: ("adds-kernels", "The windows overlap: each layer adds K − 1 = 2, not 3."),
    27: ("multiplies-kernels", "Kernel sizes do not multiply at stride 1: the windows of neighbours overlap."),
    6: ("starts-at-zero", "Start at 1: with no layer, an output is one pixel."),
    3: ("last-kernel-only", "That is what the last layer sees of the layer before. Go on to the input."),
    49: ("counts-area", "That is the area. The question asks for the side."),
}
