"""The review page: start, key to next picture, and answers a second, at any number of pictures.

usage: python benchmarks/review.py [--pictures 50000] [--keys 300]

Drives Debian's Chromium against a real server on loopback. "Key to picture" is measured in the browser, from
the time stamp of the key to the first frame after the decoded picture is in place, by the page's own user
timing; prefetching is at work, as for a person. Keys come a quarter of a second apart: 240 a
minute, faster than people judge.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

DRAWN = 64


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pictures", type=int, default=50_000)
    parser.add_argument("--keys", type=int, default=300)
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--every-ms", type=int, default=250)
    parser.add_argument("--size", type=int, nargs=2, default=(480, 640), metavar=("HEIGHT", "WIDTH"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lydite-review-") as name:
        folder = draw(Path(name) / "photos", options.pictures, tuple(options.size))
        for attempt in range(options.starts):
            began = time.perf_counter()
            process, url = start(folder)
            ready = time.perf_counter() - began
            waited = f"{ready:.2f} s, {spent_cpu(process.pid):.2f} s of them computing"
            print(
                f"start {attempt + 1}: the page can be opened after {waited} ({options.pictures:,} pictures)"
            )
            if attempt < options.starts - 1:
                stop(process)
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        try:
            drive(url, options.keys, options.every_ms)
        finally:
            stop(process)


def draw(folder: Path, count: int, size_hw: tuple[int, int]) -> Path:
    """``count`` files in 15 folders: links to 64 drawn photographs."""
    rng = np.random.default_rng(0)
    sources = []
    for number in range(DRAWN):
        coarse = Image.fromarray(rng.integers(0, 255, (12, 16, 3), dtype=np.uint8))
        smooth = np.asarray(coarse.resize(size_hw[::-1], Image.Resampling.BICUBIC), np.float32)
        pixels = np.clip(smooth + rng.normal(0, 12, smooth.shape), 0, 255).astype(np.uint8)
        path = folder.parent / f"source-{number}.jpg"
        Image.fromarray(pixels).save(path, quality=88)
        sources.append(path)
    for number in range(15):
        (folder / f"class-{number:02d}").mkdir(parents=True)
    for number in range(count):
        os.link(sources[number % DRAWN], folder / f"class-{number % 15:02d}" / f"{number:06d}.jpg")
    return folder


def start(folder: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "lydite.cli.start", "review", "serve", str(folder), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if found := re.search(r"http://\S+", line):
            return process, found[0]
    raise SystemExit("the server did not start")


def spent_cpu(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    process.wait()


def drive(url: str, keys: int, every_ms: int) -> None:
    with sync_playwright() as playwright:
        program = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=program, args=["--headless", "--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        began = time.perf_counter()
        page.goto(f"{url}?reviewer=benchmark&queue=random")
        page.wait_for_selector("body.ready")
        print(f"first picture after {time.perf_counter() - began:.2f} s in the browser ({browser.version})")
        began = time.perf_counter()
        for _ in range(keys):
            page.keyboard.press("ArrowLeft")
            page.wait_for_timeout(every_ms)
        spent = time.perf_counter() - began
        page.wait_for_timeout(500)
        found = page.evaluate("performance.getEntriesByName('key to picture').map((e) => e.duration)")
        p50, p95, p99 = np.percentile(found, [50, 95, 99])
        shares = f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, p99 {p99:.1f} ms"
        print(f"key to picture: {shares} ({len(found)} of {keys} keys met a picture)")
        print(f"answers a minute: {60 * len(found) / spent:.0f}; on the wire: {page.inner_text('#wire')!r}")
        browser.close()


if __name__ == "__main__":
    main()
