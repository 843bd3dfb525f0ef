"""A certificate of this project for this machine, which only the project's own actions trust."""

from __future__ import annotations

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import certifi

from localops.errors import LocalopsError

_VALID_DAYS = 3650
_OPENSSL_TIMEOUT_S = 30
# It vouches for itself and for nothing else: no other certificate can be signed with its key.
_OPENSSL_CONFIG = """
[req]
prompt = no
distinguished_name = name
x509_extensions = extensions
[name]
CN = localops on this machine
[extensions]
subjectAltName = DNS:localhost, IP:127.0.0.1
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
"""


class CertificateError(LocalopsError):
    """No certificate exists and none can be made."""


@dataclass(frozen=True)
class Certificate:
    """The place of a certificate.

    Attributes:
        folder: read by its owner only.
    """

    folder: Path

    @property
    def key(self) -> Path:
        return self.folder / "key.pem"

    @property
    def own(self) -> Path:
        return self.folder / "certificate.pem"

    @property
    def trusted(self) -> Path:
        """This certificate and the authorities that everybody trusts."""
        return self.folder / "trusted.pem"

    def server_context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.own, self.key)
        return context

    def trust_variables(self) -> dict[str, str]:
        """Return what makes clients trust it: OpenSSL and httpx read the first, requests the second."""
        return {"SSL_CERT_FILE": str(self.trusted), "REQUESTS_CA_BUNDLE": str(self.trusted)}


def read_or_make(folder: Path) -> Certificate:
    """Return the certificate in a folder, made there by OpenSSL when there is none.

    Raises:
        CertificateError: OpenSSL is not installed or fails.
    """
    certificate = Certificate(folder)
    if not certificate.own.is_file():
        folder.mkdir(mode=0o700, exist_ok=True)
        _make(certificate)
    certificate.trusted.write_text(Path(certifi.where()).read_text() + certificate.own.read_text())
    return certificate


def _make(certificate: Certificate) -> None:
    unfinished = certificate.own.with_suffix(".unfinished")
    words = ["openssl", "req", "-x509", "-nodes", "-days", str(_VALID_DAYS)]
    words += [
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-config",
        "/dev/stdin",
        "-keyout",
        str(certificate.key),
        "-out",
        str(unfinished),
    ]
    try:
        subprocess.run(  # noqa: S603 - no word of it comes from outside
            words,
            input=_OPENSSL_CONFIG,
            text=True,
            capture_output=True,
            check=True,
            timeout=_OPENSSL_TIMEOUT_S,
        )
    except FileNotFoundError as error:
        raise CertificateError("the command openssl is not installed") from error
    except subprocess.SubprocessError as error:
        said = getattr(error, "stderr", None) or error
        raise CertificateError(f"openssl could not make a certificate: {said}") from error
    unfinished.rename(certificate.own)
