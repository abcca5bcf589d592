"""Takes the pictures of the READMEs from a running demonstration: `gisgrid demo`, then `python scripts/pictures.py`."""

import argparse
import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

PICTURES = Path(__file__).resolve().parent.parent / "docs" / "pictures"
LANGUAGES = {"en": "en-GB", "zh": "zh-CN"}
MOST_BYTES = 300_000
QUALITY = 84
PATIENCE_MS = 60_000
UNIT = "331002001000"  # the street in the middle


def main() -> int:
    """Take them; 1 where one is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--address", default="http://127.0.0.1:8000", help="where the demonstration is served")
    address = parser.parse_args().address.rstrip("/")
    PICTURES.mkdir(parents=True, exist_ok=True)
    sizes = []
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        for language, locale in LANGUAGES.items():
            for name, guest, (width, height), ready in (
                ("command", "commander", (1440, 900), _open_worst),
                ("wall", "wall", (1920, 1080), _wait_for_wall),
            ):
                context = browser.new_context(viewport={"width": width, "height": height}, locale=locale)
                page = context.new_page()
                page.set_default_timeout(PATIENCE_MS)
                page.goto(address + "/demo")
                page.click(f'form[action="/demo/enter/{guest}"] button')
                page.wait_for_selector("#live-badge[data-state=live]")
                ready(page, address)
                page.wait_for_timeout(1_500)  # marks that have just come fade
                if name == "command":
                    # Map and board were read at the same moment.
                    page.wait_for_function(
                        "document.getElementById('map-total').dataset.count === document.getElementById('side-total').dataset.count"
                    )
                sizes.append(_keep(page, f"{name}.{language}.webp"))
                context.close()
        browser.close()
    return int(max(sizes) > MOST_BYTES)


def _open_worst(page: Page, address: str) -> None:
    """The card of the incident that is worked through first, with the map around it."""
    worst = page.evaluate(
        f"fetch('/api/v1/board/incidents?is_open=true&unit={UNIT}&limit=1').then((answer) => answer.json())"
    )
    (one,) = worst["incidents"]
    page.goto("about:blank")
    page.goto(f"{address}/command#incident={one['number']}")
    page.wait_for_selector("#detail:not([hidden]) .card")
    page.wait_for_selector("#side-board tbody tr")
    page.wait_for_selector(".map-name", state="attached")


def _wait_for_wall(page: Page, _address: str) -> None:
    page.wait_for_selector("#wall-units tbody tr")
    page.wait_for_selector(".map-name", state="attached")
    # The pointer and the buttons go when nobody is there.
    page.wait_for_selector("html.is-still", state="attached")


def _keep(page: Page, name: str) -> int:
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.save(PICTURES / name, "WEBP", quality=QUALITY, method=6)
    size = (PICTURES / name).stat().st_size
    print(f"{name}: {size / 1000:.0f} kB")
    return size


if __name__ == "__main__":
    sys.exit(main())
