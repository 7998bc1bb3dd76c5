"""What the console's page does in a real browser: script time a frame, ages of what is shown, weight of each page.

Chromium draws in software on a machine without a graphics card, so a frame's wall time says nothing of a dispatcher's
desktop: the script's time counts, in processor time of its thread (:mod:`bench.live_map.chromium_trace`). The
browser is given what processor the system leaves over (``nice``): a dispatcher's is on another machine.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any, Final

import numpy as np
from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.live_map.chromium_trace import CATEGORIES, script_times

FRAMES: Final = 300
AGED_FRAMES: Final = 100
"""Frames whose ages are taken, after the others: looking at every car costs script of its own."""
DESKTOP: Final = {"width": 1120, "height": 780}
CHROMIUM: Final = ("chromium", "chromium-browser", "google-chrome")
SHOWN_SHARE: Final = 0.98
"""The measurement begins when so many of the cars are on the screen."""
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


async def in_browser(url: str, name: str, password: str, cars: int) -> dict[str, object]:
    """Figures of the console at work with ``cars`` on the map, and of each page's first load."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        return {"browser": "none: no Chromium on this machine"}
    with tempfile.TemporaryDirectory(prefix="taxi-browser-") as folder:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=_nice(path, Path(folder)), args=_ARGUMENTS)
            try:
                weights = [await _weight(browser, url, page) for page in PAGES]
                frames = await _frames(browser, url, name, password, cars)
            finally:
                await browser.close()
    return {key: value for each in (*weights, frames) for key, value in each.items()}


def _nice(path: str, folder: Path) -> Path:
    """A program that runs Chromium with what is left over."""
    program = folder / "chromium"
    program.write_text(f'#!/bin/sh\nexec nice -n 15 {path} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


async def _until(page: Page, holds: str) -> None:
    """Wait until an expression is true. Asked from here: the page's policy lets no text become script."""
    async with asyncio.timeout(WITHIN_MS / 1000):
        while not await page.evaluate(holds):  # noqa: ASYNC110 - the browser tells nobody
            await asyncio.sleep(POLL_S)


async def _script_s(devtools: CDPSession) -> float:
    """Seconds of script in the page so far, in processor time of its thread."""
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    return float(next(each["value"] for each in metrics if each["name"] == "ScriptDuration"))


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
    await _until(page, f"window.__taxiFrames?.cars >= {SHOWN_SHARE * cars}")
    devtools = await context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    await page.evaluate("() => { window.__taxiFrames.aging = false; }")
    used = await _script_s(devtools)
    await browser.start_tracing(page=page, categories=list(CATEGORIES))
    seen = await page.evaluate("window.__taxiFrames.frames")
    await _until(page, f"window.__taxiFrames.frames > {seen + FRAMES + 2}")
    times: dict[str, Any] = await page.evaluate("window.__taxiFrames")
    used, traced = await _script_s(devtools) - used, times["frames"] - seen
    script, clock = script_times(await browser.stop_tracing())
    script = script[:FRAMES]
    wall = np.array(times["script"][-FRAMES:], dtype=np.float64)
    times = await _aged(page)
    await context.close()
    age, at = (np.array(times[key][-AGED_FRAMES:], dtype=np.float64) for key in ("age", "at"))
    return {
        "browser_cars": times["cars"],
        "browser_frames": len(script),
        "browser_frames_per_s": round(1e3 * (len(at) - 1) / float(at[-1] - at[0]), 1),
        **{f"script_p{share}_ms": round(float(np.percentile(script, share)), 2) for share in (50, 95, 99)},
        "script_clock": clock,
        "script_mean_ms": round(1e3 * used / traced, 2),
        "script_wall_p95_ms": round(float(np.percentile(wall, 95)), 2),
        **{f"screen_age_p{share}_ms": round(float(np.percentile(age, share))) for share in (50, 95)},
        "screen_age_max_ms": round(float(age.max())),
    }


async def _aged(page: Page) -> dict[str, Any]:
    """What the page notes of the frames that follow, ages among it."""
    seen = await page.evaluate("() => { window.__taxiFrames.aging = true; return window.__taxiFrames.frames; }")
    await _until(page, f"window.__taxiFrames.frames > {seen + AGED_FRAMES + 2}")
    times: dict[str, Any] = await page.evaluate("window.__taxiFrames")
    return times
