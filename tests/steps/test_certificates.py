"""Certificates for one cell."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature

from steps.certificates import issue, path_of


def certificate(pem):
    return x509.load_pem_x509_certificate(pem.encode())


def test_who_somebody_is_stands_in_the_certificate():
    """As a URI, signed by the cell's authority, for no longer than a day."""
    at = datetime(2026, 11, 25, 12, tzinfo=UTC)

    made = issue(["sidecar-client", "sidecar-server"], now=at)

    for name, identity in made.items():
        shown = certificate(identity.certificate)
        who = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert who.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://benchlab.dev/{name}"]
        assert (shown.not_valid_after_utc - at).total_seconds() == 24 * 3600
        shown.verify_directly_issued_by(certificate(identity.ca))
    assert len({identity.ca for identity in made.values()}) == 1


def test_each_cell_has_an_authority_of_its_own():
    """A certificate of another cell is worth nothing."""
    one, other = issue(["sidecar"])["sidecar"], issue(["sidecar"])["sidecar"]

    with pytest.raises(InvalidSignature):
        certificate(one.certificate).verify_directly_issued_by(certificate(other.ca))


def test_an_identity_can_have_a_second_certificate():
    """Of the same authority and the same name, with another key; in a folder of its own, for a Secret's keys have no slashes."""
    made = issue(["one", "other"], renewed=["one"])
    one, second = made["one"], made["one"].renewed

    certificate(second.certificate).verify_directly_issued_by(certificate(one.ca))
    assert certificate(second.certificate).subject == certificate(one.certificate).subject
    assert second.key != one.key
    assert [path_of(name) for name in one.files] == ["ca.pem", "cert.pem", "key.pem", "next/cert.pem", "next/key.pem"]
    assert made["other"].renewed is None
    assert "PRIVATE" not in repr(one)


def test_a_key_is_not_told_with_the_rest():
    """What prints an identity, a traceback for instance, prints no key."""
    identity = issue(["sidecar"])["sidecar"]

    assert "PRIVATE KEY" in identity.key
    assert "PRIVATE" not in repr(identity)
