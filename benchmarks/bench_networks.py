"""Whole networks, NumPy beside PyTorch.

Inference: what VGG-16, ResNet-18 and EfficientNet-Lite0 take to look at 1 and at 8 pictures. Training: one step of
LeNet-5 and ResNet-20 (forward, loss, backward, SGD with momentum).

Both get the same weights and pictures; outputs are compared first. PyTorch runs eagerly; where they only predict,
neither keeps anything for gradients. VGG-16 and ResNet-18 are the course's own models; EfficientNet-Lite0 is a PyTorch
module that `cnncourse.from_torch` translates. All are prepared: filters transformed, batch norms folded into the
convolution before them, which PyTorch run eagerly does not do. In the column "folded" torch.fx has done it for PyTorch
too. With --profile, the time by layer.
"""

from benchmarks import profiles
from benchmarks.measure import relative_error, side_by_side
from benchmarks.runner import main, plural, progress
from benchmarks.tables import folded, milliseconds, ratio, table

PREDICTING = [(name, N) for name in ("VGG-16", "ResNet-18", "EfficientNet-Lite0") for N in (1, 8)]
LEARNING = [("LeNet-5", 64), ("ResNet-20", 64)]
MOST_EXPENSIVE = 12  # layers that a profile shows


def add_arguments(parser):
    parser.add_argument("--only", default="", metavar="TEXT", help="networks whose name contains it")
    parser.add_argument("--profile", action="store_true", help="also where the time goes, layer by layer")


def measure(options):
    import torch

    torch.set_num_threads(options.threads)
    rows = []
    for what, networks, build in (("inference", PREDICTING, predictors), ("training step", LEARNING, learners)):
        for name, N in networks:
            if options.only not in name:
                continue
            contenders, our_model, their_model = build(name, N)
            times = side_by_side(contenders, 0.5 if options.quick else 5)
            rows.append({"network": name, "what": what, "N": N, "times": times})
            progress(f"{name}, {what}, batch {N}: {ratio(times['numpy'], times['torch']):.2f}")
            if options.profile:
                rows[-1]["profile"] = profiles.compare(contenders["numpy"], contenders["torch"], our_model, their_model)
    return rows


def predictors(name, N):
    """Return functions that compute the logits of N pictures, and both models."""
    import numpy as np
    import torch
    from torch.fx.experimental.optimization import fuse

    from cnncourse.from_torch import from_torch
    from cnncourse.numpy_nn import inference, models
    from cnncourse.torch_nn import models as torch_models

    torch.manual_seed(0)
    images = np.random.default_rng(0).standard_normal((N, 3, 224, 224), dtype=np.float32)
    X = torch.from_numpy(images)
    function = {"VGG-16": "vgg16", "ResNet-18": "resnet18", "EfficientNet-Lite0": "efficientnet_lite0"}[name]
    theirs = see_some_pictures(getattr(torch_models, function)(), X)
    if hasattr(models, function):
        ours = getattr(models, function)()
        ours.load_state_dict(theirs.state_dict())
        ours = inference.prepare(ours)
    else:
        ours = from_torch(theirs).prepare()

    def predict():
        return ours(images)

    def predict_with(model):
        def their_predict():
            with torch.no_grad():
                return model(X)

        return their_predict

    contenders = {"numpy": predict, "torch": predict_with(theirs), "folded": predict_with(fuse(theirs))}
    error = relative_error(predict(), contenders["torch"]().numpy())
    assert error < 1e-3, f"{name}: logits are off by {error:.1e} of the largest"
    return contenders, ours, theirs


def see_some_pictures(model, X):
    """Give batch norm running statistics that fit the weights, as training would; return the model for evaluation."""
    import torch

    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.cat([X, X.flip(0) / 2]))
    return model.eval()


def learners(name, N):
    """Return functions that do one training step on a batch of N, and both models."""
    import numpy as np
    import torch

    from cnncourse import numpy_nn
    from cnncourse.numpy_nn import models, optim
    from cnncourse.torch_nn import models as torch_models
    from cnncourse.torch_nn import training as torch_training

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    function, channels = {"LeNet-5": ("LeNet5", 1), "ResNet-20": ("resnet20", 3)}[name]
    images, labels = rng.standard_normal((N, channels, 32, 32), dtype=np.float32), rng.integers(0, 10, N)
    X, Y = torch.from_numpy(images), torch.from_numpy(labels)
    theirs, ours = getattr(torch_models, function)(), getattr(models, function)()
    ours.load_state_dict(theirs.state_dict())
    optimizer = optim.SGD(ours.parameters(), lr=0.01, momentum=0.9)
    their_optimizer = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9)

    def step():
        return numpy_nn.training.train_step(ours, optimizer, images, labels)[0]

    def their_step():
        return torch_training.train_step(theirs, their_optimizer, X, Y)[0]

    for _ in range(3):  # from the second on, the losses compare the steps
        loss, wanted = step(), their_step()
        assert abs(loss - wanted) < 1e-3 * wanted, f"{name}: a loss of {loss}, PyTorch's is {wanted}"
    return {"numpy": step, "torch": their_step}, ours, theirs


def report(rows):
    text = ""
    for threads in sorted({row["threads"] for row in rows}):
        lines = [
            [f"{row['network']}, {row['what']}", row["N"], milliseconds(row["times"]["numpy"]),
             milliseconds(row["times"]["torch"]), f"{ratio(row['times']['numpy'], row['times']['torch']):.2f}",
             milliseconds(row["times"]["folded"]) if "folded" in row["times"] else ""]
            for row in rows if row["threads"] == threads
        ]  # fmt: skip
        head = ["Network", "batch", "NumPy, ms", "PyTorch, ms", "ratio", "PyTorch folded, ms"]
        text += f"**{plural(threads, 'thread')}**\n\n" + table(head, lines) + "\n"
    for row in rows:
        if "profile" in row:
            title = f"{row['network']}, {row['what']}, batch {row['N']}, {plural(row['threads'], 'thread')}"
            times = [[label, *(f"{1e3 * t:.1f}" if t else "" for t in pair)] for label, pair in row["profile"]]
            lines = table(["Where the time goes", "NumPy, ms", "PyTorch, ms"], times[:MOST_EXPENSIVE])
            text += folded(f"{title}: the most expensive layers", lines)
    return text + "\nTimes are median (quartiles).\n", draw(rows)


def draw(rows):
    """Draw the ratios as bars."""
    from cnncourse.viz.charts import bar_chart

    bars = {}
    for row in rows:
        label = f"{row['network']}\n{'training' if 'training' in row['what'] else 'inference'}\nbatch {row['N']}"
        value = ratio(row["times"]["numpy"], row["times"]["torch"])
        bars.setdefault(label, {})[plural(row["threads"], "thread")] = value
    figure = bar_chart(bars, "NumPy's time by PyTorch's", size=(10, 3.6))
    figure.axes[0].axhline(1, color="0.3", linewidth=1)
    figure.axes[0].tick_params(axis="x", labelsize=8)
    return figure


if __name__ == "__main__":
    main("networks")
