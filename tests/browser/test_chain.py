"""A person's ways through the parts of the Arithmetic page beside the operators, in Chromium."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image
from playwright.sync_api import Locator, Page, expect

Opener = Callable[..., Page]


def numbers(page: Page, tensor: str) -> list[float]:
    """The written numbers of a tensor in the network's overview."""
    cells = page.locator(f".overview [data-tensor='{tensor}'] .mini")
    return [float(value) for value in cells.evaluate_all("all => all.map(({ dataset }) => dataset.value)") if value]


def expect_checked(page: Page) -> None:
    expect(page.locator(".arithmetic .badge")).to_have_class(re.compile("agrees"), timeout=30_000)


def expect_step(page: Page, at: int) -> None:
    expect(page.locator(".transport-place")).to_have_attribute("data-at", str(at))


def paste(page: Page | Locator, tensor: str, text: str) -> None:
    page.locator(f"[data-tensor={tensor}] .entry[data-index='0']").first.evaluate(
        """(cell, text) => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", text);
          cell.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
        }""",
        text,
    )


@pytest.fixture
def chain(app: str, open_page: Opener) -> Page:
    page = open_page(f"{app}#page=arithmetic&part=chain")
    expect_checked(page)
    return page


def test_the_chain_is_walked_forward_and_backward_on_the_numbers_of_torch(chain):
    page = chain
    page.locator("[data-tool=last]").click()
    assert len(numbers(page, "conv.output")) == len(numbers(page, "relu.gradInput")) == 32
    page.locator("[data-node=conv] .node-name").click()
    expect(page.locator(".chain-here")).to_have_attribute("data-stage", "conv")
    assert len(numbers(page, "conv.output")) == 1
    assert numbers(page, "relu.output") == []
    page.locator("[data-turn=backward]").click()
    expect(page.locator(".chain-here")).to_have_attribute("data-direction", "backward")
    (loss,), logits = numbers(page, "loss.output"), torch.tensor(numbers(page, "linear.output"))
    assert loss == pytest.approx(F.cross_entropy(logits[None], torch.tensor([0])).item(), abs=1e-6)


def test_a_click_on_a_number_goes_to_the_step_that_computes_it_and_an_edit_carries_through(chain):
    page = chain
    before = float(page.locator(".chain-outcome").get_attribute("data-loss") or "")
    page.locator("[data-tool=last]").click()
    page.locator(".overview [data-tensor='pool.output'] .mini").nth(5).click()
    expect(page.locator(".chain-here")).to_have_attribute("data-stage", "pool")
    expect(page.locator(".sum-result b")).to_have_attribute("data-value", "6")
    page.locator("[data-node=conv] .node-name").click()
    page.locator(".stage-read [data-tensor=input] [data-index='8']").focus()
    page.keyboard.type("9")
    page.keyboard.press("Enter")
    expect(page.locator(".chain-outcome")).not_to_have_attribute("data-loss", str(before))
    expect_checked(page)
    page.keyboard.press("Control+z")
    expect(page.locator(".chain-outcome")).to_have_attribute("data-loss", str(before))
    page.locator("[data-control=target]").select_option("2")
    expect_checked(page)


def test_a_link_opens_the_chain_with_the_same_numbers_at_the_same_step(app, open_page, chain):
    page = chain
    page.locator("[data-control=target]").select_option("1")
    page.locator(".scrub").fill("150")
    page.wait_for_function("location.hash.includes('chain=')")
    page.wait_for_function("decodeURIComponent(location.hash).includes('\"at\":150')")
    other = open_page(page.url)
    expect_checked(other)
    expect_step(other, 150)
    shown = "all => all.map(({ dataset, className }) => [dataset.value, className])"
    mini = ".overview .mini"
    assert other.locator(mini).evaluate_all(shown) == page.locator(mini).evaluate_all(shown)


def test_a_link_opens_an_operator_with_the_same_numbers_and_broken_parts_are_named(app, open_page):
    page = open_page(f"{app}#page=arithmetic")
    page.locator("[data-control=preset]").select_option("valid")
    page.locator("[data-tensor=input] [data-index='4']").focus()
    page.keyboard.type("50")
    page.keyboard.press("Enter")
    page.locator("[data-pass=inputGrad]").click()
    page.locator(".scrub").fill("5")
    page.wait_for_function("decodeURIComponent(location.hash).includes('\"at\":5')")
    other = open_page(page.url)
    expect_step(other, 5)
    expect(other.locator("[data-pass=inputGrad]")).to_have_attribute("aria-pressed", "true")
    shown = "all => all.map((cell) => [cell.textContent, cell.className])"
    assert other.locator(".entry").evaluate_all(shown) == page.locator(".entry").evaluate_all(shown)
    broken = open_page(f"{app}#page=arithmetic&walk=%7B%22op%22%3A%22magic%22%7D&chain=7%22&part=everything")
    expect(broken.locator(".webview-models [role=status]").first).to_contain_text("walk")
    expect(broken.locator(".transport-place")).to_have_attribute("data-count", "9")


def test_properties_prove_themselves_on_edited_numbers_and_the_flip_makes_them_true(app, open_page):
    page = open_page(f"{app}#page=arithmetic&part=properties")
    equal = {"commutes": "true", "associates": "true", "distributes": "true", "translates": "true", "separates": "true"}
    wrong = {"invariant": "false", "separable": "false", "maxsum": "false", "avgsum": "true"}
    for name, holds in {**equal, **wrong}.items():
        expect(page.locator(f"[data-equation={name}]")).to_have_attribute("data-equal", holds)
    expect(page.locator("[data-equation=larger]")).to_have_attribute("data-best", "3")
    page.locator("[data-control=flip]").uncheck()
    for name in ("commutes", "associates"):
        expect(page.locator(f"[data-equation={name}]")).to_have_attribute("data-equal", "false")
    page.locator("[data-control=flip]").check()
    page.locator("[data-tensor=f] [data-index='0']").focus()
    page.keyboard.type("7.5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-equation=commutes]")).to_have_attribute("data-equal", "true")
    result = page.locator("[data-equation=commutes] [data-side=left] .cell")
    shown = [float(value) for value in result.evaluate_all("all => all.map(({ dataset }) => dataset.value)")]
    f, g = torch.tensor([7.5, 3, 2, 0, 4, 1, 0, 2]), torch.tensor([1.0, 2, -1])
    assert shown == F.conv1d(f[None, None], g.flip(0)[None, None], padding=2).flatten().tolist()
    page.locator(".definition [data-tool=last]").click()
    expect(page.locator(".definition .formula-numbers")).to_have_attribute("data-value", "-2")


def test_the_matrix_product_and_the_two_passes_follow_the_walk(app, open_page):
    page = open_page(f"{app}#page=arithmetic")
    for view in ("im2col", "separable"):
        page.locator(f"[data-view={view}] summary").click()
    page.locator(".scrub").fill("4")
    value = page.locator(".sum-result b").get_attribute("data-value") or ""
    expect(page.locator("[data-view=im2col] .formula-numbers")).to_have_attribute("data-value", value)
    expect(page.locator("[data-view=im2col] .formula-numbers")).to_have_attribute("data-column", "4")
    expect(page.locator("[data-view=separable] .formula-numbers")).to_have_attribute("data-value", value)
    page.locator("[data-control=preset]").select_option("valid")
    expect(page.locator("[data-view=separable]")).to_have_attribute("data-rank", "2")
    call = page.locator("[data-view=im2col] .torch-call").inner_text()
    X, K = torch.arange(1.0, 10).reshape(1, 3, 3), torch.eye(2)[None, None]
    assert eval(call, {"F": F, "X": X, "K": K}).flatten().tolist() == [6, 8, 12, 14]


def test_a_table_from_a_spreadsheet_is_pasted_and_a_wrong_one_is_explained(app, open_page):
    page = open_page(f"{app}#page=arithmetic")
    paste(page, "input", "1\t0\t1\n0,5\t2\t2\n3\t3\t-1")
    cells = page.locator("[data-tensor=input] .entry[data-index]")
    expect(cells).to_have_text(["1", "0", "1", "0.5", "2", "2", "3", "3", "−1"])
    expect_checked(page)
    for text, words in {"1 2\n3": "Row 2", "1\tx": "“x”, which is not a number", "1 2 3 4 5 6\n" * 20: "takes"}.items():
        paste(page, "weight", text)
        expect(page.locator(".table-message")).to_contain_text(words)


def test_a_table_is_pasted_into_the_network_and_into_the_properties(app, open_page):
    page = open_page(f"{app}#page=arithmetic&part=chain")
    chain = page.locator(".network-walk")
    paste(chain, "input", "1\t0\t1\t0\t1\t0\n" * 6)
    expect(chain.locator(".stage-read [data-tensor=input] .entry[data-index]").first).to_have_text("1")
    expect_checked(page)
    paste(chain, "weight", "1 2")
    expect(chain.locator(".table-message")).to_contain_text("3 × 3")
    properties = open_page(f"{app}#page=arithmetic&part=properties").locator(".properties")
    paste(properties, "f", "2;4;6")
    expect(properties.locator("[data-tensor=f] .entry")).to_have_text(["2", "4", "6"])
    expect(properties.locator("[data-equation=commutes]")).to_have_attribute("data-equal", "true")
    paste(properties, "g", "1 2 3 4 5 6")
    expect(properties.locator(".table-message")).to_contain_text("1 × 1–4")


def test_a_large_map_is_scrubbed_without_a_request_and_as_by_single_steps(app, open_page):
    page = open_page(f"{app}#page=arithmetic")
    page.locator("[data-control=preset]").select_option("large")
    expect(page.locator(".transport-place")).to_have_attribute("data-count", "3844")
    expect_checked(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    picture = "document.querySelector('[data-tensor=output] .sheet').toDataURL()"
    page.locator(".scrub").fill("130")
    for _ in range(5):
        page.locator("[data-tool=on]").click()
    expect_step(page, 135)
    stepped, words = page.evaluate(picture), page.locator(".sum-result").inner_text()
    page.locator(".scrub").fill("3843")
    page.locator(".scrub").fill("135")
    expect_step(page, 135)
    assert page.evaluate(picture) == stepped
    assert page.locator(".sum-result").inner_text() == words
    page.locator("[data-tensor=input] .sheet").hover()
    expect(page.locator("[data-tensor=input] .map-reading")).to_contain_text("X[")
    assert not [url for url in asked if not url.startswith("data:")]


def test_a_step_is_exported_as_picture_and_table_and_the_walk_as_a_film(app, open_page):
    page = open_page(f"{app}#page=arithmetic")
    page.locator("[data-control=preset]").select_option("valid")
    page.locator(".scrub").fill("3")
    found: dict[str, Path] = {}
    for kind in ("png", "svg", "csv", "npy", "gif"):
        page.locator(".export .menu-button").click()
        with page.expect_download(timeout=60_000) as download:
            page.locator(f".menu-choice[data-i18n='arithmetic.export.{kind}']").click()
        found[kind] = download.value.path()
        assert download.value.suggested_filename.endswith(f".{kind}")
    assert np.load(found["npy"]).tolist() == [[[6, 8], [12, 14]]]
    rows = list(csv.reader(io.StringIO(found["csv"].read_text())))
    assert [float(row[-1]) for row in rows[1:]] == [5, 0, 0, 9, 14]
    assert "<svg" in found["svg"].read_text()
    with Image.open(found["png"]) as picture, Image.open(found["gif"]) as film:
        assert picture.width > 600
        assert film.n_frames == 4
        assert film.size == (1280, 720)
    expect_step(page, 3)


def test_the_definition_is_taken_along_and_its_step_travels_in_the_link(app, open_page):
    page = open_page(f"{app}#page=arithmetic&part=properties")
    page.locator(".definition .scrub").fill("3")
    page.wait_for_function("decodeURIComponent(location.hash).includes('\"at\":3')")
    found: dict[str, Path] = {}
    for kind in ("svg", "csv", "torch"):
        page.locator(".properties .export .menu-button").click()
        with page.expect_download() as download:
            page.locator(f".properties .menu-choice[data-i18n='arithmetic.export.{kind}']").click()
        found[kind] = download.value.path()
    rows = list(csv.reader(io.StringIO(found["csv"].read_text())))
    assert sum(float(row[-1]) for row in rows[1:-1]) == float(rows[-1][-1]) == 1
    printed = io.StringIO()
    exec(found["torch"].read_text().replace("print(", "print(file=out, *"), {"out": printed})
    assert "7., 1., 2., 9." in printed.getvalue().replace("  ", " ")
    assert "f ∗ g" in found["svg"].read_text()
    again = open_page(page.url)
    expect(again.locator(".definition .transport-place")).to_have_attribute("data-at", "3")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_link_on_a_phone_shows_the_name_of_its_part(app: str, open_page: Opener, language: str) -> None:
    page = open_page(f"{app}#page=arithmetic&part=properties&lang={language}", width=360, height=740)
    tab = page.locator("[data-section=properties][aria-selected=true]")
    expect(tab).to_be_visible()
    expect(tab).to_be_in_viewport(ratio=0.95)
