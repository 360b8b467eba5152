"""What a reader and a contributor wait for, as a table. Nothing is asserted.

make bench                 everything but the tests' own time
make bench BENCH=--tests   with it
"""

import functools
import gzip
import http.server
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.docs.conftest import CHROMIUM  # noqa: E402

PAGE = "opencv/channels"
QUERIES = {
    "zh": ["去噪", "边缘检测", "通道"],
    "en": ["edges", "noise", "tensor"],
}


def row(what: str, value: str, aim: str = "") -> None:
    print(f"| {what} | {value} | {aim} |", flush=True)


def timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def build(target: Path, **environment: str) -> None:
    subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "-d", target],
        cwd=ROOT,
        env=os.environ | environment,
        check=True,
        capture_output=True,
    )


def builds(target: Path) -> None:
    cache, aside = ROOT / ".cache", ROOT / ".cache-aside"
    if cache.exists():
        cache.rename(aside)
    try:
        cold = timed(lambda: build(target))
    finally:
        if aside.exists():
            shutil.rmtree(cache, ignore_errors=True)
            aside.rename(cache)
    build(target)
    warm = statistics.median(timed(lambda: build(target)) for _ in range(3))
    pages = len(list(target.rglob("index.html")))
    row("strict build, cold", f"{cold:.1f} s")
    row("strict build, warm", f"{warm:.1f} s")
    row("a page, warm", f"{warm / pages:.3f} s ({pages} pages)", "0.1 s")


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def weight(path: Path) -> int:
    data = path.read_bytes()
    packed = path.suffix in {".html", ".css", ".js", ".svg", ".json"}
    return len(gzip.compress(data)) if packed else len(data)


def weights(browser: Browser, target: Path) -> None:
    sizes: dict[str, tuple[int, int]] = {}
    with served(target) as base:
        for path in sorted(target.rglob("index.html")):
            name = path.relative_to(target).as_posix()
            seen: set[str] = set()
            context = browser.new_context(
                viewport={"width": 1300, "height": 900}
            )
            page = context.new_page()
            page.on("requestfinished", lambda r, seen=seen: seen.add(r.url))
            page.goto(base + name, wait_until="networkidle")
            context.close()
            files = [
                target / re.sub(r"[?#].*", "", url).removeprefix(base)
                for url in seen
                if url.startswith(base)
            ]
            total = sum(weight(file) for file in files if file.is_file())
            sizes[name] = (weight(path), total)
    for label, column, aim in (
        ("HTML, gzip", 0, "150 KB"),
        ("first view, gzip", 1, "400 KB"),
    ):
        every = sorted((v[column], k) for k, v in sizes.items())
        middle = every[len(every) // 2][0]
        row(f"{label}, median page", f"{middle / 1000:.0f} KB", aim)
        largest = f"{every[-1][0] / 1000:.0f} KB ({every[-1][1]})"
        row(f"{label}, heaviest page", largest, aim)


def searches(browser: Browser, target: Path) -> None:
    with served(target) as base:
        for language, queries in QUERIES.items():
            page = browser.new_page()
            page.goto(
                base + ("en/" if language == "en" else ""),
                wait_until="networkidle",
            )
            box = page.locator(".md-search__input")
            box.click()
            page.wait_for_timeout(1500)  # the index loads with the first touch
            times = []
            for query in queries:
                box.fill("")
                page.keyboard.press("Shift")
                page.wait_for_timeout(400)
                start = time.perf_counter()
                box.fill(query)
                page.keyboard.press("Shift")
                page.wait_for_selector("li.md-search-result__item")
                times.append(time.perf_counter() - start)
            index = target / ("en" if language == "en" else "") / "search"
            size = weight(index / "search_index.json") / 1000
            row(
                f"search, {language}",
                f"{max(times):.2f} s (slowest of {len(times)}; index {size:.0f} KB)",
                "0.3 s",
            )
            page.close()


def reload_time(page: Page, port: int, **environment: str) -> float:
    """Seconds from saving a page to the reloaded page in the browser."""
    source = ROOT / f"docs/en/{PAGE}.md"
    original = source.read_text(encoding="utf-8")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "mkdocs", "serve", "--no-strict"),
            *("--livereload", "--dev-addr", f"127.0.0.1:{port}"),
        ],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            try:
                page.goto(f"http://127.0.0.1:{port}/en/{PAGE}/")
                break
            except Exception:
                time.sleep(0.2)
        page.wait_for_timeout(1500)
        mark = f"saved at {time.time():.0f}"
        start = time.perf_counter()
        source.write_text(f"{original}\n{mark}\n", encoding="utf-8")
        page.get_by_text(mark).wait_for(timeout=120_000)
        return time.perf_counter() - start
    finally:
        source.write_text(original, encoding="utf-8")
        server.terminate()
        server.wait()


def main() -> None:
    print("| What | Measured | Aim |\n|---|---|---|")
    program = next(filter(None, map(shutil.which, CHROMIUM)))
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
    ):
        target = Path(folder, "site")
        builds(target)
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox"]
        )
        weights(browser, target)
        searches(browser, target)
        page = browser.new_page()
        page.set_default_timeout(120_000)
        whole = reload_time(page, 8123)
        one = reload_time(page, 8124, ONLY=PAGE.partition("/")[0])
        row("save to reload, whole site", f"{whole:.1f} s")
        row("save to reload, ONLY one chapter", f"{one:.1f} s", "2 s")
        browser.close()
    if "--tests" in sys.argv:
        spent = timed(lambda: subprocess.run(["make", "test"], cwd=ROOT))
        row("make test", f"{spent:.0f} s", "300 s")


if __name__ == "__main__":
    main()
