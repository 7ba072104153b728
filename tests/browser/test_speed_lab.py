"""A person's way through the speed lab: what to measure is chosen, measured, read, taken along and cancelled."""

import csv
import re
from collections.abc import Callable
from math import log
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

SECONDS = 60_000
STATUS, FIGURES = ".lab-status", ".lab-table tbody tr[data-way]"


@pytest.fixture
def lab(app: str, open_page: Callable[..., Page]) -> Page:
    page = open_page(f"{app}/#page=kernels")
    page.locator(".lab > summary").click()
    expect(page.locator(".lab-form")).to_be_visible()
    return page


def choose(page: Page, sizes: str, ways: set[str]) -> None:
    field = page.locator("[data-control='lab-sizes']")
    field.fill(sizes)
    field.press("Tab")
    for box in page.locator(".lab-way input:enabled").all():
        box.set_checked((box.get_attribute("data-control") or "").removeprefix("lab-way-") in ways)


def test_a_small_sweep_is_measured_read_and_taken_along(lab: Page, tmp_path: Path) -> None:
    choose(lab, "8, 16", {"loops", "im2col", "framework"})
    lab.locator("[data-control='lab-channels']").fill("2")
    lab.locator("[data-control='lab-outputs']").fill("3")
    lab.get_by_role("button", name="Measure").click()
    expect(lab.locator(STATUS)).to_contain_text("Measured in", timeout=SECONDS)
    expect(lab.locator(FIGURES)).to_have_count(6)
    expect(lab.locator(".lab-of")).to_contain_text("1 × 2 channels → 3 channels, kernels of 3×3")
    expect(lab.locator(".lab-proof")).to_have_text(re.compile(r"✓ Equal to F\.conv2d in float64 within \S+ of"))
    expect(lab.locator(".lab-machine")).to_contain_text("PyTorch 2.")

    expect(lab.locator(".lab .chart-dot")).to_have_count(6)
    expect(lab.locator(".lab-growth li")).to_have_count(3)
    for axis in ("rate", "memory"):
        lab.locator(f"[data-axis='{axis}']").click()
        expect(lab.locator(".lab .chart-dot")).to_have_count(6)

    with lab.expect_download() as saving:
        lab.locator("[data-tool='lab-csv']").click()
    file = tmp_path / "speed.csv"
    saving.value.save_as(file)
    rows = list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))
    assert {(row["way"], row["size"]) for row in rows} == {
        (way, size) for way in ("loops", "im2col", "framework") for size in ("8", "16")
    }
    assert all(float(row["error_against_float64"]) < 1e-5 for row in rows)

    seconds = {(row["way"], row["size"]): float(row["median_s"]) for row in rows}
    work = {row["size"]: float(row["multiplications"]) for row in rows}
    for way in ("loops", "im2col", "framework"):
        slope = log(seconds[way, "16"] / seconds[way, "8"]) / log(work["16"] / work["8"])
        exponent = lab.locator(f".lab-growth li[data-way='{way}']").get_attribute("data-exponent")
        assert float(exponent or "nan") == pytest.approx(slope)
        faster = lab.locator(f".lab-ladder li[data-way='{way}']").get_attribute("data-faster")
        assert float(faster or "nan") == pytest.approx(seconds["loops", "16"] / seconds[way, "16"])


def test_a_long_measurement_is_cancelled_and_a_second_one_waits_for_it(
    lab: Page, app: str, open_page: Callable[..., Page]
) -> None:
    choose(lab, "200, 300, 400, 500, 600, 700, 800, 900", {"loops", "taps", "im2col", "einsum"})
    lab.get_by_role("button", name="Measure").click()
    expect(lab.locator(STATUS)).to_have_text(re.compile(r"^\d+ of 32 points"), timeout=SECONDS)

    other = open_page(f"{app}/#page=kernels&lab=%7B%22sizes%22%3A%5B6%5D%7D")  # joins what runs
    expect(other.locator(STATUS)).to_have_text(re.compile(r"^\d+ of 32 points"), timeout=SECONDS)
    expect(other.locator("[data-control='lab-sizes']")).to_have_value("6")
    expect(other.get_by_role("button", name="Measure")).to_be_disabled()

    lab.locator("[data-tool='lab-cancel']").click()
    for page in (lab, other):
        expect(page.locator(STATUS)).to_contain_text("Cancelled after")
        expect(page.get_by_role("button", name="Measure")).to_be_enabled()


def test_a_server_that_is_lost_while_another_person_measures_is_said(
    lab: Page, app: str, open_page: Callable[..., Page]
) -> None:
    other = open_page(f"{app}/#page=kernels&lab=%7B%7D")
    start = other.get_by_role("button", name="Measure")
    expect(start).to_be_enabled()
    choose(lab, "200, 300, 400, 500, 600, 700, 800, 900", {"loops", "taps", "im2col", "einsum"})
    lab.get_by_role("button", name="Measure").click()
    expect(lab.locator(STATUS)).to_have_text(re.compile(r"^\d+ of 32 points"), timeout=SECONDS)

    start.click()  # one measurement runs at a time: this person is told so, and follows it
    expect(other.locator(STATUS)).to_have_text(re.compile(r"^\d+ of 32 points"), timeout=SECONDS)
    other.route(re.compile("component_server"), lambda route: route.abort())
    expect(other.locator(".lab").get_by_role("alert").filter(visible=True)).to_contain_text("server does not answer")
    expect(start).to_be_enabled()

    lab.locator("[data-tool='lab-cancel']").click()
    expect(lab.locator(STATUS)).to_contain_text("Cancelled after")


def test_the_settings_travel_and_bad_ones_are_refused_in_words(lab: Page) -> None:
    choose(lab, "2", {"framework"})
    lab.get_by_role("button", name="Measure").click()
    problem = lab.locator(".lab .problem:visible")
    expect(problem).to_have_text("An image of 2×2 is smaller than the kernel, 3×3.")
    choose(lab, "8, many", {"framework"})
    lab.get_by_role("button", name="Measure").click()
    expect(problem).to_contain_text("The image sizes are “8, many”, expected whole numbers of pixels")
    choose(lab, "12, 24", {"framework", "fft"})
    expect(lab).to_have_url(re.compile("lab=[^&]*fft"))
    lab.reload()
    expect(lab.locator("[data-control='lab-sizes']")).to_have_value("12, 24")
    expect(lab.locator(".lab-way input:checked")).to_have_count(2)
    missing = lab.locator(".lab-way.missing")
    for way in missing.all():
        expect(way.locator("input")).to_be_disabled()
        expect(way.locator(".lab-missing")).not_to_be_empty()
