"""What a look into a network must leave as it was, and mistakes that do not: saliency and FGSM share both."""

LEFT_BEHIND = {
    "stays-in-evaluation-mode": ({"after": "nothing"},
        "The network stays in evaluation mode. Note each module's `training` before, and give it back."),
    "training-mode": ({"mode": "as it is"},
        "The network is used in the mode that it is in: call model.eval(), since setting model.training alone leaves "
        "the layers inside."),
    "always-back-to-training": ({"after": "train"},
        "Afterwards every module is in training mode, whatever it was in before. Give each its own mode back."),
    "one-mode-for-all": ({"after": "as the whole"},
        "All modules get the mode of the whole network. A frozen batch norm may have another: note the mode of each "
        "module."),
    "one-mode-for-each-part": ({"after": "as the children"},
        "Modules that lie deeper get the mode of the part that holds them: model.children() has only the network's own "
        "parts. Go through model.modules()."),
    "train-for-eval": ({"mode": "train"}, "The network is put into training mode. Call model.eval()."),
    "adds-to-grad": ({"way": "backward"},
        "`backward` adds to the parameters' `.grad`. torch.autograd.grad(value, x) leaves every `.grad` as it is."),
    "clears-grad-first": ({"way": "zero first"},
        "`zero_grad` and `backward` replace what stood in the parameters' `.grad`. Use torch.autograd.grad(value, x)."),
    "clears-grad-after": ({"way": "zero after"},
        "`zero_grad`, or `.grad = None`, clears gradients that were there before. Use torch.autograd.grad(value, x)."),
    "parameters-frozen": ({"freeze": True},
        "Parameters were frozen and stay so. torch.autograd.grad(value, x) needs no freezing."),
    "hook-stays": ({"way": "hook"},
        "A hook stays on the network, and runs in every later pass. Remove it at the end: handle.remove()."),
    "all-ask-for-gradients": ({"freeze": "back"},
        "Afterwards all parameters ask for gradients, also those that did not. torch.autograd.grad(value, x) needs no "
        "freezing."),
    "zeros-for-none": ({"way": "zeros"},
        "A `.grad` that was None is an array of zeros afterwards. Use torch.autograd.grad(value, x), which leaves "
        "every `.grad` as it is."),
    "noted-without-a-copy": ({"way": "noted"},
        "`.grad` is noted without a copy, and `backward` adds to this very tensor. Use torch.autograd.grad(value, x)."),
    "recording-off": ({"after": "off"},
        "Gradients are switched off for all that follows: torch.set_grad_enabled(False). Leave that as it was."),
    "dropout-goes-on": ({"mode": "norms"},
        "Only the batch norms are in evaluation mode, and dropout goes on. Call model.eval()."),
    "norms-in-training": ({"mode": "dropout"},
        "Only dropout is in evaluation mode, and the batch norms use the batch's statistics. Call model.eval()."),
    "a-pass-in-training": ({"mode": "eval after a pass"},
        "The network runs once before model.eval(): in training mode that moves the running statistics."),
    "images-ask-for-gradients": ({"inputs": "given"},
        "The caller's images ask for gradients afterwards, or have a `.grad`. Work on a copy: "
        "images.clone().requires_grad_()."),
}  # fmt: skip


def leaves_all_as_it_was(task, calls):
    """Add five criteria of one point each, called as in `PARTS`; `calls(rng, **options)` yields model calls."""

    @task.criterion(1)
    def modes(rng):
        """Each module has its own mode again."""
        for training in (True, False, "mixed"):
            yield from calls(rng, training=training)

    @task.criterion(1)
    def gradients(rng):
        """The parameters' `.grad` is as before, None included."""
        for there in (True, False):
            yield from calls(rng, gradients=there)

    @task.criterion(1)
    def requires_grad(rng):
        """The same parameters ask for gradients as before."""
        yield from calls(rng, frozen=True)
        yield from calls(rng)

    @task.criterion(1)
    def numbers(rng):
        """Weights and running statistics are as before, and no hook stays behind."""
        yield from calls(rng, training="mixed")

    @task.criterion(1)
    def images(rng):
        """The images are as before, and ask for no gradient."""
        yield from calls(rng)
