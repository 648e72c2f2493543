"""Settings, servers and data that don't fit this Janus Lab."""

from __future__ import annotations

from janus_lab.errors.families import SettingsError


class UnknownScheme(SettingsError):
    """A URL's scheme has no adapter in `schemes.py`."""

    code = "unknown-scheme"


class MissingPackage(SettingsError):
    """A model or adapter needs a package that is not installed."""

    code = "missing-package"


class DataDirectoryUnusable(SettingsError):
    """The data directory can't be created, written or locked."""

    code = "data-directory-unusable"


class DataTooNew(SettingsError):
    """The data directory was written by a newer Janus Lab."""

    code = "data-too-new"


class AccessDenied(SettingsError):
    """A server refuses the user, the password or the key that the settings give."""

    code = "access-denied"


class EngineTooOld(SettingsError):
    """A server is of a version that Janus Lab does not work with."""

    code = "engine-too-old"
