"""Certificates for components that speak mTLS: made for one cell, and good for a day.

Each cell has an authority of its own, whose key is forgotten as soon as it has signed: nobody can be made known to a cell later,
and a certificate of another cell is worth nothing in it. An identity is a URI, as SPIFFE has it, so that it says who somebody is
and not where. Keys live in the component's private folder (in a pod: in a Secret of its own) and in no record, log or ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from steps.rotation import NEXT

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey

TRUST = "spiffe://benchlab.dev"
VALID = timedelta(days=1)
_CA = "benchlab, one cell"
CLOCKS = timedelta(minutes=5)  # that two machines' clocks may differ by


@dataclass(frozen=True)
class Identity:
    """What a component shows of itself, and whom it believes: PEM texts."""

    ca: str
    certificate: str
    key: str = field(repr=False)
    renewed: Identity | None = None  # what it is exchanged for while its owner runs

    @property
    def files(self) -> dict[str, str]:
        """By the names that configurations know them under; those of the second are in a folder of their own: `path_of`."""
        own = {"ca.pem": self.ca, "cert.pem": self.certificate, "key.pem": self.key}
        if self.renewed is None:
            return own
        return {**own, f"{NEXT}-cert.pem": self.renewed.certificate, f"{NEXT}-key.pem": self.renewed.key}


def path_of(name: str) -> str:
    """Where one of an identity's files belongs, in its folder: a Secret's keys have no slashes."""
    return name.replace(f"{NEXT}-", f"{NEXT}/", 1)


def issue(names: Iterable[str], *, renewed: Collection[str] = (), now: datetime | None = None) -> dict[str, Identity]:
    """An identity for each name, all signed by one new authority; nothing is made for no names.

    renewed: those of them that get a second certificate, with a key of its own.
    """
    wanted = tuple(dict.fromkeys(names))
    if not wanted:
        return {}
    from cryptography.hazmat.primitives.asymmetric import ec

    at = now or datetime.now(UTC)
    authority = ec.generate_private_key(ec.SECP256R1())
    ca = _pem(_authority(authority, at))

    def made(name: str) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        return Identity(ca=ca, certificate=_pem(_leaf(name, key.public_key(), authority, at)), key=_key_pem(key))

    return {name: replace(made(name), renewed=made(name)) if name in renewed else made(name) for name in wanted}


def _begun(subject: str, issuer: str, public: EllipticCurvePublicKey, at: datetime) -> x509.CertificateBuilder:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    def name(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - CLOCKS)
        .not_valid_after(at + VALID)
    )


def _authority(key: EllipticCurvePrivateKey, at: datetime) -> x509.Certificate:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    begun = _begun(_CA, _CA, key.public_key(), at)
    begun = begun.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).add_extension(usage, critical=True)
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return begun.add_extension(own, critical=False).sign(key, hashes.SHA256())


def _leaf(name: str, public: EllipticCurvePublicKey, authority: EllipticCurvePrivateKey, at: datetime) -> x509.Certificate:
    """For both sides of a connection: who it is stands in the alternative name alone."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID

    who = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"{TRUST}/{name}")])
    both = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    begun = _begun(name, _CA, public, at).add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    for extension in (who, both, issuer):
        begun = begun.add_extension(extension, critical=False)
    return begun.sign(authority, hashes.SHA256())


def _pem(certificate: x509.Certificate) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.PEM).decode()


def _key_pem(key: EllipticCurvePrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
