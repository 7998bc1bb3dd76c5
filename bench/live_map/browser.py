"""The console's page in a real browser: script time per frame, age of shown positions, size of each page.

Chromium draws in software on a machine without a graphics card, so a frame's wall time says nothing about a
dispatcher's desktop: script time is measured, in CPU time of its thread (:mod:`bench.live_map.chromium_trace`). The
browser runs with low priority (``nice``): a dispatcher's browser runs on another machine.
"""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.harness.figures import Figures
from bench.live_map.chromium_trace import CATEGORIES, script_times
from bench.live_map.system import DISPATCHER_NAME, DISPATCHER_PASSWORD

FRAMES: Final = 300
AGED_FRAMES: Final = 100
"""Frames whose ages are measured, after the others: looking at every car costs script time of its own."""
DESKTOP: Final = {"width": 1120, "height": 780}
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
SHOWN_SHARE: Final = 0.98
"""The measurement begins when this share of the cars is on the screen."""
WITHIN_MS: Final = 240_000
POLL_S: Final = 0.25
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


async def measure_pages(url: str, cars: int) -> Figures:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return {"browser": "none: no Chromium on this machine"}
    with tempfile.TemporaryDirectory(prefix="taxi-browser-") as folder:
        program = Path(folder) / "chromium"
        program.write_text(f'#!/bin/sh\nexec nice -n 15 {path} "$@"\n', encoding="utf-8")
        program.chmod(0o755)
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
            try:
                figures = {
                    name: value for page in PAGES for name, value in (await _first_load(browser, url, page)).items()
                }
                return figures | await _frames(browser, url, cars)
            finally:
                await browser.close()


async def _until(page: Page, condition: str) -> None:
    """Wait until a script expression is true. Polled from here: the page's policy allows no text as script."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while not await page.evaluate(condition):  # noqa: ASYNC110 - the browser signals no event
            await asyncio.sleep(POLL_S)


async def _script_s(devtools: CDPSession) -> float:
    """Seconds of script in the page so far, in CPU time of its thread."""
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ScriptDuration"))


async def _first_load(browser: Browser, url: str, page_name: str) -> Figures:
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


async def _frames(browser: Browser, url: str, cars: int) -> Figures:
    context = await browser.new_context(viewport=DESKTOP, locale="en-US")  # type: ignore[arg-type]
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    await page.goto(f"{url}/console/#measure")
    await page.get_by_label("Name").fill(DISPATCHER_NAME)
    await page.get_by_label("Password").fill(DISPATCHER_PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await _until(page, f"window.__taxiFrames?.cars >= {SHOWN_SHARE * cars}")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    used = await _script_s(devtools)
    await browser.start_tracing(page=page, categories=list(CATEGORIES))
    seen, times = await _next_frames(page, FRAMES, aging=False)
    used = await _script_s(devtools) - used
    script, clock = script_times(await browser.stop_tracing())
    script = script[:FRAMES]
    wall = np.array(times["script"][-FRAMES:], dtype=np.float64)
    _, aged = await _next_frames(page, AGED_FRAMES, aging=True)
    await context.close()
    age, at = (np.array(aged[key][-AGED_FRAMES:], dtype=np.float64) for key in ("age", "at"))
    return {
        "browser_cars": aged["cars"],
        "browser_frames": len(script),
        "browser_frames_per_s": round(1e3 * (len(at) - 1) / float(at[-1] - at[0]), 1),
        **{f"script_p{share}_ms": round(float(np.percentile(script, share)), 2) for share in (50, 95, 99)},
        "script_clock": clock,
        "script_mean_ms": round(1e3 * used / (times["frames"] - seen), 2),
        "script_wall_p95_ms": round(float(np.percentile(wall, 95)), 2),
        **{f"screen_age_p{share}_ms": round(float(np.percentile(age, share))) for share in (50, 95)},
        "screen_age_max_ms": round(float(age.max())),
    }


async def _next_frames(page: Page, frames: int, *, aging: bool) -> tuple[int, dict[str, Any]]:
    switch = f"() => {{ window.__taxiFrames.aging = {str(aging).lower()}; return window.__taxiFrames.frames; }}"
    seen: int = await page.evaluate(switch)
    await _until(page, f"window.__taxiFrames.frames > {seen + frames + 2}")
    times: dict[str, Any] = await page.evaluate("window.__taxiFrames")
    return seen, times
