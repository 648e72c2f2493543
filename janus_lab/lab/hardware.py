"""What this machine can do, and the settings that suit it, proposed or written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from janus_lab.resources.hardware_profile import hardware_profile
from janus_lab.settings import Settings
from janus_lab.settings.machine_file import write_profile
from janus_lab.values.hardware import HardwareProfile, Inventory, ProfileWritten


class Hardware:
    """The machine that a lab is on. It opens no store and starts nothing."""

    def __init__(
        self,
        settings: Settings,
        *,
        look: Callable[[], Inventory],
        server_variables: Callable[[], Mapping[str, str] | None],
    ) -> None:
        self._settings = settings
        self._look = look
        self._server_variables = server_variables

    def profile(self) -> HardwareProfile:
        """Look at the machine; which models fit it, and which settings suit it. Raises ProbeFailed."""
        return hardware_profile(self._look(), self._settings, self._server_variables())

    def write(self) -> ProfileWritten:
        """Write what suits it into `janus.toml` (and `.env`, where servers run here); a person's own lines are kept.

        Raises ProbeFailed, or SettingsError for files that can't be read, written, or safely edited.
        """
        found = self.profile()
        return write_profile(self._settings.home, self._settings.profile, found.settings, found.servers)
