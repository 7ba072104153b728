import ctypes
import sys
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from core import models
from core.data import drawn
from core.data.augmentation import Augmentation
from core.data.mnist import Pictures
from core.data.negatives import NO_DIGIT
from core.training.config import RECIPES, Config
from core.training.loop import BatchDone, EpochDone, logits, loss, train
from core.training.memory import keep_freed_memory
from core.training.parts import training_mode

PREPARE = models.card("a2").prepare
QUICK = Config(epochs=2, batch_size=32, learning_rate=3e-3, augmentation=Augmentation(shift=1, elastic=0.3))


@pytest.fixture(scope="module")
def digits() -> Pictures:
    return drawn.digits(320, seed=0)


def trained(digits, config, device, **options):
    torch.manual_seed(config.seed)
    model = models.build("a2").to(device)
    return model, list(train(model, digits, config, prepare=PREPARE, **options))


def test_learns_tiny_data(digits, device):
    config = replace(QUICK, epochs=10)
    model, events = trained(digits, config, device, validation=drawn.digits(100, seed=9))
    epochs = [event for event in events if isinstance(event, EpochDone)]
    assert epochs[-1].loss < 0.3 * epochs[0].loss
    assert epochs[-1].accuracy > 0.9
    assert epochs[-1].validation_accuracy > 0.9
    answers = logits(model, digits.pictures, PREPARE).argmax(1).cpu()
    assert (answers == digits.labels).float().mean() > 0.95


def test_is_decided_by_its_seed(digits, device):
    (one, _), (same, _), (other, _) = (trained(digits, replace(QUICK, seed=s), device) for s in (3, 3, 4))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert not torch.equal(one.fc1.weight, other.fc1.weight)


def test_tells_every_batch_and_every_epoch(digits, device):
    _, events = trained(digits[:70], QUICK, device)
    told = [(e.epoch, e.batch) if isinstance(e, BatchDone) else e.epoch for e in events]
    assert told == [(1, 1), (1, 2), (1, 3), 1, (2, 1), (2, 2), (2, 3), 2]
    assert {e.batches for e in events if isinstance(e, BatchDone)} == {3}
    assert all(e.validation_accuracy is None for e in events if isinstance(e, EpochDone))


def test_stops_where_the_reader_stops(digits, device):
    model = models.build("a2").to(device)
    events = train(model, digits, QUICK, prepare=PREPARE)
    next(events)
    after_one = model.fc1.weight.clone()
    events.close()
    assert torch.equal(model.fc1.weight, after_one)


def test_one_cycle_rises_to_its_rate_and_falls_to_nothing(digits, device):
    _, events = trained(digits, replace(QUICK, epochs=4), device)
    rates = [e.learning_rate for e in events if isinstance(e, BatchDone)]
    assert max(rates) == pytest.approx(QUICK.learning_rate, rel=5e-3)
    assert rates.index(max(rates)) == pytest.approx(len(rates) / 4, abs=1)
    assert rates[-1] < QUICK.learning_rate / 100


def test_a_constant_rate_stays(digits, device):
    _, events = trained(digits[:64], replace(QUICK, schedule="constant"), device)
    assert {e.learning_rate for e in events if isinstance(e, BatchDone)} == {QUICK.learning_rate}


@pytest.mark.parametrize(
    ("optimiser", "theirs"),
    [
        ("sgd", lambda p: torch.optim.SGD(p, 0.01, momentum=0.9, weight_decay=0.1)),
        ("adam", lambda p: torch.optim.Adam(p, 0.01, weight_decay=0.1)),
        ("adamw", lambda p: torch.optim.AdamW(p, 0.01, weight_decay=0.1)),
    ],
)
def test_one_batch_is_one_step_of_torchs_optimiser(digits, device, optimiser, theirs):
    config = Config(1, 64, optimiser, 0.01, weight_decay=0.1, schedule="constant")
    torch.manual_seed(0)
    model = models.build("a2").to(device)
    torch.manual_seed(0)
    reference = models.build("a2").to(device)
    list(train(model, digits[:64], config, prepare=PREPARE))
    x, labels = digits[:64].pictures.to(device).float() / 255, digits[:64].labels.to(device)
    F.cross_entropy(reference(PREPARE(x)), labels).backward()
    theirs(reference.parameters()).step()
    for a, b in zip(model.parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=2e-5, rtol=1e-4)


def test_frozen_parts_stay_as_they_are_with_their_statistics(digits, device):
    torch.manual_seed(0)
    model = models.build("recommended").to(device)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    list(train(model, digits[:64], QUICK, prepare=PREPARE))
    changed = [key for key, value in model.state_dict().items() if not torch.equal(value, before[key])]
    assert changed == ["fc.weight", "fc.bias"]


def test_leaves_the_model_in_evaluation_mode(digits, device):
    model, _ = trained(digits[:32], QUICK, device)
    assert not model.training


def test_loss_of_digits_is_torchs_cross_entropy_with_smoothing():
    output, labels = torch.randn(6, 10), torch.randint(0, 10, (6,))
    ours = loss(output, labels, Config(label_smoothing=0.1))
    torch.testing.assert_close(ours, F.cross_entropy(output, labels, label_smoothing=0.1))


def test_loss_of_no_digit_is_least_when_all_classes_are_alike():
    labels = torch.full((1,), NO_DIGIT)
    config = Config(no_digit_weight=0.5)
    flat = loss(torch.zeros(1, 10), labels, config)
    assert float(flat) == pytest.approx(0.5 * float(torch.log(torch.tensor(10.0))))
    for _ in range(20):
        assert loss(torch.randn(1, 10), labels, config) > flat


def test_log_probabilities_and_logits_have_the_same_loss():
    output, labels = torch.randn(5, 10), torch.tensor([0, 9, NO_DIGIT, 3, NO_DIGIT])
    torch.testing.assert_close(loss(output, labels, Config()), loss(output.log_softmax(1), labels, Config()))


def test_pictures_that_are_no_digits_make_a_model_unsure(digits, device):
    noise = torch.randint(0, 256, (64, 1, 28, 28), dtype=torch.uint8)
    labels = torch.full((64,), NO_DIGIT)
    both = Pictures(torch.cat([digits.pictures, noise]), torch.cat([digits.labels, labels]))
    model, events = trained(both, replace(QUICK, epochs=8), device)
    other = torch.randint(0, 256, (64, 1, 28, 28), dtype=torch.uint8)
    sure = {
        name: torch.softmax(logits(model, x, PREPARE), 1).max(1).values.mean()
        for name, x in (("noise", other), ("digits", digits.pictures))
    }
    assert sure["noise"] < 0.3
    assert sure["digits"] > 0.7
    assert all(e.accuracy <= 1 for e in events if isinstance(e, EpochDone))


def test_logits_are_the_models_in_batches(digits, device):
    model = models.load("a2", pretrained=False, device=device)
    x = digits.pictures[:10]
    whole = model(PREPARE(x.to(device).float() / 255))
    torch.testing.assert_close(logits(model, x, PREPARE, batch_size=3), whole, atol=1e-6, rtol=1e-5)
    assert not logits(model, x, PREPARE).requires_grad


def test_recipes_exist_for_what_ships():
    assert set(RECIPES) == {"recommended", "a1", "a2", "a3"}


def test_asks_glibc_for_its_memory_once_it_is_there(monkeypatch):
    calls = []

    class Library:
        @staticmethod
        def mallopt(parameter, value):
            calls.append((parameter, value))
            return 1

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: Library)
    assert keep_freed_memory()
    assert calls == [(-3, 2**31 - 1), (-1, 2**31 - 1)]
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    assert not keep_freed_memory()
    monkeypatch.setattr(sys, "platform", "win32")
    assert not keep_freed_memory()


def test_training_mode_spares_frozen_modules():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(), nn.Linear(2, 2))
    model[1].requires_grad_(False)
    training_mode(model)
    assert [module.training for module in model] == [True, False, True, True]
