"""ZFNet in PyTorch (Zeiler & Fergus 2014); see the NumPy twin for what the paper says and leaves open."""

from torch import nn

from .alexnet import head, response_norm

__all__ = ["ZFNet"]


class ZFNet(nn.Module):
    """The network of the paper's figure 3: (N, in_channels, 224, 224) to (N, num_classes)."""

    def __init__(self, num_classes=1000, in_channels=3, *, dropout=0.5, widths=(96, 256, 384, 384, 256), hidden=4096):
        super().__init__()
        a, b, c, d, e = widths
        pool = {"kernel_size": 3, "stride": 2, "ceil_mode": True}
        self.features = nn.Sequential(
            nn.Conv2d(in_channels, a, 7, stride=2, padding=1), nn.ReLU(), nn.MaxPool2d(**pool), response_norm(),
            nn.Conv2d(a, b, 5, stride=2), nn.ReLU(), nn.MaxPool2d(**pool), response_norm(),
            nn.Conv2d(b, c, 3, padding=1), nn.ReLU(),
            nn.Conv2d(c, d, 3, padding=1), nn.ReLU(),
            nn.Conv2d(d, e, 3, padding=1), nn.ReLU(), nn.MaxPool2d(**pool),
        )  # fmt: skip
        self.classifier = head(e * 6 * 6, hidden, num_classes, dropout)
        for layer in (*self.features, *self.classifier):
            if isinstance(layer, (nn.Conv2d, nn.Linear)):
                nn.init.normal_(layer.weight, 0, 0.01)
                nn.init.zeros_(layer.bias)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))
