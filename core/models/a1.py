"""A1, the tutorials' `MNISTClassifier`, with its missing second ReLU and with `Dropout` where they had `Dropout2d`."""

from torch import Tensor, nn

__all__ = ["MNISTClassifier"]


class MNISTClassifier(nn.Module):
    """Two 3×3 convolutions, one pooling and two linear layers: `(N, 1, 28, 28)` → log-probabilities `(N, 10)`."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(32, 64, 3)
        self.relu2 = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.dropout1 = nn.Dropout(0.25)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(9216, 128)
        self.relu3 = nn.ReLU()
        self.dropout2 = nn.Dropout(0.5)
        self.fc2 = nn.Linear(128, 10)
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """Return the log-probability of each digit."""
        x = self.relu1(self.conv1(x))  # (N, 32, 26, 26)
        x = self.relu2(self.conv2(x))  # (N, 64, 24, 24)
        x = self.dropout1(self.pool(x))  # (N, 64, 12, 12)
        x = self.flatten(x)  # (N, 9216)
        x = self.dropout2(self.relu3(self.fc1(x)))  # (N, 128)
        output: Tensor = self.log_softmax(self.fc2(x))
        return output
