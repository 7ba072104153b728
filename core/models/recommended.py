"""The recommended model: made for drawn digits, small enough to be shown whole while the pen moves."""

from torch import Tensor, nn

__all__ = ["InkNet"]


class InkNet(nn.Module):
    """Six convolutions with batch norm: `(N, 1, 28, 28)` → logits `(N, 10)`.

    A wide first kernel sees a pen stroke with both its edges; pooling comes right after it and before the batch norm,
    so that all the maps of all steps together hold 98,000 numbers; channels grow as maps shrink; the last map keeps
    its 4×4 places, because where a stroke lies tells a 6 from a 9.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 5, bias=False)
        self.norm1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 48, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm2d(48)
        self.conv3 = nn.Conv2d(48, 64, 3, padding=1, bias=False)
        self.norm3 = nn.BatchNorm2d(64)
        self.conv4 = nn.Conv2d(64, 96, 3, padding=1, bias=False)
        self.norm4 = nn.BatchNorm2d(96)
        self.conv5 = nn.Conv2d(96, 96, 3, padding=1, bias=False)
        self.norm5 = nn.BatchNorm2d(96)
        self.conv6 = nn.Conv2d(96, 128, 3, bias=False)
        self.norm6 = nn.BatchNorm2d(128)
        self.pool = nn.MaxPool2d(2)
        self.relu = nn.ReLU()
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(2048, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logit of each digit."""
        x = self.relu(self.norm1(self.pool(self.conv1(x))))  # (N, 32, 12, 12)
        x = self.relu(self.norm2(self.conv2(x)))  # (N, 48, 12, 12)
        x = self.relu(self.norm3(self.pool(self.conv3(x))))  # (N, 64, 6, 6)
        x = self.relu(self.norm4(self.conv4(x)))  # (N, 96, 6, 6)
        x = self.relu(self.norm5(self.conv5(x)))  # (N, 96, 6, 6)
        x = self.relu(self.norm6(self.conv6(x)))  # (N, 128, 4, 4)
        output: Tensor = self.fc(self.flatten(x))
        return output
