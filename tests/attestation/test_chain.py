"""Certificate chains and revocation lists: what RFC 5280 asks of them, each breach by itself."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from attestation.makers import AT, Authority, ec_key, moment, serialise
from hallmark.attestation import chain, errors
from hallmark.kernel import instant
from hallmark.kernel.text import Text

WHAT = Text("证书", "certificate")
LEAF, MIDDLE, ROOT = ec_key(70), ec_key(71), ec_key(1)
ANYBODY = x509.ObjectIdentifier("1.2.3.4")
NOBODY = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Nobody")])
PURPOSE = x509.ObjectIdentifier("2.23.133.8.3")
# What a certificate was issued under, and extensions that restrict what it is good for in ways not checked here.
POLICIES = x509.CertificatePolicies([x509.PolicyInformation(ANYBODY, None)])
UNREAD = [
    x509.NameConstraints([x509.DirectoryName(NOBODY)], None),
    x509.PolicyConstraints(0, None),
    x509.InhibitAnyPolicy(0),
    x509.ExtendedKeyUsage([x509.oid.ExtendedKeyUsageOID.SERVER_AUTH]),
    x509.UnrecognizedExtension(ANYBODY, b"\x05\x00"),
]
# Lists that may be silent on a revoked certificate: changes only, or some certificates, reasons or issuers only.
PARTIAL = [
    x509.DeltaCRLIndicator(1),
    x509.IssuingDistributionPoint(None, None, False, True, None, False, False),
    x509.IssuingDistributionPoint(None, None, True, False, None, False, False),
    x509.IssuingDistributionPoint(None, None, False, False, None, True, False),
    x509.IssuingDistributionPoint(None, None, False, False, frozenset({x509.ReasonFlags.superseded}), False, False),
    x509.UnrecognizedExtension(ANYBODY, b"\x05\x00"),
]


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def usage(**allowed: bool) -> x509.KeyUsage:
    ciphers = ("key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
    names = ("digital_signature", "content_commitment", *ciphers, "key_cert_sign", "crl_sign")
    return x509.KeyUsage(**dict.fromkeys(names, False) | allowed)


def issue(subject, key, issuer, signer, *extensions, since=AT - instant.DAY, until=AT + instant.DAY, serial=7):
    """A certificate; extensions are critical, one in a list is not."""
    builder = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(name(issuer))
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(moment(since))
        .not_valid_after(moment(until))
    )
    for each in extensions:
        critical = not isinstance(each, list)
        builder = builder.add_extension(each if critical else each[0], critical)
    return builder.sign(signer, hashes.SHA256())


def authority(depth: int | None = None) -> x509.BasicConstraints:
    return x509.BasicConstraints(True, depth)


def root(*extensions, depth: int | None = None):
    return issue("Root", ROOT, "Root", ROOT, authority(depth), *extensions)


def middle(*extensions, **others):
    return issue("Middle", MIDDLE, "Root", ROOT, *(extensions or (authority(),)), **others)


def leaf(*extensions, **others):
    return issue("Leaf", LEAF, "Middle", MIDDLE, *extensions, **others)


def verify(*certificates, at: int = AT):
    return chain.verify(certificates, Authority().anchors, at, WHAT)


def test_a_chain_to_an_anchor_holds_from_leaf_to_root() -> None:
    signers = verify(leaf(), middle(), root())
    assert len(signers) == 3 and signers[-1] in Authority().anchors
    assert verify(leaf([UNREAD[0]]), middle(authority(0), usage(key_cert_sign=True)), root(depth=1)) == signers
    named = leaf(x509.SubjectAlternativeName([x509.DirectoryName(NOBODY)]))
    assert verify(named, middle(authority(), POLICIES), root()) == signers


@pytest.mark.parametrize("unread", UNREAD, ids=lambda each: type(each).__name__)
def test_a_critical_extension_that_is_not_read_here_is_refused_wherever_it_stands(unread) -> None:
    for certificates in (
        (leaf(unread), middle(), root()),
        (leaf(), middle(authority(), unread), root()),
        (leaf(), middle(), root(unread)),
    ):
        with pytest.raises(errors.BrokenChain, match="critical"):
            verify(*certificates)


SHORT_RSA = rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused


@pytest.mark.parametrize("key", [SHORT_RSA, ec_key(72, ec.SECP192R1)], ids=["RSA 1024", "P-192"])
def test_a_key_that_is_too_short_is_refused(key) -> None:
    with pytest.raises(errors.BadEvidence, match="short"):
        verify(issue("Leaf", key, "Middle", MIDDLE), middle(), root())


@pytest.mark.parametrize("cut", [authority(0), usage(digital_signature=True), x509.BasicConstraints(False, None)])
def test_who_is_no_authority_or_not_so_far_up_issues_nothing(cut) -> None:
    deeper = issue("Deeper", LEAF, "Middle", MIDDLE, authority())
    last = issue("Last", LEAF, "Deeper", LEAF)
    extensions = (cut,) if isinstance(cut, x509.BasicConstraints) else (authority(), cut)
    with pytest.raises(errors.BrokenChain):
        verify(last, deeper, middle(*extensions), root())
    assert len(verify(last, deeper, middle(authority(1), usage(key_cert_sign=True)), root())) == 4


def test_a_leaf_issues_nothing() -> None:
    with pytest.raises(errors.BrokenChain, match="authority"):
        verify(issue("Last", LEAF, "Leaf", LEAF), leaf(), middle(), root())


def test_an_intermediate_out_of_its_time_breaks_a_chain_whose_leaf_is_in_force() -> None:
    with pytest.raises(errors.Expired):
        verify(leaf(), middle(authority(), until=AT - 1000), root())
    with pytest.raises(errors.NotYetValid):
        verify(leaf(), middle(authority(), since=AT + 1000), root())


def test_a_chain_ends_in_a_certificate_that_signs_itself() -> None:
    """A root that another one has cross-signed is no end, though its key is the anchor's."""
    crossed = issue("Root", ROOT, "Other", MIDDLE, authority())
    with pytest.raises(errors.BrokenChain):
        verify(leaf(), middle(), crossed)
    with pytest.raises(errors.UntrustedRoot):
        verify(issue("Root", MIDDLE, "Root", MIDDLE, authority()))


@pytest.mark.parametrize("digits", [b"20520522", b"20511004"])
def test_a_date_in_no_year_is_refused(digits) -> None:
    dates = {"since": 2_580_000_000_000, "until": 2_600_000_000_000}
    encoded = serialise(leaf(**dates))
    assert digits in encoded
    (undated,) = chain.load(encoded.replace(digits, b"0000" + digits[4:]), WHAT)
    with pytest.raises(errors.BadEvidence):
        verify(undated, middle(), root())


def test_a_certificate_is_for_the_purposes_it_names() -> None:
    chain.check_purpose(leaf([x509.ExtendedKeyUsage([ANYBODY, PURPOSE])]), PURPOSE.dotted_string, WHAT)
    for other in (leaf(), leaf([x509.ExtendedKeyUsage([ANYBODY])])):
        with pytest.raises(errors.BrokenChain, match="purpose"):
            chain.check_purpose(other, PURPOSE.dotted_string, WHAT)


# --- revocation lists


def listed(*extensions, issuer="Middle", signer=MIDDLE, serials=(), since=AT - instant.DAY, until=AT + instant.DAY):
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(name(issuer))
        .last_update(moment(since))
        .next_update(moment(until))
    )
    for serial in serials:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(moment(since))
        builder = builder.add_revoked_certificate(entry.build())
    for each in extensions:
        builder = builder.add_extension(each, not isinstance(each, x509.CRLNumber))
    encoded = builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    return chain.load_lists(encoded, WHAT)[0]


def check(*lists, issuer=None) -> None:
    chain.check_revocation((leaf(), issuer or middle(), root()), [*lists, listed(issuer="Root", signer=ROOT)], AT)


def test_a_list_in_force_that_does_not_name_the_leaf_lets_it_pass() -> None:
    check(listed(x509.CRLNumber(1), serials=(8,)), issuer=middle(authority(), usage(key_cert_sign=True, crl_sign=True)))
    with pytest.raises(errors.Revoked):
        check(listed(serials=(8, 7)))


def test_lists_in_pem_follow_one_another_as_in_der() -> None:
    """A second list is read too, else who hands both in would be heard on one issuer only."""
    both = [listed(serials=(7,)), listed(issuer="Root", signer=ROOT)]
    for order in (both, both[::-1]):
        pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in order)
        assert list(chain.load_lists(pem, WHAT)) == order
    with pytest.raises(errors.BadEvidence):
        chain.load_lists(pem + b"-----BEGIN X509 CRL-----\n", WHAT)


def test_an_issuer_without_a_list_leaves_it_open() -> None:
    with pytest.raises(errors.NoPart):
        check()


@pytest.mark.parametrize("partial", PARTIAL)
def test_a_list_that_may_not_be_whole_shows_nothing(partial) -> None:
    with pytest.raises(errors.BrokenChain, match="whole"):
        check(listed(partial))


def test_a_list_of_one_distribution_point_is_whole_for_the_certificates_that_name_it() -> None:
    here, there = (x509.UniformResourceIdentifier(f"http://example.com/{each}.crl") for each in "12")
    part = listed(x509.IssuingDistributionPoint([here], None, False, False, None, False, False))
    lists = part, listed(issuer="Root", signer=ROOT)
    points = {
        each: [x509.CRLDistributionPoints([x509.DistributionPoint([each], None, None, None)])] for each in (here, there)
    }
    chain.check_revocation((leaf(points[here]), middle(), root()), lists, AT)
    for other in (leaf(points[there]), leaf()):
        with pytest.raises(errors.BrokenChain, match="whole"):
            chain.check_revocation((other, middle(), root()), lists, AT)


@pytest.mark.parametrize(
    "other",
    [{"signer": LEAF}, {"issuer": "Leaf", "signer": LEAF}, {"issuer": "Other"}],
    ids=["another's signature", "the leaf's", "another's name"],
)
def test_a_list_that_no_issuer_in_the_chain_signed_is_refused(other) -> None:
    with pytest.raises(errors.BrokenChain, match="nobody"):
        check(listed(), listed(**other))


def test_an_issuer_that_may_not_sign_lists_signs_none() -> None:
    with pytest.raises(errors.BrokenChain, match="nobody"):
        check(listed(), issuer=middle(authority(), usage(key_cert_sign=True)))


def test_a_list_counts_in_its_time_alone() -> None:
    with pytest.raises(errors.Expired):
        check(listed(until=AT - 1000))
    with pytest.raises(errors.NotYetValid):
        check(listed(since=AT + 1000))
