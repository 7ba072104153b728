"""The published folder: what it holds, and that nothing in it asks another place."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file

from core.data import mnist
from core.data.drawn import digits
from core.models import card
from core.training.settings import parse
from explorer.models.library import Library
from explorer.publish import training
from explorer.publish.__main__ import main
from explorer.publish.notice import notice
from explorer.publish.pictures import examples
from explorer.publish.plan import OPERATORS
from explorer.publish.site import PAGES, publish
from explorer.publish.training import DRAWN
from explorer.wire.view import WEB
from tests.core.training.run_cases import trained

MODULE = re.compile(r'^"([\w./]+)": \(\$need, \$here, \$load\) => \{$', re.MULTILINE)
"""Where a module begins in a file of several."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "site"
    publish(folder, Library(), ["a2", "recommended"], language="zh")
    return folder


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def modules(file: Path) -> dict[str, str]:
    """Return the modules of a file by name, without what explains them."""
    parts = MODULE.split(re.sub(r"/\*\*.*?\*/", "", text(file), flags=re.DOTALL))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_module_finds_what_it_needs(folder: Path) -> None:
    first = modules(folder / "web/site/page.js")
    assert len(first) > 100
    for file in folder.glob("web/**/*.js"):
        held = modules(file)
        known = held if file.name == "worker.js" else first | held
        for name, code in held.items():
            assert set(re.findall(r'\$need\("([^"]+)"\)', code)) <= set(known), f"{file}: {name}"
            for address in re.findall(r'(?:new URL|\$load)\("([^"]+)"(?:, \$here)?\)', code):
                wanted = ((folder / "web" / name).parent / address).resolve()
                inside = wanted.relative_to(folder.resolve() / "web").as_posix() in known
                assert inside or wanted.exists(), f"{file}: {address}"


def test_a_visit_to_the_first_page_loads_few_files(folder: Path) -> None:
    entry = text(folder / "index.html")
    named = re.findall(r'(?:href|src)="([^"]+)"', entry)
    assert named == ["web/favicon.svg", "manifest.webmanifest", "web/style.css", "web/site/page.js"]
    assert not [name for name in named if not (folder / name).is_file()]
    assert "{" not in entry
    assert 'lang="zh"' in entry
    for page in PAGES:
        assert f'data-tab-id="{page}"' in entry


def test_no_file_names_another_host(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.suffix in (".js", ".css", ".html", ".webmanifest"):
            code = re.sub(r"/\*.*?\*/|//.*", "", text(path).replace("http://www.w3.org", ""), flags=re.DOTALL)
            assert not re.findall(r"""["'(]https?://[^"')]+""", code), path


def test_a_network_comes_with_the_parameters_that_its_plan_names_and_no_others(folder: Path) -> None:
    for name in ("a2", "recommended"):
        plan = json.loads(text(folder / f"models/{name}.json"))
        named = {parameter for step in plan["plan"]["steps"] for parameter in step["parameters"].values()}
        assert set(load_file(folder / f"models/{name}.safetensors")) == named
        assert plan["card"]["unsureBelow"] == card(name).unsure_below
    assert json.loads(text(folder / "site.json"))["first"] == "a2"


def test_the_service_worker_stores_what_every_visit_needs_and_not_the_other_networks(folder: Path) -> None:
    worker = text(folder / "offline.js")
    stored = json.loads(json.loads(re.search(r"JSON\.parse\((.+)\);", worker)[1]))  # type: ignore[index]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    left_out = {f"models/recommended.{ending}" for ending in ("json", "safetensors", "truth.json")}
    left_out |= {"models/a2.truth.json", "drawings.json", "offline.js"}
    assert set(stored) == {"./", *(files - left_out)}


def test_every_lesson_comes_along(folder: Path) -> None:
    shipped = WEB / "learn/lessons"
    published = folder / "web/learn/lessons"
    assert {path.name for path in published.iterdir()} == {path.name for path in shipped.iterdir()}
    assert json.loads(text(published / "index.json")) == json.loads(text(shipped / "index.json"))


def test_a_teachers_lessons_come_along(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.json").write_text('{"title": "Mine"}')
    assert main([str(tmp_path / "site"), "--models", "a2", "--lessons", str(tmp_path / "own")]) == 0
    told = json.loads(text(tmp_path / "site" / "lessons"))
    assert told == {"lessons": [{"file": "mine.json", "text": '{"title": "Mine"}'}]}


def test_everybody_may_read_every_file(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.stat().st_mode & 0o044 == 0o044, path


def test_another_publication_has_another_version(folder: Path, tmp_path: Path) -> None:
    publish(tmp_path / "one", Library(), ["a2", "recommended"], language="zh")
    publish(tmp_path / "two", Library(), ["a2"])
    folders = (folder, tmp_path / "one", tmp_path / "two")
    version = [re.findall(r'VERSION = "(\w+)"', text(each / "offline.js")) for each in folders]
    assert version[0] == version[1] != version[2]


def test_publishing_again_replaces_the_folder_and_another_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "thesis.txt").write_text("mine")
    assert main([str(tmp_path / "own"), "--models", "a2"]) == 2
    assert (tmp_path / "own" / "thesis.txt").read_text() == "mine"
    out = tmp_path / "site"
    assert main([str(out), "--models", "a2", "a3"]) == 0
    assert main([str(out), "--models", "a2"]) == 0
    assert sorted(path.name for path in (out / "models").iterdir()) == ["a2.json", "a2.safetensors", "a2.truth.json"]
    assert main([str(out), "--models", "a3"]) == 0  # what every folder trains comes along
    names = {f"a3.{ending}" for ending in ("json", "safetensors", "truth.json")} | {"a2.json", "a2.safetensors"}
    assert {path.name for path in (out / "models").iterdir()} == names
    assert [model["name"] for model in json.loads(text(out / "site.json"))["bar"]["models"]] == ["a3"]


def test_the_digits_are_those_that_python_draws_and_every_network_without_batch_norm_can_learn_them(
    folder: Path,
) -> None:
    told = json.loads(text(folder / "digits.json"))
    with Image.open(folder / "digits.png") as picture:
        assert (picture.mode, picture.size) == ("L", (28 * told["columns"], 28 * DRAWN // told["columns"]))
        last = np.asarray(picture.crop((28 * 99, 0, 28 * 100, 28)))
    few = digits(100, seed=0)
    assert (last == few.pictures[99, 0].numpy()).all()
    assert told["labels"][:100] == few.labels.tolist()
    assert len(told["labels"]) == DRAWN
    options = json.loads(text(folder / "site.json"))["pages"]["train"]
    assert [model["name"] for model in options["models"]] == ["a2"]
    assert (folder / "digits.png").stat().st_size < 1e6


def cells(picture: Path, count: int) -> "np.typing.NDArray[np.uint8]":
    """Return the pictures that a sheet holds."""
    with Image.open(picture) as image:
        sheet = np.asarray(image)
    rows = sheet.reshape(-1, 28, sheet.shape[1] // 28, 28).transpose(0, 2, 1, 3)
    return rows.reshape(-1, 28, 28)[:count]


def test_examples_are_pictures_of_mnists_test_set_under_their_places_there(trusted_mnist: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [str(site), "--models", "a2", "--data-dir", str(trusted_mnist)]
    assert main([*command, "--examples", "23"]) == 0
    told = json.loads(text(site / "mnist.json"))
    test = mnist.load("test", trusted_mnist, download=False)
    assert told["indices"] == sorted(set(told["indices"]))
    assert told["labels"] == test.labels[told["indices"]].tolist()
    assert (cells(site / "mnist.png", 23) == test.pictures[told["indices"], 0].numpy()).all()
    assert sorted(told["labels"].count(label) for label in range(10)) == [2] * 7 + [3] * 3
    assert "CC BY-SA 3.0" in text(site / "NOTICE.txt")
    assert "23 of the 10,000" in text(site / "NOTICE.txt")
    options = json.loads(text(site / "site.json"))
    assert options["examples"] == 23
    assert options["pages"]["train"]["sources"] == ["drawn"]  # so few teach nothing
    assert "mnist.png" in text(site / "offline.js")
    assert main(command) == 0
    assert not (site / "mnist.png").exists()
    assert "MNIST" not in text(site / "NOTICE.txt")


def test_examples_are_the_same_for_everybody_and_more_of_them_are_further_ones(trusted_mnist: Path) -> None:
    few, many, all_of_them = (set(examples(trusted_mnist, count)[1]) for count in (30, 70, 100))
    assert few < many < all_of_them == set(range(100))
    assert few == set(examples(trusted_mnist, 30)[1])


def test_with_enough_examples_train_offers_mnist() -> None:
    assert training.options({}, training.FEWEST - 1)["sources"] == ["drawn"]
    assert training.options({}, training.FEWEST)["sources"] == ["drawn", "mnist"]


@pytest.mark.parametrize("count", ["-1", "101"])
def test_examples_that_are_not_there_are_refused_and_nothing_is_written(
    count: str, trusted_mnist: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site"
    assert main([str(out), "--models", "a2", "--data-dir", str(trusted_mnist), "--examples", count]) == 2
    assert f"--examples is {count}, expected 1 to 100" in capsys.readouterr().err
    assert not out.exists()


def test_the_folder_in_which_mnist_was_looked_for_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    empty = tmp_path / "empty"
    assert main([str(tmp_path / "site"), "--models", "a2", "--data-dir", str(empty), "--examples", "5"]) == 2
    assert f"MNIST is not in {empty}, where --examples looks for it" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_the_notice_holds_the_licence_of_this_repository() -> None:
    root = Path(__file__).resolve().parents[2]
    assert text(root / "LICENSE").strip() in notice()


def test_a_run_comes_with_what_it_told_and_the_weights_of_its_moments(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = tmp_path / "runs"
    data = {"source": "drawn", "count": 60, "validation": 0.5}
    run = trained(runs / "mine", parse({"data": data, "training": {"epochs": 1, "batch_size": 8}, "checkpoints": 3}))
    site = tmp_path / "site"
    command = [str(site), "--models", "a3", "--runs-dir", str(runs), "--run"]
    assert main([*command, "mine"]) == 0
    assert json.loads(text(site / "site.json"))["runs"] == ["mine"]
    told = json.loads(text(site / "models/mine/run.json"))
    assert (told["run"]["name"], told["run"]["steps"], told["run"]["yours"]) == ("mine", run.steps_kept(), False)
    kept = [event for event in told["events"] if event["event"] == "checkpoint"]
    assert [event["step"] for event in kept] == run.steps_kept()
    shown = {index for event in kept for index, *_ in event["validation"]["wrong"][:24]}
    assert {int(index) for index in told["pictures"]} == shown != set()
    for step in run.steps_kept():
        weights = load_file(site / f"models/mine/a2@{step}.safetensors")
        own = load_file(run.checkpoint(step))
        assert all((weights[name] == own[name]).all() for name in own)
    assert json.loads(text(site / "models/mine/a2.json"))["card"]["classes"] == list("0123456789")
    assert main([*command, "gone"]) == 2
    assert "there is no run 'gone'" in capsys.readouterr().err
    assert (site / "models/mine/run.json").is_file()  # what stood there is left


def test_what_cannot_run_in_the_browser_is_said_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "site"), "--models", "a2", "resnet18:untrained"]) == 2
    assert "resnet18:untrained cannot run in the browser: it takes no drawings of 28×28" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()


def test_the_operators_of_the_plan_are_those_of_the_engine() -> None:
    index = text(WEB / "engine/ops/index.js")
    listed = re.search(r"OPERATORS = \{(.+?)\.\.\.activations", index, re.DOTALL)[1]  # type: ignore[index]
    activations = re.search(r"ACTIVATIONS = \{(.+?)\n\};", text(WEB / "engine/ops/activation.js"), re.DOTALL)[1]  # type: ignore[index]
    names = re.findall(r"^\s*(\w+)[:,]", listed, re.MULTILINE) + re.findall(r"^  (\w+):", activations, re.MULTILINE)
    assert set(names) == OPERATORS
