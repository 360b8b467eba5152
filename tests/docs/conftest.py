"""The built site, made once for all workers, and a browser that looks at it."""

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
ADDRESS = "https://zhixing.example/"  # published there; nobody may ask it
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
APT = "apt-get install chromium fonts-noto-cjk"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The site as published, built strictly; the first worker builds it."""
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent
    target = shared / "site"
    with FileLock(shared / "site.lock"):
        if not (target / "finished").exists():
            done = subprocess.run(
                [sys.executable, "-m", "mkdocs", "build", "-d", target],
                cwd=ROOT,
                env=os.environ
                | {
                    "SITE_URL": ADDRESS,
                    "REPO_URL": "https://zhixing.example/repository",
                    "NO_MKDOCS_2_WARNING": "1",
                },
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            (target / "finished").touch()
    return target


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass

    def send_error(
        self, code: int, message: str | None = None, explain: str | None = None
    ) -> None:
        """Lost addresses get the site's own page, as hosts do."""
        page = Path(self.directory, "404.html")
        if code != 404 or not page.exists():
            super().send_error(code, message, explain)
            return
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(page.read_bytes())


@pytest.fixture(scope="session")
def served(site: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        pytest.fail(f"no Chromium for the browser tests: {APT}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=program,
            args=["--no-sandbox", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()
