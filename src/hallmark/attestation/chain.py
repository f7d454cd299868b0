"""X.509 certificate chains and revocation lists, as of a given time (RFC 5280 section 6, the part vendors' chains use).

Trust anchors are keys, not certificates: vendors issue a root again under the same key.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes

from hallmark.attestation import der
from hallmark.attestation.errors import BadEvidence, BrokenChain, Expired, NoPart, NotYetValid, Revoked, UntrustedRoot
from hallmark.attestation.signature import check_strength, fingerprint
from hallmark.kernel import instant
from hallmark.kernel.text import Text, quoted

_T = TypeVar("_T")
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
# The extensions that are read here, and two that ask for nothing: names, on which nothing here rests, and policies, of
# which any will do. A critical extension besides, as constraints on either, asks for more than is checked (RFC 5280
# section 4.2).
_READ = (x509.BasicConstraints, x509.KeyUsage, x509.SubjectAlternativeName, x509.CertificatePolicies)
_BEGIN = b"-----BEGIN"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

# What `cryptography` raises for a certificate or list that it cannot read, some of it only when a field is asked for.
UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)

_CERTIFICATE = Text("证书", "certificate")
_REVOCATION_LIST = Text("吊销列表", "revocation list")


def load(data: bytes, what: Text) -> tuple[x509.Certificate, ...]:
    """Return the certificates in `data`, PEM or DER one after the other, at least one; raises `BadEvidence`."""
    return _load(data, what, x509.load_pem_x509_certificates, x509.load_der_x509_certificate)


def load_lists(data: bytes, what: Text) -> tuple[x509.CertificateRevocationList, ...]:
    """Return the revocation lists in `data`, PEM or DER one after the other; raises `BadEvidence`."""

    def each(pem: bytes) -> list[x509.CertificateRevocationList]:
        return [x509.load_pem_x509_crl(_BEGIN + rest) for rest in pem.split(_BEGIN)[1:]]

    return _load(data, what, each, x509.load_der_x509_crl)


def verify(chain: Sequence[x509.Certificate], anchors: frozenset[bytes], at: int, what: Text) -> tuple[bytes, ...]:
    """Return the key fingerprints of `chain`, leaf first, once it holds at `at` ms and ends in one of `anchors`.

    Every certificate is in its validity, with no critical extension that is not read here, and no weak key or hash;
    each is signed by the next, which is a CA and may sign certificates, no deeper than its path length; the last is
    self-signed and its key is an anchor. Raises `BrokenChain`, `NotYetValid`, `Expired`, `UntrustedRoot`,
    `BadEvidence`.
    """
    root, signers = chain[-1], []
    for depth, (certificate, issuer) in enumerate(zip(chain, [*chain[1:], root], strict=True)):
        with _readable(what):
            _check_time(certificate.not_valid_before_utc, certificate.not_valid_after_utc, at, what)
            _check_read(certificate, what)
            public = certificate.public_key()
        check_strength(public, what)
        signers.append(fingerprint(public))
        try:
            certificate.verify_directly_issued_by(issuer)
            if certificate is not issuer:
                _check_authority(issuer, depth, what)
        except InvalidSignature:
            raise _broken(what, "签名不是上级证书的", "a certificate is not signed by the next") from None
        except UNREADABLE:
            raise _broken(what, "颁发者不是上级证书的主体", "a certificate does not name the next as issuer") from None
    if signers[-1] not in anchors:
        raise UntrustedRoot(what=what, root=signers[-1].hex())
    return tuple(signers)


def check_revocation(
    chain: Sequence[x509.Certificate], lists: Sequence[x509.CertificateRevocationList], at: int
) -> None:
    """Raise `Revoked` where one of `lists` names a certificate of the verified `chain`; every issuer in it needs one.

    A list counts if an issuer in the chain that may sign lists did, and if it is whole: else it raises `BrokenChain`,
    out of its time `NotYetValid` or `Expired`. An issuer without a list raises `NoPart`.
    """
    with _readable(_CERTIFICATE):
        issuers = {certificate.subject: certificate for certificate in chain[1:]}
    for revoked in lists:
        _check_signed(revoked, issuers)
        with _readable(_REVOCATION_LIST):
            since, until = revoked.last_update_utc, revoked.next_update_utc
            covered = [certificate for certificate in chain[:-1] if certificate.issuer == revoked.issuer]
            whole = all(_covers(item.value, covered) for item in revoked.extensions if item.critical)
        if not whole:
            raise _broken(_REVOCATION_LIST, "关键扩展表明其未必完整", "a critical extension says it may not be whole")
        if until is None:
            raise BadEvidence(what=_REVOCATION_LIST, why=Text("缺少下次更新时间", "it names no next update"))
        _check_time(since, until, at, _REVOCATION_LIST)
        for certificate in chain:
            serial = certificate.serial_number
            if certificate.issuer == revoked.issuer and revoked.get_revoked_certificate_by_serial_number(serial):
                raise Revoked(what=_CERTIFICATE, serial=f"{serial:x}")
    if not issuers.keys() <= {revoked.issuer for revoked in lists}:
        raise NoPart(what=_REVOCATION_LIST)


def check_purpose(certificate: x509.Certificate, purpose: str, what: Text) -> None:
    """Raise `BrokenChain` unless the `certificate` of a verified chain names the extended `purpose`, an identifier."""
    purposes = [item.value for item in certificate.extensions if isinstance(item.value, x509.ExtendedKeyUsage)]
    if purpose not in {each.dotted_string for usage in purposes for each in usage}:
        raise _broken(what, "证书不用于此目的", "a certificate is not for this purpose")


def extension(certificate: x509.Certificate, oid: str) -> bytes | None:
    """Return the contents of the vendor's extension `oid`, None where there is none; raises `BadEvidence`."""
    with _readable(_CERTIFICATE):
        for item in certificate.extensions:
            if item.oid.dotted_string == oid and isinstance(item.value, x509.UnrecognizedExtension):
                return item.value.value
    return None


def check_window(since: int, until: int, at: int, what: Text) -> None:
    """Raise `NotYetValid` or `Expired` unless since <= at <= until, all ms since 1970 UTC."""
    if at < since:
        raise NotYetValid(what=what, since=instant.to_text(since), at=instant.to_text(at))
    if at > until:
        raise Expired(what=what, until=instant.to_text(until), at=instant.to_text(at))


@contextmanager
def _readable(what: Text) -> Iterator[None]:
    """Raise `BadEvidence` for what `cryptography` cannot read; what it reads with a warning is none of our business."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # AMD issues VCEKs with serial number 0
            yield
    except UNREADABLE as error:
        raise BadEvidence(what=what, why=quoted(error)) from None


def _check_time(since: datetime, until: datetime, at: int, what: Text) -> None:
    check_window((since - _EPOCH) // _MILLISECOND, (until - _EPOCH) // _MILLISECOND, at, what)


def _check_read(certificate: x509.Certificate, what: Text) -> None:
    """Raise `BrokenChain` for a weak signature, or a critical extension that nobody here reads."""
    if not isinstance(certificate.signature_hash_algorithm, _HASHES):
        raise _broken(what, "签名的杂凑算法过弱或未知", "a certificate is signed with a weak or unknown hash")
    if any(item.critical and not isinstance(item.value, _READ) for item in certificate.extensions):
        raise _broken(what, "含此处未处理的关键扩展", "a certificate has a critical extension that is not read here")


def _check_authority(issuer: x509.Certificate, depth: int, what: Text) -> None:
    """Raise `BrokenChain` unless `issuer` may sign certificates with `depth` others below the one it signs."""
    try:
        basic = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        usage = _key_usage(issuer)
    except (x509.ExtensionNotFound, *UNREADABLE):
        raise _broken(what, "上级证书不是证书机构", "an issuer is no certificate authority") from None
    if not basic.ca or (usage is not None and not usage.key_cert_sign):
        raise _broken(what, "上级证书不是证书机构", "an issuer is no certificate authority")
    if basic.path_length is not None and depth > basic.path_length:
        raise _broken(what, "超出允许的链长", "the chain is longer than an issuer allows")


def _key_usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _check_signed(revoked: x509.CertificateRevocationList, issuers: Mapping[x509.Name, x509.Certificate]) -> None:
    with _readable(_REVOCATION_LIST):
        issuer = issuers.get(revoked.issuer)
        usage = _key_usage(issuer) if issuer else None
        fit = isinstance(revoked.signature_hash_algorithm, _HASHES) and (usage is None or usage.crl_sign)
        if issuer and fit and revoked.is_signature_valid(issuer.public_key()):  # type: ignore[arg-type]
            return
    raise _broken(_REVOCATION_LIST, "签发者不在证书链中", "nobody in the chain has signed it")


def _covers(scope: x509.ExtensionType, certificates: Sequence[x509.Certificate]) -> bool:
    """Tell whether a list with this critical extension is whole for `certificates` (RFC 5280 section 6.3.3).

    It is where the extension but names the distribution point that each of them names too. Else it is a list of changes
    since another, or of some certificates, reasons or issuers only.
    """
    if not isinstance(scope, x509.IssuingDistributionPoint) or not scope.full_name:
        return False
    names = frozenset(scope.full_name)
    named_only = x509.IssuingDistributionPoint(scope.full_name, None, False, False, None, False, False)
    return scope == named_only and all(names & _distribution_points(each) for each in certificates)


def _distribution_points(certificate: x509.Certificate) -> frozenset[x509.GeneralName]:
    points = [item.value for item in certificate.extensions if isinstance(item.value, x509.CRLDistributionPoints)]
    return frozenset(name for value in points for point in value for name in point.full_name or ())


def _broken(what: Text, zh: str, en: str) -> BrokenChain:
    return BrokenChain(what=what, why=Text(zh, en))


def _load(data: bytes, what: Text, pem: Callable[[bytes], list[_T]], one: Callable[[bytes], _T]) -> tuple[_T, ...]:
    with _readable(what):
        if data.lstrip().startswith(_BEGIN):
            items = pem(data.rstrip(b"\x00"))
        else:
            items = [one(item) for item in der.split(data, what)]
    if not items:
        raise BadEvidence(what=what, why=Text("内容为空", "it is empty"))
    return tuple(items)
