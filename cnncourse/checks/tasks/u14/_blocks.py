"""What goes wrong in residual blocks of any kind: one class, whose options each make one mistake."""

# slug: (options of `Block`, explanation)
SHARED = {
    "all-zeros": ({"join": "zeros"}, "Every output is zero. Shapes and parameters are right, and nothing arrives."),
    "no-skip": ({"join": "no-skip"}, "The shortcut is not added: without `+ x` this is a plain stack of layers."),
    "shortcut-only": ({"join": "skip-only"}, "The output is only the shortcut; what the convolutions give is not "
        "added."),
    "no-final-relu": ({"last_relu": False}, "The ReLU after the addition is missing, so values below zero come out."),
    "relu-before-addition": ({"join": "relu-first"}, "The ReLU comes before the addition. Then the block can only "
        "add to its input, never take away: add first, then ReLU."),
    "relu-before-and-after": ({"join": "relu-both"}, "There is a ReLU before the addition as well as after it. The "
        "last batch norm goes into the sum as it is."),
    "no-inner-relu": ({"inner_relu": False}, "A ReLU between the convolutions is missing. Two convolutions in a row "
        "are one larger convolution."),
    "relu-before-norm": ({"order": "relu-norm"}, "ReLU comes before batch norm. Here the order is convolution, "
        "batch norm, ReLU."),
    "pre-activation": ({"order": "pre"}, "Batch norm and ReLU stand before each convolution: that is the "
        "pre-activation block of the later paper. Here they stand behind."),
    "no-batch-norm": ({"norms": False}, "There is no batch norm. Each convolution is followed by one."),
    "last-norm-missing": ({"last_norm": False}, "The last convolution has no batch norm behind it."),
    "shortcut-without-norm": ({"shortcut": "no-norm"}, "The 1×1 convolution of the shortcut has no batch norm "
        "behind it."),
    "shortcut-with-relu": ({"shortcut": "relu"}, "The projected shortcut passes a ReLU before the addition. It goes "
        "into the sum as batch norm gives it."),
    "always-projects": ({"shortcut": "always"}, "There is a 1×1 convolution on every shortcut. Where the shape does "
        "not change, the input itself is added: no parameters."),
    "projects-for-channels-only": ({"shortcut": "channels"}, "The shortcut is projected only where the number of "
        "channels changes. A stride changes the shape, too."),
    "projects-for-stride-only": ({"shortcut": "stride"}, "The shortcut is projected only where there is a stride. A "
        "change in the number of channels needs it, too."),
    "never-projects": ({"shortcut": "never"}, "The shortcut is never projected, and where the shape changes the two "
        "cannot be added."),
    "shortcut-3x3": ({"shortcut": "3x3"}, "The projection of the shortcut is a 3×3 convolution; it is 1×1."),
    "shortcut-pooled": ({"shortcut": "pool"}, "The shortcut is average-pooled before its 1×1 convolution. Here that "
        "convolution has the stride itself."),
    "shortcut-by-slicing": ({"shortcut": "slice"}, "The shortcut takes every second pixel and appends zero "
        "channels. That is the shortcut without parameters; this block asks for 1×1 – BN where the shape changes."),
    "norm-always-by-batch": ({"norm": "batch"}, "In eval mode the batch's own statistics still normalise. The "
        "running ones take their place there."),
    "norm-always-by-running": ({"norm": "running"}, "In training mode the running statistics normalise. There the "
        "batch's own do."),
    "norm-without-gamma": ({"norm": "no-affine"}, "The batch norms have no γ and β; they are learned."),
    "dropout-added": ({"dropout": True}, "In training mode values are dropped at random. The block has no dropout."),
    "subtracts-shortcut": ({"join": "minus"}, "The shortcut is subtracted; it is added."),
    "halves-the-sum": ({"join": "mean"}, "Main path and shortcut are averaged; they are added."),
    "multiplies": ({"join": "times"}, "Main path and shortcut are multiplied; they are added."),
    "other-activation": ({"activation": "leaky_relu"}, "The activation is not ReLU: negative values come through."),
    "wrong-momentum": ({"momentum": 0.9}, "The running statistics move too fast: momentum is 0.1, PyTorch's default."),
}  # fmt: skip


def Block(main, stride, **options):
    """A residual block of the convolutions `main` = [(c_in, c_out, kernel_size, stride), ...]; loads PyTorch."""
    from cnncourse.checks.tasks.u14._torch_blocks import WrongBlock

    return WrongBlock(main, stride, **options)
