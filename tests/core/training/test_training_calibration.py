import pytest
import torch
from torch import nn

from core.training.calibration import expected_calibration_error, fold_temperature, temperature, unsure_below

pytestmark = pytest.mark.usefixtures("made_on_device")


def overconfident(factor: float, count: int = 20_000) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits whose labels are drawn from softmax(logits / factor)."""
    true = torch.randn(count, 10) * 3
    labels = torch.multinomial(torch.softmax(true, 1), 1).squeeze(1)
    return true * factor, labels


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_temperature_finds_the_factor_that_was_hidden(factor):
    assert temperature(*overconfident(factor)) == pytest.approx(factor, rel=0.05)


def test_temperature_calibrates():
    output, labels = overconfident(3.0)
    before = expected_calibration_error(torch.softmax(output, 1), labels)
    after = expected_calibration_error(torch.softmax(output / temperature(output, labels), 1), labels)
    assert before > 0.1
    assert after < 0.015


def test_a_folded_temperature_divides_the_logits():
    last = nn.Linear(5, 10)
    x = torch.randn(3, 5)
    before = last(x)
    fold_temperature(last, 2.5)
    torch.testing.assert_close(last(x), before / 2.5)


def test_calibration_error_of_a_worked_example():
    # two bins: at 0.95 two of two right, at 0.65 one of two right: (2·0.05 + 2·0.15) / 4
    p = torch.tensor([[0.95, 0.05], [0.05, 0.95], [0.65, 0.35], [0.35, 0.65]])
    labels = torch.tensor([0, 1, 0, 0])
    assert expected_calibration_error(p, labels) == pytest.approx(0.1, abs=1e-6)


def test_a_certain_and_right_model_has_no_calibration_error():
    assert expected_calibration_error(torch.eye(10), torch.arange(10)) == 0
    assert expected_calibration_error(torch.eye(10), torch.arange(10).flip(0)) == 1


def test_the_threshold_has_the_given_share_below_it():
    confidence = torch.rand(10_000)
    threshold = unsure_below(confidence, 0.02)
    assert float((confidence < threshold).float().mean()) == pytest.approx(0.02, abs=1e-3)
