"""A CA for the proxies under test, quick to make and to read. Theirs would be RSA: 40 to 200 ms a start."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from mitmproxy.certs import DEFAULT_DHPARAM


def put_authority(confdir: Path) -> None:
    """Puts this process's CA where mitmproxy looks for its own, unless one is there."""
    if not (confdir / "mitmproxy-ca.pem").exists():
        confdir.mkdir(exist_ok=True)
        for name, data in _files().items():
            (confdir / name).touch(mode=0o600)
            (confdir / name).write_bytes(data)


@cache
def _files() -> Mapping[str, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = _certificate(key).public_bytes(serialization.Encoding.PEM)
    return {
        "mitmproxy-ca.pem": secret + certificate,
        "mitmproxy-ca-cert.pem": certificate,
        "mitmproxy-dhparam.pem": DEFAULT_DHPARAM,
    }


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mitmproxy")])
    now = datetime.datetime.now(datetime.UTC)
    unused = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    usage = dict.fromkeys((*unused, "key_agreement", "encipher_only", "decipher_only"), False)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(key_cert_sign=True, crl_sign=True, **usage), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
