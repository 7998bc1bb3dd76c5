"""Draw the icons of the installable app from ``public/icon.svg``: ``python web/icons.py`` (needs Chromium)."""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

WEB = Path(__file__).parent
SVG = (WEB / "public" / "icon.svg").read_text()
ICONS = {"icon-192.png": (192, 1.0), "icon-512.png": (512, 1.0), "icon-maskable-512.png": (512, 0.72)}
"""Size in pixels, and the share of it that the drawing takes: launchers crop the edges of maskable icons."""
PAGE = """<style>html,body{{margin:0;background:{ground}}}svg{{display:block;width:{inner}px;height:{inner}px;
margin:{edge}px}}</style>{svg}"""


def main() -> None:
    """Write each icon beside the driver's app."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, (size, share) in ICONS.items():
            inner = round(size * share)
            ground = "transparent" if share == 1.0 else "#f5b400"
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(PAGE.format(ground=ground, inner=inner, edge=(size - inner) // 2, svg=SVG))
            page.screenshot(path=WEB / "public" / "drive" / name, omit_background=True)
        browser.close()


if __name__ == "__main__":
    main()
