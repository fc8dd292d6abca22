"""A certificate for the first run: made once, signed by itself, good until the administrator has a better one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID_DAYS: Final = 3650
_KEY_BITS: Final = 2048
"""RSA, because phones of ten years ago know nothing else."""


def ensure_self_signed(certificate: Path, key: Path, names: Iterable[str], *, now: datetime) -> bool:
    """Make a certificate and its key unless both are there.

    Args:
        certificate: where it shall lie, as PEM.
        key: where its private key shall lie; mode 0600.
        names: domain names and IP addresses that it speaks for; the first is its common name.
        now: the time in UTC.

    Returns:
        Whether one was made.

    Raises:
        OSError: the files cannot be written.
    """
    if certificate.exists() and key.exists():
        return False
    secret = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    made = _certificate(secret, list(dict.fromkeys(names)), now)
    certificate.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = serialization.Encoding.PEM
    plain = secret.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(key, plain, 0o600)
    _write(certificate, made.public_bytes(pem), 0o644)
    return True


def _certificate(secret: rsa.RSAPrivateKey, names: list[str], now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # phones whose clocks are a little late believe it too
        .not_valid_after(now + timedelta(days=VALID_DAYS))
        .add_extension(x509.SubjectAlternativeName([_alternative(each) for each in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
    )
    return builder.sign(secret, hashes.SHA256())


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _write(path: Path, data: bytes, mode: int) -> None:
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    fresh.replace(path)
