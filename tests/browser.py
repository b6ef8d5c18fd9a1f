"""A real browser: Debian's Chromium without a window, which may reach nothing but the file it is given.

::

    @pytest.fixture(scope="module")
    def browser():
        with chromium() as found:
            yield found

    def test_it(browser, page):
        browser.open(page, View(width=390, dark=True))
        assert browser.requests() == browser.console() == []

A test that asks for it is skipped, with the reason, where a part is missing.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent.parent / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = (
    "--headless=new",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--force-device-scale-factor=1",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-first-run",
)


_OVERLAPS = """
const found = [];
document.querySelectorAll("svg").forEach(svg => {
  const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  boxes.forEach(([one, a], k) => boxes.slice(k + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 0.5 && high > 2) { found.push(one + " | " + other); }
  }));
});
return found;
"""


@dataclass(frozen=True)
class View:
    """How a page is looked at; `media` is "screen" or "print"."""

    width: int = 1100
    height: int = 900
    dark: bool = False
    media: str = "screen"
    scripts: bool = True
    still: bool = False  # the reader has asked for reduced motion


class Browser:
    """One window; each page that is opened begins with empty logs."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self._address = ""

    def open(self, path: Path, view: View = View(), fragment: str = "") -> None:
        """Show a file; `fragment` is what stands behind the number sign of its address."""
        self.look(view)
        self.driver.get("about:blank")  # a page that differs in its fragment alone would not be loaded again
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self._address = path.resolve().as_uri()
        self.driver.get(self._address + (f"#{fragment}" if fragment else ""))

    def look(self, view: View) -> None:
        """Change how the page is looked at."""
        size = {"width": view.width, "height": view.height, "deviceScaleFactor": 1, "mobile": view.width < 600}
        features = {
            "prefers-color-scheme": "dark" if view.dark else "light",
            "prefers-reduced-motion": "reduce" if view.still else "no-preference",
        }
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command(
            "Emulation.setEmulatedMedia",
            media=view.media,
            features=[{"name": name, "value": value} for name, value in features.items()],
        )
        self.command("Emulation.setScriptExecutionDisabled", value=not view.scripts)

    def command(self, name: str, **parameters: Any) -> Any:
        """A command of the Chrome DevTools protocol."""
        return self.driver.execute_cdp_cmd(name, parameters)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script of the test returns in the page; the page's own policy does not hold it back."""
        return self.driver.execute_script(script, *arguments)

    def press(self, *keys: str) -> None:
        """Keys on whatever has the focus."""
        from selenium.webdriver import ActionChains

        ActionChains(self.driver).send_keys(*keys).perform()

    def console(self) -> list[str]:
        """Messages since the page was opened, errors and warnings among them."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """Addresses asked for since the page was opened, beside the page itself and data within it."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [
            event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"
        ]
        asked += [event["params"]["url"] for event in events if event["method"] == "Network.webSocketCreated"]
        return [url for url in asked if not url.startswith(("data:", "about:")) and url != self._address]

    def violations(self) -> list[str]:
        """What axe-core finds wrong: impact, rule, and the first places of each."""
        if not AXE.exists():
            pytest.skip("axe-core is not there: npm install --no-save axe-core")
        self.run(AXE.read_text("utf-8"))
        found = self.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "axe.run(document, {preload: false, resultTypes: ['violations']})"
            ".then(result => done(result.violations), error => done(String(error)))"
        )
        assert isinstance(found, list), found
        return [
            f"{rule['impact']} {rule['id']}: " + ", ".join(str(node["target"]) for node in rule["nodes"][:3])
            for rule in found
        ]

    def overlaps(self) -> list[str]:
        """Pairs of texts of one drawing that touch; a line's box is a little higher than its letters, which is air."""
        found: list[str] = self.run(_OVERLAPS)
        return found

    def picture(self) -> bytes:
        """PNG of the whole page."""
        shot = self.command("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def printed(self) -> bytes:
        """The page as this browser prints it."""
        return base64.b64decode(self.command("Page.printToPDF", preferCSSPageSize=True)["data"])


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser until the block ends; skips the test where Chromium, its driver or selenium is missing."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
    program, server = shutil.which("chromium"), shutil.which("chromedriver")
    if not program or not server:
        pytest.skip("no chromium and chromedriver: on Debian, apt install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for flag in FLAGS:
        options.add_argument(flag)
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # its sandbox refuses to run as root, as in a container
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(server))
    try:
        driver.set_script_timeout(600)
        yield Browser(driver)
    finally:
        driver.quit()
