"""The machine as `janus profile` sees it: through the probe that the settings choose, and the operating system."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Mapping
from urllib.parse import urlsplit

from janus_lab.adapters.probe.processor import processor
from janus_lab.lab.hardware import Hardware
from janus_lab.schemes import factory
from janus_lab.settings import Settings
from janus_lab.settings.beginning_stack import STACK_FILES
from janus_lab.settings.dotenv import read_dotenv
from janus_lab.settings.places import SECRETS, settings_file
from janus_lab.values.hardware import Inventory, Processor
from janus_lab.values.machine import Sample

_HERE = ("127.0.0.1", "localhost", "::1")
_THIS_MACHINE = "local"


def hardware(settings: Settings) -> Hardware:
    """The hardware under these settings; nothing is looked at yet."""
    return Hardware(settings, look=lambda: _look(settings), server_variables=lambda: _server_variables(settings))


def _look(settings: Settings) -> Inventory:
    home = settings.home
    place = next(folder for folder in (home, *home.parents) if folder.is_dir())
    with factory("probe", settings.probe_url)(settings.url("probe_url"), machine=settings.machine_name) as probe:
        sample = probe.sample(())
    return Inventory(sample, _processor(settings, sample), shutil.disk_usage(place).free)


def _processor(settings: Settings, sample: Sample) -> Processor:
    if settings.probe_url.partition(":")[0] == _THIS_MACHINE:
        return processor()
    # An inventory tells of another machine.
    threads = max(1, int(sample.cpu_count))
    return Processor("", platform.system(), platform.machine(), threads, threads)


def _server_variables(settings: Settings) -> Mapping[str, str] | None:
    """What `.env` says, if servers of the profile run here from a compose.yaml beside it; else None."""
    folder = settings_file(settings.home).parent
    here = any(urlsplit(url).hostname in _HERE for url in settings.servers().values())
    if not here or not all((folder / name).is_file() for name in (next(iter(STACK_FILES)), SECRETS)):
        return None
    return read_dotenv(folder / SECRETS)
