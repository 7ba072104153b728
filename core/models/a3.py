"""A3, the tutorials' `CNN`: padded 3×3 convolutions that keep the size, so that only pooling halves it."""

from torch import Tensor, nn

__all__ = ["CNN"]


class CNN(nn.Module):
    """Two padded 3×3 convolutions, each followed by pooling: `(N, 1, 28, 28)` → logits `(N, 10)`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(32, 64, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(3136, 128)
        self.relu3 = nn.ReLU()
        self.fc2 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logit of each digit."""
        x = self.pool1(self.relu1(self.conv1(x)))  # (N, 32, 14, 14)
        x = self.pool2(self.relu2(self.conv2(x)))  # (N, 64, 7, 7)
        x = self.flatten(x)  # (N, 3136)
        x = self.relu3(self.fc1(x))
        output: Tensor = self.fc2(x)
        return output
