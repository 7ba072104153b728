"""`python docs/screenshots.py [NAME …]`: takes the README's pictures of the running app, all or those named."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from benchmarks.explorer import served, usable_page  # noqa: E402
from tests.browser import chromium  # noqa: E402

PORT = 7898


def main() -> None:
    """Take every picture."""
    with TemporaryDirectory() as runs, sync_playwright() as playwright, served("recommended", PORT, "--runs-dir", runs):
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=list(chromium.FLAGS))
        page = usable_page(browser, PORT)
        page.set_viewport_size({"width": 1440, "height": 960})
        page.emulate_media(reduced_motion="reduce")
        page.locator("[data-example='5']").click()
        page.locator(".headline[data-verdict='sure']").wait_for()
        page.locator("[data-step='4'] canvas.maps").hover(position={"x": 18, "y": 60})
        save(page, "draw")
        page.locator(".model-choice").select_option("a2")
        page.locator(".step[data-step='3'][data-op='conv2d']").wait_for()
        page.locator("[data-step='3'] canvas.maps").click(position={"x": 20, "y": 60})
        page.locator(".cell-panel .badge").wait_for()
        save(page, "cell")
        page.keyboard.press("Escape")
        for name in ("Arithmetic", "Kernels"):
            page.get_by_role("tab", name=name).click()
            save(page, name.lower())
        page.get_by_role("tab", name="Train").click()
        page.get_by_role("button", name="Digits the program draws").click()
        page.locator(".train-begin .action:enabled").click()
        page.locator(".run-head .run-state[data-state='done']").wait_for(timeout=120_000)
        page.locator(".train-run").evaluate("run => run.scrollIntoView()")
        save(page, "train")
        browser.close()


def save(page: Page, name: str) -> None:
    """Save what the window shows, once it rests, if that picture is wanted."""
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    page.wait_for_timeout(1500)
    page.screenshot(path=HERE / f"{name}.png")


if __name__ == "__main__":
    main()
