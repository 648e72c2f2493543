"""What we publish works where nothing of ours is: a wheel in an empty environment, and a complete source distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

DOCUMENT = """# The lighthouse of Sandholm

The lighthouse of Sandholm was built in 1874 by the engineer Harriet Vole. Its lamp is 41 metres above the sea.
"""


@pytest.fixture(scope="module")
def dist(root: Path, uv: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run([uv, "build", "--quiet", "--out-dir", str(folder), str(root)], check=True, timeout=300)
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    """The one wheel that was built."""
    (found,) = dist.glob("janus_lab-*.whl")
    return found


def bring_along(name: str, venv: Path) -> None:
    """Copy an installed distribution into another environment of the same Python, because compiling it takes minutes."""
    distribution = metadata.distribution(name)
    assert distribution.files
    for file in distribution.files:
        source = Path(str(file.locate())).resolve()
        target = venv / source.relative_to(Path(sys.prefix).resolve())
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


@pytest.fixture(scope="module")
def empty(root: Path, uv: str, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel, its starter extra and nothing else, in the versions of the lock."""
    folder = tmp_path_factory.mktemp("an empty environment")
    locked, venv = folder / "pylock.toml", folder / "venv"
    export = [uv, "export", "--quiet", "--locked", "--no-dev", "--extra", "starter", "--no-emit-project"]
    subprocess.run([*export, "--output-file", str(locked)], cwd=root, check=True, timeout=300)
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(venv)], check=True, timeout=300)
    into = ["--quiet", "--python", str(venv / "bin" / "python")]
    bring_along("llama-cpp-python", venv)
    # What `make test` has installed is in uv's cache; without the cache, the packages come from the index once more.
    sync = [uv, "pip", "sync", *into, str(locked)]
    if subprocess.run([*sync, "--offline", "--no-build"], capture_output=True, check=False, timeout=300).returncode:
        subprocess.run(sync, check=True, timeout=900)
    # Offline, so that a requirement of the wheel that the lock lacks is an error and not a download.
    subprocess.run(
        [uv, "pip", "install", *into, "--offline", f"janus-lab[starter] @ {wheel.as_uri()}"], check=True, timeout=300
    )
    subprocess.run([uv, "pip", "check", *into], check=True, timeout=300)
    return venv


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """An environment that knows nothing of this repository."""
    kept = {key: os.environ[key] for key in ("LANG", "LC_ALL", "TMPDIR") if key in os.environ}
    home = tmp_path / "home"
    home.mkdir()
    return {**kept, "PATH": "/usr/bin:/bin", "HOME": str(home)}


@pytest.fixture
def janus(empty: Path, surroundings: dict[str, str], tmp_path: Path) -> Iterator[object]:
    """Runs the installed `janus` on a data directory of its own, and stops what it started."""
    data = tmp_path / "data"

    def run(*words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [str(empty / "bin" / "janus"), "--home", str(data), *words],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert not check or done.returncode == 0, f"{words}: {done.stdout}\n{done.stderr}"
        return done

    yield run
    run("down", check=False)


def python(empty: Path, code: str, surroundings: dict[str, str], folder: Path) -> str:
    """What `code` prints in the empty environment."""
    done = subprocess.run(
        [str(empty / "bin" / "python"), "-c", code],
        cwd=folder,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_wheel_holds_both_packages_and_their_data(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if ".dist-info" not in top} == {"janus_lab", "janus_magics"}
    data = (
        "_lua/take_claim.lua",
        "_lua/shared/clock.lua",
        "_stack/compose.yaml",
        "_stack/worker.Dockerfile",
        "py.typed",
    )
    for needed in (*(f"janus_lab/{name}" for name in data), "janus_magics/py.typed"):
        assert needed in names
    assert any("/migrations/versions/" in name for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.startswith(("tests/", "samples/"))]


def test_the_source_distribution_can_make_its_own_tests(dist: Path) -> None:
    (found,) = dist.glob("janus_lab-*.tar.gz")
    with tarfile.open(found) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for needed in (
        *("Makefile", "uv.lock", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
        *(".ci/run", ".importlinter", "scripts/environment", "scripts/demo", "lua/take_claim.lua"),
        *("compose.yaml", "worker.Dockerfile", "scripts/stack", "scripts/native_stack/engine.py"),
        *("samples/corpus/annual-report-2024.pdf", "samples/questions.jsonl", "tests/house/test_wheel.py"),
        *("magics/janus_magics/__init__.py", "docs/LICENCES.md"),
    ):
        assert needed in names
    assert not [name for name in names if name.startswith((".venv", ".git/", ".janus"))]


def test_an_empty_environment_imports_it(empty: Path, surroundings: dict[str, str], tmp_path: Path) -> None:
    where = python(empty, "import janus_lab, janus_magics; print(janus_lab.__file__)", surroundings, tmp_path)
    assert Path(where).is_relative_to(empty)
    scripts = python(
        empty, "from janus_lab.adapters.redis.scripts import folder; print(folder())", surroundings, tmp_path
    )
    assert Path(scripts).name == "_lua"
    assert Path(scripts).is_relative_to(empty)
    listed = python(
        empty,
        "import importlib.metadata as m; print(*(d.name.lower() for d in m.distributions()))",
        surroundings,
        tmp_path,
    )
    assert {"janus-lab", "numpy"} <= set(listed.split())
    assert set(listed.split()).isdisjoint({"torch", "pytest", "jupyterlab"})


def test_an_empty_environment_answers_with_a_citation(janus, tmp_path: Path) -> None:
    assert "ask" in janus("--help").stdout
    document = tmp_path / "lighthouse.md"
    document.write_text(DOCUMENT, encoding="utf-8")
    janus("ingest", str(document))
    answer = janus("ask", "Who built the lighthouse of Sandholm?").stdout
    assert "Harriet Vole" in answer
    assert "lighthouse" in answer
    janus("down")
    assert janus("status", "--json", check=False).stdout
