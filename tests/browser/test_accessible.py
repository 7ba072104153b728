"""What axe-core finds on every page and panel, in light and dark: nothing; and what Tab finds first."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import REPOSITORY, serve
from tests.browser.kernels_page import settled
from tests.browser.test_train import begin

AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
INK = "ImCWIlCyIjDOIiDpIhEFIfEiIcFAIYFgITGBIOGjIIHGIDHnH-IIH6IoH3JHHzJlHwKDHtKgHqK8HnLXHjLwHgMJHdMhHZM5HWNS"
SECONDS = 60_000

# All rules that axe has on, and the size of targets; in the other theme what depends on colours.
LIGHT = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
DARK = {"resultTypes": ["violations"], "runOnly": {"type": "rule", "values": ["color-contrast"]}}

FOUND = """async ([place, options]) => {
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  const { violations } = await axe.run(place, options);
  const told = (id) => ({ target, html }) => `${id}: ${target} ${html.slice(0, 160)}`;
  return violations.flatMap(({ id, nodes }) => nodes.map(told(id)));
}"""
DARKEN = "dark => document.body.classList.toggle('dark', dark)"


class Audit:
    """Collects what axe finds in the states that a page goes through."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.found: list[str] = []
        page.evaluate(AXE.read_text())

    def look(self, state: str, place: str = "html") -> None:
        """Look at the page, or at a place on it: what an open menu lies over cannot be pressed, and need not be."""
        self.found += [f"{state}: {each}" for each in self.page.evaluate(FOUND, [place, LIGHT])]
        self.page.evaluate(DARKEN, True)
        self.found += [f"{state}, dark: {each}" for each in self.page.evaluate(FOUND, [place, DARK])]
        self.page.evaluate(DARKEN, False)


@pytest.fixture(scope="module")
def runs_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from serve("-m", "explorer", "--no-open", "--runs-dir", str(tmp_path_factory.mktemp("runs")))


def test_draw_has_no_violation(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#model=a2&ink={INK}&label=3&cells=3.0.1.1.6", width=1366, height=768)
    expect(page.get_by_role("dialog", name="The sum behind one cell").locator(".badge")).to_be_visible(timeout=SECONDS)
    audit = Audit(page)
    audit.look("a cell")
    page.keyboard.press("Escape")
    audit.look("the whole network")
    for name in ("View", "Stages", "I meant …", "ⓘ"):
        button = page.get_by_role("button", name=name).first
        button.click()
        audit.look(name)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="One layer").click()
    audit.look("one layer")
    page.get_by_role("button", name="Whole network").click()
    page.get_by_role("button", name="Why this class?").click()
    expect(page.locator("[data-method='occlusion'] .why-sum")).not_to_be_empty(timeout=SECONDS)
    audit.look("why")
    page.locator(".drawer-tabs").get_by_role("button", name="Compare").click()
    audit.look("compare")
    page.locator(".drawer-tabs").get_by_role("button", name="Compare").click()
    page.get_by_role("button", name="Show me how it works").click()
    audit.look("the first minute")
    assert not audit.found, "\n".join(audit.found)


def test_arithmetic_has_no_violation(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#page=arithmetic", width=1366, height=768)
    audit = Audit(page)
    audit.look("operators")
    page.get_by_role("button", name="Save").first.click()
    audit.look("the menu of files", ".menu")
    page.keyboard.press("Escape")
    for name in ("A whole network", "What convolution obeys"):
        page.get_by_role("tab", name=name).click()
        audit.look(name)
    assert not audit.found, "\n".join(audit.found)


def test_kernels_has_no_violation(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#page=kernels&lab=%7B%7D", width=1366, height=768)
    audit = Audit(settled(page))
    audit.look("kernels and the speed lab")
    assert not audit.found, "\n".join(audit.found)


def test_train_has_no_violation(runs_app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{runs_app}/#page=train", width=1366, height=768)
    audit = Audit(page)
    audit.look("the form")
    begin(page, "looked-at", count=200, epochs=1)
    expect(page.locator(".run-head .run-state")).to_have_text("done", timeout=SECONDS)
    audit.look("a run")
    page.locator(".slow > summary").click()
    page.locator(".moment > .transport [data-tool='first']").click()
    expect(page.locator(".slow-pictures button").first).to_be_visible(timeout=SECONDS)
    audit.look("slow motion")
    assert not audit.found, "\n".join(audit.found)


def test_lessons_have_no_violation(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#page=learn", width=1366, height=768)
    expect(page.locator("[data-lesson='by-hand']")).to_be_visible()
    audit = Audit(page)
    audit.look("the lessons")
    page.locator("[data-lesson='by-hand']").get_by_role("button", name="Work sheet").click()
    audit.look("a work sheet")
    page.get_by_role("button", name="Back to the lessons").click()
    page.locator("[data-lesson='by-hand']").get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_label("Your guess:")).to_be_visible()
    audit.look("a card with a question")
    assert not audit.found, "\n".join(audit.found)


def test_the_first_tab_leads_past_all_tools_to_the_network(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(app)
    skip = page.get_by_role("button", name="Skip to the network")
    page.keyboard.press("Tab")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport(ratio=1)
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('section').ariaLabel").startswith("The network")


def paint(page: Page, selector: str, name: str) -> str:
    """The computed style of the first such element."""
    style = "(element, name) => getComputedStyle(element)[name]"
    return page.locator(selector).first.evaluate(style, name)  # type: ignore[no-any-return]


def test_forced_colours_keep_bars_windows_and_selections(app: str, open_page: Callable[..., Page]) -> None:
    page = open_page(f"{app}#model=a2&ink={INK}", width=1366, height=768, forced_colors="active")
    expect(page.locator(".headline[data-best]")).to_be_visible()
    assert paint(page, ".bar-fill", "backgroundColor") != paint(page, ".bar-track", "backgroundColor")
    pressed, other = ".level[aria-pressed=true]", ".level[aria-pressed=false]"
    assert paint(page, pressed, "backgroundColor") != paint(page, other, "backgroundColor")
    assert paint(page, pressed, "color") != paint(page, pressed, "backgroundColor")
    page.get_by_role("tab", name="Arithmetic").click()
    window, cell = ".entry.in", ".entry:not(.in, .now, .target, .partner)"
    assert paint(page, window, "outlineStyle") == "solid"
    assert float(paint(page, window, "outlineWidth")[:-2]) > float(paint(page, cell, "outlineWidth")[:-2])
    target = paint(page, ".entry.target", "outlineColor")
    assert target not in (paint(page, cell, "outlineColor"), paint(page, ".entry.target", "backgroundColor"))
    filled = page.locator(".entry[data-fill]").first
    assert filled.evaluate("cell => getComputedStyle(cell).backgroundColor") == filled.get_attribute("data-fill")


@pytest.mark.parametrize("tab", ["draw", "arithmetic", "kernels", "train", "learn"])
def test_text_of_twice_the_size_fits_the_page(app: str, open_page: Callable[..., Page], tab: str) -> None:
    page = open_page(f"{app}#page={tab}&model=a2&ink={INK}", width=1366, height=768)
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; }")
    width = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    page.wait_for_function(f"() => ({width})() <= 1")
