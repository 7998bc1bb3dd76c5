"""What the console's page does in a real browser: script time a frame, ages of what is shown, weight of each page.

Chromium draws in software on a machine without a graphics card, so a frame's wall time says nothing of a dispatcher's
desktop: the time of the script counts, all of it that runs in animation frames and for messages of the socket
(``web/src/map/frame_timer.ts``).
"""

from __future__ import annotations

import shutil
from typing import Any, Final

import numpy as np
from playwright.async_api import Browser, async_playwright

FRAMES: Final = 300
DESKTOP: Final = {"width": 1440, "height": 900}
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
SHOWN_SHARE: Final = 0.98
"""The measurement begins when so many of the cars are on the screen."""
WITHIN_MS: Final = 120_000
PAGES: Final = ("console", "ride", "drive")
_ARGUMENTS: Final = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"]

_LOADED = """() => {
  const [page] = performance.getEntriesByType('navigation');
  const all = [page, ...performance.getEntriesByType('resource').filter(it => !it.name.includes('/v1/'))];
  return {
    sent: all.reduce((sum, it) => sum + it.encodedBodySize, 0),
    raw: all.reduce((sum, it) => sum + it.decodedBodySize, 0),
    ms: page.loadEventEnd,
  };
}"""


async def in_browser(url: str, name: str, password: str, cars: int) -> dict[str, object]:
    """Figures of the console at work with ``cars`` on the map, and of each page's first load."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return {"browser": "none: no Chromium on this machine"}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        try:
            weights = [await _weight(browser, url, page) for page in PAGES]
            frames = await _frames(browser, url, name, password, cars)
        finally:
            await browser.close()
    return {key: value for each in (*weights, frames) for key, value in each.items()}


async def _weight(browser: Browser, url: str, page_name: str) -> dict[str, object]:
    """What a first visit of a page carries, before anybody has signed in, and how long it takes to load."""
    page = await browser.new_page()
    try:
        await page.goto(f"{url}/{page_name}/", wait_until="networkidle")
        loaded: dict[str, float] = await page.evaluate(_LOADED)
    finally:
        await page.close()
    return {
        f"{page_name}_first_load_kb": round(loaded["sent"] / 1e3, 1),
        f"{page_name}_first_load_raw_kb": round(loaded["raw"] / 1e3, 1),
        f"{page_name}_load_ms": round(loaded["ms"]),
    }


async def _frames(browser: Browser, url: str, name: str, password: str, cars: int) -> dict[str, object]:
    """Sign in, wait until the cars are on the map, and look at the frames that follow."""
    context = await browser.new_context(viewport=DESKTOP, locale="en-US")  # type: ignore[arg-type]
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    await page.goto(f"{url}/console/#measure")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_function(f"window.__taxiFrames?.cars >= {SHOWN_SHARE * cars}")
    seen = await page.evaluate("window.__taxiFrames.frames")
    await page.wait_for_function(f"window.__taxiFrames.frames >= {seen + FRAMES}")
    times: dict[str, Any] = await page.evaluate("window.__taxiFrames")
    await context.close()
    script, age, at = (np.array(times[key][-FRAMES:], dtype=np.float64) for key in ("script", "age", "at"))
    return {
        "browser_cars": times["cars"],
        "browser_frames_per_s": round(1e3 * (len(at) - 1) / float(at[-1] - at[0]), 1),
        **{f"script_p{share}_ms": round(float(np.percentile(script, share)), 2) for share in (50, 95, 99)},
        **{f"screen_age_p{share}_ms": round(float(np.percentile(age, share))) for share in (50, 95)},
        "screen_age_max_ms": round(float(age.max())),
    }
