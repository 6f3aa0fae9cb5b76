"""The block behind the known mistakes of InvertedResidual; imported only when one is built."""

from torch import nn
from torch.nn import functional as F

from cnncourse.checks.tasks.u14._torch_blocks import NORMS


class WrongResidual(nn.Module):
    """An inverted residual with one thing wrong."""

    def __init__(
        self, c_in, c_out, stride, expand, *, wide=lambda a, b, t: a * t, groups=lambda a, w: w, strides=(0, 1, 0),
        kernel=3, padding=1, dilation=1, mode="zeros", activation="relu6", activations=(True, True),
        order="norm-relu", end=None, norms=(0, 1, 2), norm="right", momentum=0.1, eps=1e-5,
        adds="right", join="plus", always=None, dropout=False,
    ):  # fmt: skip
        super().__init__()
        self.act, self.activations, self.order = getattr(F, activation), activations, order
        self.end, self.join = end, join
        steps = [stride if has else 1 for has in strides]
        expands = expand != 1 if always is None else always
        middle = wide(c_in, c_out, expand) if expands or always is None else c_in

        def make_norm(i, channels):
            if i not in norms:
                return nn.Identity()
            if norm == "no-affine":
                return nn.BatchNorm2d(channels, affine=False)
            return NORMS.get(norm, nn.BatchNorm2d)(channels, eps, momentum)

        self.widen = nn.Conv2d(c_in, middle, 1, steps[0], bias=0 not in norms) if expands else None
        self.norm1 = make_norm(0, middle) if expands else None
        middle_in = middle if expands else c_in
        count = groups(c_in, middle_in)
        self.depthwise = nn.Conv2d(middle_in, middle, kernel, steps[1], padding, dilation, count, 1 not in norms, mode)
        self.norm2 = make_norm(1, middle)
        self.narrow = nn.Conv2d(middle, c_out, 1, steps[2], bias=2 not in norms)
        self.norm3 = make_norm(2, c_out)
        self.drop = nn.Dropout(0.3) if dropout else nn.Identity()
        same = stride == 1 and c_in == c_out
        self.adds = {"never": False, "channels": c_in == c_out, "stride": stride == 1, "project": True}.get(adds, same)
        self.project = nn.Sequential()
        if adds == "project" and not same:
            self.project = nn.Sequential(nn.Conv2d(c_in, c_out, 1, stride, bias=False), nn.BatchNorm2d(c_out))

    def step(self, i, conv, norm, x):
        """A convolution, its norm and perhaps its activation."""
        if self.order == "relu-norm":
            return norm(self.act(conv(x)))
        y = norm(conv(x))
        return self.act(y) if self.activations[i] else y

    def forward(self, x):
        y = x if self.widen is None else self.step(0, self.widen, self.norm1, x)
        y = self.drop(self.norm3(self.narrow(self.step(1, self.depthwise, self.norm2, y))))
        y = F.relu6(y) if self.end == "before" else y
        if self.adds:
            skip = self.project(x)
            y = {"plus": y + skip, "minus": y - skip, "mean": (y + skip) / 2, "zeros": (y + skip) * 0}[self.join]
        elif self.join == "zeros":
            y = y * 0
        end = "after" if self.end == "sum" and self.adds else self.end
        return {"after": F.relu6, "relu": F.relu}.get(end, lambda y: y)(y)
