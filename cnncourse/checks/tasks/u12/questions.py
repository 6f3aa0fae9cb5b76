"""Questions of unit 12."""

from cnncourse.checks.author import question


@question(see="Three 3×3 against one 7×7")
def answer_stack_ratio():
    """Right: (49 − 27) · 100. And the three have three nonlinearities instead of one."""
    return (49 - 27) * 10**2


answer_stack_ratio.wrong = {
    22: ("forgets-channels", "That is for one channel in and one out. There are C · C kernels in each layer."),
    220: ("channels-once", "C channels in *and* C out: C² kernels in each layer."),
    4000: ("one-layer", "That compares the 7×7 with one 3×3. There are three of them: 27C²."),
    2700: ("weights-of-the-stack", "That is what the three hold. How many fewer than the 7×7 is that?"),
}


@question(see="Where the parameters are, and where the work is")
def answer_where_weights_are():
    """Right: it takes 512·7·7 = 25,088 numbers to 4,096, most of the network's parameters in one layer."""
    return "c"


answer_where_weights_are.wrong = {
    "a": ("first-convolution", "It holds 3·64 kernels of 3×3, next to nothing. It does work at many places."),
    "b": ("last-convolution", "512 · 512 kernels of 3×3 are 2.4 million. A linear layer has far more."),
    "d": ("last-linear", "It has 4,096 inputs. Another linear layer has more."),
}
