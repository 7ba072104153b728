import hashlib
import json
import subprocess
import sys
from urllib.error import URLError

import pytest
import safetensors.torch
import torch
import torchvision
from torch import nn

from core import models
from core.explain import record
from core.models import Download, registry, transfer
from core.models.resnet import ResNet18

SHIPPED = ("recommended", "a1", "a2", "a3")
TRANSFER = ("resnet18", "mobilenet_v3_small")


def same(one: nn.Module, other: nn.Module) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_names_the_recommended_model_first():
    assert models.names() == ("recommended", "a1", "a2", "a3", "resnet18", "mobilenet_v3_small")


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("a1", 1_199_882), ("a2", 21_840), ("a3", 421_642), ("resnet18", 11_181_642), ("mobilenet_v3_small", 1_528_106)],
)
def test_article_models_have_the_articles_parameters(name, parameters):
    assert sum(p.numel() for p in models.build(name).parameters()) == parameters


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("a1", "Conv2d ReLU Conv2d ReLU MaxPool2d Dropout Flatten Linear ReLU Dropout Linear LogSoftmax"),
        ("a2", "Conv2d Conv2d Linear Linear"),
        ("a3", "Conv2d ReLU MaxPool2d Conv2d ReLU MaxPool2d Flatten Linear ReLU Linear"),
    ],
)
def test_article_models_have_the_articles_layers(name, layers):
    assert " ".join(type(module).__name__ for module in models.build(name).children()) == layers


def test_a2_is_the_articles_column_of_functions():
    model = models.build("a2").eval()
    x = torch.rand(3, 1, 28, 28)
    y = torch.relu(nn.functional.max_pool2d(model.conv1(x), 2))
    y = torch.relu(nn.functional.max_pool2d(model.conv2(y), 2)).reshape(3, 320)
    y = model.fc2(torch.relu(model.fc1(y))).log_softmax(1)
    torch.testing.assert_close(model(x), y)


@pytest.mark.parametrize("name", models.names())
@pytest.mark.parametrize("count", [1, 3])
def test_every_model_answers_ten_classes_for_prepared_pictures(name, count, device):
    card = models.card(name)
    model = models.load(name, device=device, pretrained=False)
    x = card.prepare(torch.rand(count, 1, 28, 28, device=device))
    assert x.shape == (count, *card.input_shape)
    assert model(x).shape == (count, len(card.classes))
    assert x.device.type == device.type
    assert not model.training


def test_recommended_is_small_enough_to_be_shown_whole():
    model = models.load("recommended", pretrained=False)
    assert sum(p.numel() for p in model.parameters()) <= 500_000
    elements = []
    hooks = [
        module.register_forward_hook(lambda _module, _input, output: elements.append(output.numel()))
        for module in model.modules()
        if not list(module.children())
    ]
    model(torch.zeros(1, 1, 28, 28))
    assert len(hooks) < len(elements)  # the shared ReLU and pooling count each time
    assert sum(elements) <= 100_000


@pytest.mark.parametrize("name", SHIPPED)
def test_log_probabilities_or_logits_become_probabilities_by_one_softmax(name):
    model = models.load(name, pretrained=False)
    output = model(torch.rand(2, 1, 28, 28))
    if name in ("a1", "a2"):
        torch.testing.assert_close(torch.softmax(output, 1), output.exp())
    torch.testing.assert_close(torch.softmax(output, 1).sum(1), torch.ones(2))


@pytest.mark.parametrize("shape", [(28, 28), (1, 28, 28), (1, 1, 28, 28)])
def test_prepare_takes_one_picture_in_three_shapes(shape):
    x = models.card("a3").prepare(torch.full(shape, 0.5))
    torch.testing.assert_close(x, torch.full((1, 1, 28, 28), (0.5 - 0.1307) / 0.3081))


def test_prepare_repeats_grey_resizes_and_normalises_for_imagenet():
    picture = torch.zeros(28, 28)
    picture[:, 14:] = 1
    x = models.card("resnet18").prepare(picture)
    assert x.shape == (1, 3, 224, 224)
    restored = x[0] * torch.tensor((0.229, 0.224, 0.225))[:, None, None]
    restored = restored + torch.tensor((0.485, 0.456, 0.406))[:, None, None]
    torch.testing.assert_close(restored[:, :, :100], torch.zeros(3, 224, 100), atol=1e-6, rtol=0)
    torch.testing.assert_close(restored[:, :, -100:], torch.ones(3, 224, 100), atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (torch.zeros(28, 28, dtype=torch.uint8), r"the picture is torch.uint8, expected floats in \[0, 1\]"),
        (torch.zeros(28), r"shape \(28,\), expected \(H, W\), \(C, H, W\) or \(N, C, H, W\), C 1 or 3"),
        (torch.zeros(2, 28, 28), r"shape \(2, 28, 28\), expected"),
        (torch.zeros(1, 1, 1, 28, 28), r"shape \(1, 1, 1, 28, 28\), expected"),
        (torch.zeros(0, 1, 28, 28), r"shape \(0, 1, 28, 28\), expected at least one pixel"),
        (torch.full((28, 28), float("nan")), "holds NaN or infinite values"),
        (torch.full((28, 28), float("inf")), "holds NaN or infinite values"),
    ],
)
def test_prepare_rejects_what_is_no_picture(picture, message):
    with pytest.raises(ValueError, match=message):
        models.card("a3").prepare(picture)


@pytest.mark.parametrize("ask", [models.card, models.build, models.load])
def test_an_unknown_model_is_told_with_the_known_ones(ask):
    with pytest.raises(ValueError, match="no model 'lenet'; the models are recommended, a1, a2, a3, resnet18, mobile"):
        ask("lenet")


def test_weights_come_back_as_they_were_saved(tmp_path, device):
    model = models.build("recommended").to(device)
    models.save_weights(model, tmp_path / "new" / "w.safetensors")
    again = models.load("recommended", weights=tmp_path / "new" / "w.safetensors", device=device)
    assert same(model, again)
    assert [file.name for file in (tmp_path / "new").iterdir()] == ["w.safetensors"]


def test_weights_may_be_the_saved_file_of_a_transfer_model(tmp_path):
    model = models.build("mobilenet_v3_small")
    models.save_weights(model, tmp_path / "w.safetensors")
    assert same(model, models.load("mobilenet_v3_small", weights=tmp_path / "w.safetensors"))


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there are no weights at .*w\.safetensors"):
        models.load("a2", weights=tmp_path / "w.safetensors")


@pytest.mark.parametrize("content", [b"", b"not a safetensors file at all", b"\x80\x04\x95pickle"])
def test_damaged_weights_are_told(tmp_path, content):
    (tmp_path / "w.safetensors").write_bytes(content)
    with pytest.raises(ValueError, match=r"w\.safetensors is no safetensors file, or it is damaged"):
        models.load("a2", weights=tmp_path / "w.safetensors")


def test_cut_off_weights_are_told(tmp_path):
    models.save_weights(models.build("a2"), tmp_path / "w.safetensors")
    whole = (tmp_path / "w.safetensors").read_bytes()
    (tmp_path / "w.safetensors").write_bytes(whole[:-100])
    with pytest.raises(ValueError, match="is no safetensors file, or it is damaged"):
        models.load("a2", weights=tmp_path / "w.safetensors")


def test_foreign_weights_are_told_tensor_by_tensor(tmp_path):
    state = dict(models.build("a2").state_dict())
    del state["fc1.bias"]
    state["fc3.weight"] = torch.zeros(2)
    state["conv1.weight"] = torch.zeros(10, 1, 3, 3)
    state["fc2.bias"] = state["fc2.bias"].half()
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="does not hold the weights of Net") as caught:
        models.load("a2", weights=tmp_path / "w.safetensors")
    message = str(caught.value)
    assert "1 missing: fc1.bias" in message
    assert "1 unexpected: fc3.weight" in message
    assert "1 of another shape: conv1.weight (10, 1, 3, 3) instead of (10, 1, 5, 5)" in message
    assert "1 of another type: fc2.bias torch.float16 instead of torch.float32" in message


def test_nothing_is_loaded_from_weights_that_do_not_fit(tmp_path):
    model = models.build("a2")
    before = {key: value.clone() for key, value in model.state_dict().items()}
    safetensors.torch.save_file({"conv1.bias": torch.zeros(10)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match="7 missing"):
        models.load_weights(model, tmp_path / "w.safetensors")
    assert all(torch.equal(before[key], value) for key, value in model.state_dict().items())


def test_untrained_cards_are_never_sure(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path)
    for name in models.names():
        assert models.card(name).unsure_below == 1.0


def test_a_card_takes_its_threshold_recipe_and_figures_from_the_shipped_file(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "SHIPPED", tmp_path)
    shipped = {"unsure_below": 0.625, "recipe": {"command": "x"}, "figures": {"mnist_accuracy": 0.5}}
    (tmp_path / "a2.json").write_text(json.dumps(shipped), encoding="utf-8")
    card = models.card("a2")
    assert (card.unsure_below, card.recipe["command"], card.figures["mnist_accuracy"]) == (0.625, "x", 0.5)


def test_resnet18_is_torchvisions(device):
    torch.manual_seed(0)
    theirs = torchvision.models.resnet18(weights=None, num_classes=10).to(device).eval()
    ours = ResNet18(10).to(device).eval()
    ours.load_state_dict(theirs.state_dict())
    assert list(ours.state_dict()) == list(theirs.state_dict())
    input = torch.rand(1, 3, 64, 64, device=device)
    one, other = record(ours, input), record(theirs, input)
    assert [(step.op, step.path) for step in one.steps] == [(step.op, step.path) for step in other.steps]
    assert all(torch.equal(mine.output, step.output) for mine, step in zip(one.steps, other.steps, strict=True))


def test_resnet18_opens_without_waiting_for_torchvision():
    lines = "import sys; from core import models; models.load('resnet18', pretrained=False); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", lines], check=True, capture_output=True, text=True)
    assert "core.models.resnet" in told.stdout.split()
    assert "torchvision" not in told.stdout.split()


@pytest.mark.parametrize("name", TRANSFER)
def test_imagenet_weights_are_where_torchvision_has_them(name):
    assert torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].url == transfer.IMAGENET[name]


@pytest.mark.parametrize("name", TRANSFER)
def test_only_the_head_of_a_transfer_model_is_trained(name):
    model = models.load(name, pretrained=False)
    head = transfer.head(model)
    trained = {key for key, parameter in model.named_parameters() if parameter.requires_grad}
    assert {id(dict(model.named_parameters())[key]) for key in trained} == {id(head.weight), id(head.bias)}
    assert head.out_features == 10


@pytest.mark.parametrize("name", TRANSFER)
def test_without_a_network_a_transfer_model_names_the_options(name, tmp_path, monkeypatch):
    def no_network(*_args, **_kwargs):
        raise URLError("Temporary failure in name resolution")

    monkeypatch.setattr("core.models.download.urlopen", no_network)
    file = transfer.IMAGENET[name].rsplit("/", 1)[-1]
    with pytest.raises(FileNotFoundError, match=rf"{name} .*name resolution.*{file}.*--data-dir.*pretrained=False"):
        models.load(name, data_dir=tmp_path)


def torchvision_file(folder, name, monkeypatch):
    """Save a torchvision state as torchvision's file, under the checksum it has; return the state."""
    torch.manual_seed(1)
    state = torchvision.models.get_model(name, weights=None).state_dict()
    torch.save(state, folder / "x")
    checksum = hashlib.sha256((folder / "x").read_bytes()).hexdigest()[:8]
    (folder / "x").rename(folder / f"{name}-{checksum}.pth")

    monkeypatch.setitem(transfer.IMAGENET, name, f"weights/{name}-{checksum}.pth")
    return state


@pytest.mark.parametrize("name", TRANSFER)
def test_a_transfer_model_takes_its_backbone_from_torchvisions_file(name, tmp_path, monkeypatch):
    state = torchvision_file(tmp_path, name, monkeypatch)
    loaded = models.load(name, data_dir=tmp_path).state_dict()
    different = [key for key, value in loaded.items() if not torch.equal(value, state[key])]
    assert different == list(loaded)[-2:]  # the new head's weight and bias


def test_a_transfer_file_with_a_wrong_checksum_is_told(tmp_path, monkeypatch):
    torchvision_file(tmp_path, "mobilenet_v3_small", monkeypatch)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:-1] + b"!")
    with pytest.raises(ValueError, match=r"mobilenet_v3_small-.*\.pth has SHA-256 .*, expected .*: delete it"):
        models.load("mobilenet_v3_small", data_dir=tmp_path)


def test_a_download_goes_where_torch_is_asked_for_it_with_its_checksum(tmp_path, monkeypatch):
    asked = {}

    class Watched(Download):
        def fetch(self, url, file, *, sha256):
            asked.update(url=url, file=file, sha256=sha256)
            raise URLError("not today")

    with pytest.raises(FileNotFoundError, match="not today"):
        models.load("resnet18", data_dir=tmp_path / "new", download=Watched())
    assert asked == {
        "url": transfer.IMAGENET["resnet18"],
        "file": tmp_path / "new" / "resnet18-f37072fd.pth",
        "sha256": "f37072fd",
    }


def test_a_model_goes_where_it_is_asked_to():
    model = models.load("recommended", pretrained=False, device="meta")
    assert {tensor.device.type for tensor in model.state_dict().values()} == {"meta"}
    assert model(torch.zeros(2, 1, 28, 28, device="meta")).shape == (2, 10)
