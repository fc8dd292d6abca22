"""Which certificates the switch uses: those that the settings name, else one of its own making."""

from __future__ import annotations

import socket
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.net.local_addresses import local_addresses
from softswitch.net.tls import TlsContexts, TlsFiles
from softswitch.runtime.addresses import ENCRYPTED

if TYPE_CHECKING:
    from softswitch.runtime.settings import Settings

FOLDER: Final = "tls"
"""Where the certificate of our own making lies, in the storage directory."""


def tls_files(settings: Settings) -> TlsFiles:
    """Say which files count; without a listener that is encrypted none is needed."""
    tls = settings.tls
    certificate, key = tls.certificate, tls.key
    if certificate is None and serves_tls(settings):
        folder = settings.storage.directory / FOLDER
        certificate, key = folder / "certificate.pem", folder / "key.pem"
    return TlsFiles(certificate, key, tls.client_ca, tls.client_required, tls.peer_ca)


def serves_tls(settings: Settings) -> bool:
    """Tell whether a listener is encrypted."""
    return any(line.transport in ENCRYPTED for line in settings.sip.listen)


def ensure_certificate(settings: Settings, *, now: datetime) -> Path | None:
    """Make our own certificate where one is needed and there is none, and see that all can be used.

    Returns:
        The certificate that was made, if one was.

    Raises:
        ConfigurationError: a certificate cannot be made or used.
    """
    files = tls_files(settings)
    made = False
    if settings.tls.certificate is None and files.certificate is not None and files.key is not None:
        from softswitch.net.self_signed import ensure_self_signed  # a brain needs none of its libraries

        try:
            made = ensure_self_signed(files.certificate, files.key, _names(settings), now=now)
        except OSError as error:
            what = f"cannot be written: {error.strerror}"
            raise ConfigurationError([Problem(str(files.certificate), what, "tls.certificate and tls.key")]) from None
    TlsContexts(files)
    return files.certificate if made else None


def _names(settings: Settings) -> list[str]:
    """Return what phones may call us: the domain, the host, every address, those in the settings."""
    listened = [line.host for line in settings.sip.listen if not line.wildcard]
    addresses = [*local_addresses("0.0.0.0"), *local_addresses("::"), *listened]  # noqa: S104  # asked for, not bound
    advertised = [settings.sip.advertise] if settings.sip.advertise else []
    host = socket.gethostname()
    named = [host] if host.isascii() and len(host) < 64 and host.replace("-", "").replace(".", "").isalnum() else []
    return [settings.sip.domain, *named, *addresses, *advertised]
