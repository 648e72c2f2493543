"""Neo4j Community, whose server is published as Java libraries: brought by Maven from a pom of ours, once a version."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import subprocess
from functools import cache as remembered
from pathlib import Path
from urllib.parse import quote

from native_stack import cache, neo4j_classes
from native_stack.engine import Launch, NotInstalled, Site, program

SERVICE = "neo4j"
SPARE_PORTS = 1
"""For HTTP."""
VERSION = "5.26.30"
"""A patch of the long-term line of the 5 series; compose.yaml names the same."""
DATABASE = "neo4j"
USER = "neo4j"
_POM = Path(__file__).with_name("neo4j.pom.xml")
_OLDEST_JAVA = 17
_MAVEN_SECONDS = 900.0
_HOME_VARIABLES = ("PATH", "TMPDIR", "JAVA_HOME", "MAVEN_OPTS", "MAVEN_ARGS")
_PREFIX = "NEO4J_"
_HEAP = {"server.memory.heap.initial_size": "-Xms", "server.memory.heap.max_size": "-Xmx"}
_HASHED_TIMES = 1024
_JVM = (
    # As the distribution starts it on Java 17, but for touching its whole heap beforehand, which costs a laptop memory.
    "-XX:+UseG1GC",
    "-XX:-OmitStackTraceInFastThrow",
    "-XX:+UnlockExperimentalVMOptions",
    "-XX:+TrustFinalNonStaticFields",
    "-XX:+DisableExplicitGC",
    "-Djdk.nio.maxCachedBufferSize=1024",
    "-Dio.netty.tryReflectionSetAccessible=true",
    "-Djdk.tls.ephemeralDHKeySize=2048",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "-XX:FlightRecorderOptions=stackdepth=256",
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:+DebugNonSafepoints",
    "--add-opens=java.base/java.nio=ALL-UNNAMED",
    "--add-opens=java.base/java.io=ALL-UNNAMED",
    "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
    "-Dlog4j2.disable.jmx=true",
    "-Dfile.encoding=UTF-8",
)


def missing() -> str | None:
    """What is not installed, or None where the server can run."""
    if _java_version() < _OLDEST_JAVA:
        return f"Neo4j needs Java {_OLDEST_JAVA} (Debian: apt install openjdk-17-jre-headless; macOS: brew install openjdk)"
    if cache.kept(SERVICE, VERSION).is_dir() or program("mvn"):
        return None
    return "Neo4j is brought by Maven, which is not installed (Debian: apt install maven; macOS: brew install maven)"


def prepare() -> Path:
    """The folder of the server's libraries, brought if this version is not there yet (seconds). Raises NotInstalled."""
    return cache.brought(SERVICE, VERSION, _bring)


def url(site: Site) -> str:
    """The URL of the only database that the community edition has beside its own."""
    return f"bolt://{USER}:{quote(_password(site), safe='')}@127.0.0.1:{site.port}"


def launch(site: Site) -> Launch:
    """The server's command: settings of compose.yaml in a file, addresses and folders of this machine."""
    java, *rest = _command(site)
    classes = neo4j_classes.archive(VERSION, _java_told(), site, _command, answers)
    return Launch((java, *([f"-XX:SharedArchiveFile={classes}"] if classes else []), *rest))


def _command(site: Site) -> tuple[str, ...]:
    for name in ("conf", "data", "logs"):
        (site.folder / name).mkdir(mode=0o700, exist_ok=True)
    settings = _settings(site)
    heap = [option + settings[name] for name, option in _HEAP.items() if name in settings]
    (site.folder / "conf" / "neo4j.conf").write_text(
        "".join(f"{name}={value}\n" for name, value in settings.items()), encoding="utf-8"
    )
    _set_password(site)
    return (
        *(_java() or "java", *heap, *_JVM, "-cp", f"{prepare()}/*"),
        *("org.neo4j.server.CommunityEntryPoint", f"--home-dir={site.folder}", f"--config-dir={site.folder / 'conf'}"),
    )


def answers(site: Site) -> bool:
    """Whether it takes its password and answers a query."""
    import neo4j

    auth = (USER, _password(site))
    address = f"bolt://127.0.0.1:{site.port}"
    try:
        with (
            neo4j.GraphDatabase.driver(address, auth=auth, connection_timeout=2.0, telemetry_disabled=True) as driver,
            driver.session(database=DATABASE) as session,
        ):
            return session.run("RETURN 1").single() is not None
    except (neo4j.exceptions.DriverError, neo4j.exceptions.Neo4jError, OSError):
        return False


def _settings(site: Site) -> dict[str, str]:
    """What compose.yaml sets, by the rule of the image: `NEO4J_a_b__c` is `a.b_c`; and what only this machine knows."""
    settings = {
        "dbms.security.auth_enabled": "true",
        "server.default_listen_address": "127.0.0.1",
        "server.bolt.listen_address": f"127.0.0.1:{site.port}",
        "server.bolt.advertised_address": f"127.0.0.1:{site.port}",
        "server.http.listen_address": f"127.0.0.1:{site.spare_ports[0]}",
        "server.https.enabled": "false",
    }
    for name, value in site.service.environment.items():
        if name.startswith(_PREFIX) and name != "NEO4J_AUTH":
            words = name.removeprefix(_PREFIX).split("__")
            settings["_".join(word.replace("_", ".") for word in words)] = value
    return settings


def _password(site: Site) -> str:
    return site.service.environment["NEO4J_AUTH"].partition("/")[2]


def _set_password(site: Site) -> None:
    """The file that the admin tool's `set-initial-password` writes; the tool itself wants the password as an argument."""
    folder = site.folder / "data" / "dbms"
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700)
    salt = secrets.token_bytes(32)
    digest = hashlib.sha256(salt + _password(site).encode()).digest()
    for _ in range(_HASHED_TIMES - 1):
        digest = hashlib.sha256(digest).digest()
    file = folder / "auth.ini"
    file.touch(mode=0o600)
    file.write_text(f"{USER}:SHA-256,{digest.hex()},{salt.hex()},{_HASHED_TIMES}:\n", encoding="ascii")


def _java() -> str | None:
    home = os.environ.get("JAVA_HOME")
    return program("java", folders=(*([f"{home}/bin"] if home else []), "/opt/homebrew/opt/openjdk/bin"))


@remembered
def _java_told() -> str:
    java = _java()
    if java is None:
        return ""
    return subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=30).stderr  # noqa: S603


def _java_version() -> int:
    found = re.search(r'version "(\d+)', _java_told())
    return int(found[1]) if found else 0


def _bring(folder: Path) -> None:
    maven = program("mvn")
    if maven is None:
        raise NotInstalled(missing() or "Maven is not installed")
    kept = {name: os.environ[name] for name in _HOME_VARIABLES if name in os.environ}
    done = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(maven, "--quiet", "--batch-mode", f"--file={_POM}", "dependency:copy-dependencies"),
            *(f"-Dneo4j.version={VERSION}", f"-DoutputDirectory={folder}", "-DincludeScope=runtime"),
        ],
        check=False,
        capture_output=True,
        text=True,
        timeout=_MAVEN_SECONDS,
        env={**kept, "HOME": str(cache.HOME)},
    )
    if done.returncode:
        raise NotInstalled(f"Neo4j's libraries could not be brought: {done.stdout.strip()[-800:]}")
