"""Drawings that this browser computes itself, while the app's server answers everything else."""

from collections.abc import Callable

from playwright.sync_api import Page, Request, expect

from tests.browser.draw_page import cell_panel, example, expect_agrees, expect_digit, feature_maps, headline, pad
from tests.browser.test_draw import draw

OpenPage = Callable[..., Page]

TWO_FRAMES = "new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(seen)))"


def asked(page: Page) -> list[str]:
    """The functions that the page asks of the server from now on."""
    found: list[str] = []

    def hear(request: Request) -> None:
        if "component_server" in request.url and request.method == "POST":
            found.append(str((request.post_data_json or {}).get("fn_name")))

    page.on("request", hear)
    return found


def switch(page: Page) -> None:
    page.locator(".model-bar .popover button").first.click()
    page.get_by_label("Compute drawings in this browser").check()
    page.keyboard.press("Escape")


def test_strokes_ask_the_server_nothing_and_an_opened_cell_does(
    app: str, open_page: OpenPage, examples: dict[str, list[list[list[float]]]]
) -> None:
    page = open_page(f"{app}#model=a2")
    switch(page)
    example(page, "1").click()
    expect_digit(page, "1")
    functions = asked(page)
    draw(page, examples["5"])
    expect_digit(page, "5")
    feature_maps(page, 3).hover(position={"x": 20, "y": 20})
    assert "observe" not in functions
    feature_maps(page, 3).click(position={"x": 20, "y": 20})
    expect_agrees(page)
    assert "explain" in functions
    expect(cell_panel(page).get_by_role("button", name="Arithmetic").first).to_be_visible()


def test_a_network_that_the_engine_has_not_is_the_servers(
    app: str, open_page: OpenPage, examples: dict[str, list[list[list[float]]]]
) -> None:
    page = open_page(f"{app}#model=resnet18%3Auntrained&lang=en")
    switch(page)
    functions = asked(page)
    draw(page, examples["1"])
    expect(headline(page)).to_have_attribute("data-verdict", "untrained")
    assert "observe" in functions


def test_a_stroke_under_way_is_computed_here_and_where_it_rests_by_the_server(app: str, open_page: OpenPage) -> None:
    page = open_page(f"{app}#model=a2")
    box = pad(page).bounding_box()
    assert box

    def at(share: float) -> tuple[float, float]:
        return box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]

    def moved_asks() -> list[str]:
        """What a stroke of ten movements asks the server before the pen rests."""
        page.mouse.move(*at(0.3))
        page.mouse.down()
        functions = asked(page)
        for step in range(10):
            page.mouse.move(*at(0.3 + step / 25))
            page.evaluate(TWO_FRAMES)
        asks = [name for name in functions if name == "observe"]
        with page.expect_request(lambda request: '"observe"' in (request.post_data or "")):
            page.mouse.up()
        return asks

    while moved_asks():  # until the engine has fetched its weights
        pass
    assert moved_asks() == []
    assert not page.get_by_label("Compute drawings in this browser").is_checked()
