"""Real JupyterLab in headless Chromium, and a fresh data directory for every test session."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARTEFACTS = Path(__file__).parents[1] / "artefacts"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
QUIET = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
    },
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none", "autoStartDefaultKernel": True},
    "@jupyterlab/docmanager-extension:plugin": {"autosave": False},
}  # fmt: skip
WIDGET = "window.jupyterapp.shell.currentWidget"
PATIENCE_MS = 180_000
"""What a page waits for comes within seconds, late on a busy machine, or never."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(900))  # a kernel, a browser and maybe servers begin in it


class LabServer:
    """A JupyterLab server of its own: folders, port, token and process group."""

    def __init__(self, base: Path, home: Path) -> None:
        self.root = base / "root"
        self.root.mkdir(parents=True)
        overrides = base / "config" / "labconfig" / "default_setting_overrides.json"
        overrides.parent.mkdir(parents=True)
        overrides.write_text(json.dumps(QUIET))
        self.token = secrets.token_hex(16)
        self._run = base / "run"
        self._log = base / "lab.log"
        environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(base / "config"), "JUPYTER_RUNTIME_DIR": str(self._run),
            "JUPYTERLAB_WORKSPACES_DIR": str(base / "workspaces"), "JUPYTERLAB_SETTINGS_DIR": str(base / "settings"),
            "IPYTHONDIR": str(base / "ipython"), "JUPYTER_DATA_DIR": str(base / "data"), "JANUS_HOME": str(home),
        }  # fmt: skip
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
            f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--LabApp.extension_manager=readonly",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.root
            )
        try:
            self.url = self._wait()
        except BaseException:
            self.close()
            raise

    def _wait(self) -> str:
        """Its address, once it answers; the port is the server's choice, as one that we found free might be taken by then."""
        about, deadline = self._run / f"jpserver-{self._process.pid}.json", time.monotonic() + PATIENCE_MS / 1000
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._log.read_text()[-4000:]
            with suppress(OSError, ValueError):
                url = f"http://127.0.0.1:{json.loads(about.read_text())['port']}"
                with urllib.request.urlopen(f"{url}/api?token={self.token}", timeout=30):
                    return url
            time.sleep(0.1)
        raise AssertionError(self._log.read_text()[-4000:])

    def write(self, name: str, cells: list[str]) -> str:
        """A notebook of code cells."""
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})
        notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
        nbformat.write(notebook, self.root / name)
        return name

    def close(self) -> None:
        """End the server and the kernels it started: the process group is its own."""
        self._process.terminate()
        try:
            self._process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


class LabPage:
    """One browser page on one notebook."""

    def __init__(self, server: LabServer, page) -> None:
        self.server, self.page = server, page
        self.requests: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))

    @property
    def external(self) -> list[str]:
        """Addresses outside the server that the page asked for."""
        own = (self.server.url, self.server.url.replace("http", "ws"), "data:", "blob:")
        return [address for address in self.requests if not address.startswith(own)]

    def open(self, name: str) -> LabPage:
        """Open a notebook and wait for its kernel."""
        self.page.goto(
            f"{self.server.url}/lab/tree/{name}?token={self.server.token}&reset", wait_until="domcontentloaded"
        )
        self.page.wait_for_function(
            """name => { const w = window.jupyterapp?.shell?.currentWidget;
            return w?.context?.path === name && w.context.isReady && w.sessionContext?.isReady
               && w.sessionContext.session?.kernel?.status === 'idle'; }""",
            arg=name,
        )
        return self

    def command(self, name: str, **arguments) -> None:
        """Execute one of Lab's commands and wait for it."""
        self.page.evaluate("([n, a]) => window.jupyterapp.commands.execute(n, a).then(() => true)", [name, arguments])

    def run_cell(self, index: int, *, wait: bool = True) -> None:
        """Run a cell; the command's promise resolves only at the cell's end, so it is counted and not awaited."""
        self.page.evaluate(
            f"""i => {{ {WIDGET}.content.activeCellIndex = i; window.cellsAtWork = (window.cellsAtWork || 0) + 1;
            window.jupyterapp.commands.execute('notebook:run-cell').finally(() => {{ window.cellsAtWork -= 1 }});
            return true }}""",
            index,
        )
        if wait:
            self.idle()

    def idle(self) -> None:
        """Wait until no cell runs."""
        self.page.wait_for_function(
            f"""() => !window.cellsAtWork && {WIDGET}.sessionContext.session.kernel.status === 'idle' &&
              !{WIDGET}.content.widgets.some(w => w.inputArea?.promptNode?.textContent?.includes('*'))"""
        )

    def tells(self, index: int, *words: str) -> str:
        """The cell's text, once all these words stand in it: outputs are drawn after they came."""
        return self.reads(self.cell(index), *words)

    def reads(self, locator, *words: str) -> str:
        """What stands there for people to read, once all these words do; a space is a space."""
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while missing := [each for each in words if each not in (text := locator.inner_text().replace("\xa0", " "))]:
            assert time.monotonic() < deadline, f"{missing} do not stand in:\n{text}"
            self.page.wait_for_timeout(50)
        return text

    def holds(self, locator, count: int) -> None:
        """Wait until there are so many of these in the page."""
        from playwright.sync_api import expect

        expect(locator).to_have_count(count, timeout=PATIENCE_MS)

    def interrupt(self) -> None:
        """Lab's own interrupt."""
        self.page.evaluate(f"() => {WIDGET}.sessionContext.session.kernel.interrupt().then(() => true)")

    def outputs(self, index: int) -> list[dict]:
        """The outputs of a cell as the notebook keeps them."""
        return self.page.evaluate(f"i => {WIDGET}.content.widgets[i].model.outputs.toJSON()", index)

    def cell(self, index: int):
        """The cell's place in the page."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Cell").nth(index)

    def theme(self, name: str) -> None:
        """Switch Lab's theme."""
        self.command("apputils:change-theme", theme=name)
        self.page.wait_for_function(
            "n => document.body.dataset.jpThemeName === n && !document.querySelector('#jupyterlab-splash')", arg=name
        )

    def picture(self, name: str) -> Path:
        """Keep a screenshot among the tests' artefacts."""
        ARTEFACTS.mkdir(exist_ok=True)
        file = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=str(file))
        return file


@pytest.fixture(scope="session")
def chromium() -> str:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        reason = "there is no Chromium: `apt-get install chromium`, or set CHROMIUM to where it is"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory) -> Iterator:
    # Not for the session: as long as it is open, an event loop runs in this thread, and other tests bring their own.
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            str(tmp_path_factory.mktemp("profile")),
            executable_path=chromium,
            headless=True,
            args=FLAGS,
            viewport={"width": 1280, "height": 1000},
            timeout=PATIENCE_MS,
        )
        context.set_default_timeout(PATIENCE_MS)
        yield context
        context.close()


@pytest.fixture(scope="session")
def lab_home(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("home") / "data"


@pytest.fixture(scope="session")
def lab_server(chromium, tmp_path_factory, lab_home) -> Iterator[LabServer]:
    server = LabServer(tmp_path_factory.mktemp("lab"), lab_home)
    yield server
    server.close()
    subprocess.run(
        [sys.executable, "-m", "janus_lab.cli", "--home", str(lab_home), "down"], check=True, capture_output=True
    )


@pytest.fixture
def lab(lab_server, browser) -> Iterator[LabPage]:
    page = browser.new_page()
    yield LabPage(lab_server, page)
    page.evaluate("() => window.jupyterapp?.serviceManager.sessions.shutdownAll()")
    page.close()
