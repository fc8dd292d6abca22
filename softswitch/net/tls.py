"""The TLS of SIP: our certificate towards phones, and whom we believe when we dial (RFC 3261 §26.3, RFC 5922)."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from softswitch.core.errors import ConfigurationError, Problem
from softswitch.runtime.log import get_logger

_LOG = get_logger("net.tls")


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where certificates lie; all PEM."""

    certificate: Path | None = None
    """Ours, and after it those of its issuers; None: we serve no TLS and show nothing when we dial."""
    key: Path | None = None
    client_ca: Path | None = None
    """Whose certificates phones may show; None: none is asked for."""
    client_required: bool = False
    """Whether a phone without one is turned away."""
    peer_ca: Path | None = None
    """Who certifies the peers that we dial; None: whom the system believes."""


@dataclass(frozen=True, slots=True)
class TlsPeer:
    """What is expected of a peer that we dial."""

    name: str
    """The name that its certificate must hold, which is also told to it (SNI)."""
    verified: bool = True
    """Whether a certificate that does not hold ends the connection."""


class TlsContexts:
    """The contexts of all TLS connections.

    A changed certificate is taken for connections from then on; those that stand keep theirs.

    Args:
        files: where the certificates lie.

    Raises:
        ConfigurationError: one of them cannot be used.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._stamps = self._read_stamps()
        self.server = _new_context(ssl.PROTOCOL_TLS_SERVER)
        _load_own(self.server, files)
        if files.client_ca is not None:
            _load_authorities(self.server, files.client_ca, "tls.client_ca")
            self.server.verify_mode = ssl.CERT_REQUIRED if files.client_required else ssl.CERT_OPTIONAL
        self._verifying = _client_context(files, verified=True)
        self._trusting = _client_context(files, verified=False)

    def towards(self, peer: TlsPeer) -> ssl.SSLContext:
        """Return the context for dialling a peer."""
        return self._verifying if peer.verified else self._trusting

    def reload_if_changed(self) -> bool:
        """Take the certificate again if its files have changed; a bad one changes nothing, and the log says so."""
        stamps = self._read_stamps()
        if stamps == self._stamps:
            return False
        self._stamps = stamps
        try:
            _load_own(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), self._files)  # a half-written pair must not be loaded
            for context in (self.server, self._verifying, self._trusting):
                _load_own(context, self._files)
        except ConfigurationError as error:
            _LOG.error("tls.certificate_unusable", reason=str(error))
            return False
        _LOG.info("tls.certificate_reloaded", certificate=str(self._files.certificate))
        return True

    def _read_stamps(self) -> tuple[tuple[int, int], ...]:
        return tuple(_stamp(path) for path in (self._files.certificate, self._files.key) if path is not None)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_ino


def _new_context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    # Idle phones keep no buffers: a third of what a connection costs.
    context.options |= getattr(ssl, "OP_RELEASE_BUFFERS", 0)
    return context


def _client_context(files: TlsFiles, *, verified: bool) -> ssl.SSLContext:
    context = _new_context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = verified
    context.verify_mode = ssl.CERT_REQUIRED if verified else ssl.CERT_NONE
    if files.peer_ca is not None:
        _load_authorities(context, files.peer_ca, "tls.peer_ca")
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    _load_own(context, files)
    return context


def _load_own(context: ssl.SSLContext, files: TlsFiles) -> None:
    if files.certificate is None:
        return
    try:
        context.load_cert_chain(files.certificate, files.key, password=_no_password)
    except (OSError, ValueError) as error:
        what = f"certificate and key cannot be used: {error}"
        cure = "a PEM certificate and its PEM key without a password in tls.certificate and tls.key"
        raise ConfigurationError([Problem(f"{files.certificate}, {files.key}", what, cure)]) from None


def _no_password() -> str:
    """Stand in for a question on the terminal that nobody would see."""
    raise ValueError("the key is protected by a password")


def _load_authorities(context: ssl.SSLContext, path: Path, key: str) -> None:
    try:
        context.load_verify_locations(path)
    except OSError as error:
        cure = f"a file of PEM certificates in {key}"
        raise ConfigurationError([Problem(str(path), f"cannot be used: {error}", cure)]) from None
