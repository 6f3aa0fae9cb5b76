"""Questions of unit 20."""

from cnncourse.checks.author import question


@question(see="A long memory from few layers")
def answer_reach():
    """Right: 1 + (3 − 1) · (1 + 2 + … + 128) = 1 + 2 · 255."""
    return 1 + 2 * sum(2**layer for layer in range(8))


answer_reach.wrong = {
    256: ("two-taps", "That is right for kernels of two taps. Here K = 3, so each layer reaches 2·D further back."),
    510: ("present-forgotten", "That is how far back it reaches. The present is seen, too."),
    766: ("whole-kernels", "You added K·D for each layer. K taps have K − 1 gaps."),
    765: ("whole-kernels-alone", "You added K·D for each layer. K taps have K − 1 gaps, and the present is seen, too."),
    518: ("windows-added", "You added the layers' windows, 2·D + 1 each. They overlap in one step."),
    512: ("one-too-many", "The dilations add up to 255, not 256: 1 + 2·255."),
    17: ("ignores-dilation", "Without dilation that would be right. The taps of layer l are 2^l steps apart."),
    257: ("last-layer-only", "That is what the last layer sees of the layer before it. Add all layers."),
    255: ("sum-of-dilations", "That is the sum of the dilations. Each counts K − 1 times, and the present is seen."),
    1021: ("both-directions", "You counted the future as well. The layers are causal."),
    6561: ("power-of-three", "3^8 belongs to dilations 1, 3, 9, … . Here they double."),
}


@question(see="Three dimensions")
def answer_video_weights():
    """Right: 3·3·3 entries for each of the 16 · 32 pairs of channels."""
    return 27 * 16 * 32


answer_video_weights.wrong = {
    9 * 16 * 32: ("flat-kernel", "That is a 3×3 kernel. A 3×3×3 one has three frames of it."),
    27 * 32: ("channels-forgotten", "Each of the 32 filters has a kernel for each of the 16 channels."),
    27 * 16: ("one-filter", "That is one filter. There are 32."),
    27 * 16 * 32 + 32: ("counts-biases", "The biases are counted, too. Here only the weights count."),
    9 * 16 * 32 + 3 * 32 * 32: ("two-steps", "That is a 1×3×3 and then a 3×1×1 convolution. Here the kernel is whole."),
    27 * 16 * 32 * 4: ("times-frames", "The weights do not depend on the number of frames."),
}


@question(see="A picture as a graph")
def answer_what_a_graph_lacks():
    """Right: all neighbours share one weight, so left and right look the same to it."""
    return "c"


answer_what_a_graph_lacks.wrong = {
    "a": ("blur", "Each pixel's weighted mean with its neighbours is a blur: that is what one layer does."),
    "b": ("wide-blur", "Two layers reach neighbours of neighbours, and all directions count alike: a wider blur."),
    "d": ("threshold", "That is relu(blur − ½): one layer, a bias and a ReLU. It needs no direction."),
}


@question(see="Waves on a ring")
def answer_after_many_layers():
    """Right: only the eigenvector of the largest eigenvalue, 1, is left, and its entries are √(degree + 1)."""
    return "b"


answer_after_many_layers.wrong = {
    "a": ("keeps-features", "Each multiplication mixes a node with its neighbours; nothing keeps them apart."),
    "c": ("grows", "No eigenvalue of Â is larger than 1, so nothing grows."),
    "d": ("all-equal", "That would be right if Â's rows added up to 1. The factors D^−½ leave √(degree + 1)."),
}
