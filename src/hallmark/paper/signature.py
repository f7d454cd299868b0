"""The electronic seal on a PDF: PAdES B-B (ETSI EN 319 142-1) over the whole file, P-256, one seal a file.

The seal is a certification body's key and a certificate that the body issued to itself; who trusts it, pins the
certificate. pyHanko writes the signature field; `cms` has the object in it, `page` checks it.
"""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hallmark.kernel import hashing
from hallmark.kernel.errors import Refusal
from hallmark.kernel.keys import ESP256, Signer
from hallmark.kernel.text import Text, quoted
from hallmark.paper.typesetting import PaperMissing
from hallmark.verify import cms
from hallmark.verify.attachment import NotOurPdf
from hallmark.verify.attachment import attachment as attachment  # part of this face
from hallmark.verify.page import EPOCH, MAX_CMS, NotASeal, read_certificate
from hallmark.verify.page import verify as verify  # part of this face

FIELD = "Seal"


class NotYourSeal(Refusal):
    """The key, the certificate and the time do not belong together."""

    en = "The page was not sealed: {why}. Choose the key and certificate of one seal that is valid now."
    zh = "文件未签章：{why}。请使用同一签章在有效期内的密钥与证书。"


def issue(name: Text, signer: Signer, valid_from: date, valid_until: date) -> bytes:
    """Return the DER certificate of a seal: P-256, self-issued in `name`, for whole days in UTC, both included.

    The same arguments give the same serial number. Raises `NotASeal` for a key of another algorithm.
    """
    if signer.public.algorithm != ESP256:
        raise NotASeal(why=Text("签章须使用 P-256 密钥", "a seal has a P-256 key"))
    key = cast("ec.EllipticCurvePrivateKey", _Key(signer))
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name.en[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, name.zh[:64]),
        ]
    )
    said = f"{subject.rfc4514_string()} {valid_from} {valid_until}".encode()
    usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(hashing.sha256(signer.public.material + said)[:16]) >> 1 | 1)
        .not_valid_before(_midnight(valid_from))
        .not_valid_after(_midnight(valid_until) + timedelta(days=1, seconds=-1))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.DER)
    )


def sign(pdf: bytes, signer: Signer, certificate: bytes, at: int) -> bytes:
    """Return `pdf` with an invisible seal over all of it, made `at`, in ms since 1970 UTC.

    `certificate` is the DER of `issue`. Raises `NotASeal`, `NotYourSeal`, `NotOurPdf`, `PaperMissing`.
    """
    key, valid_from, valid_until = read_certificate(certificate)
    if key != signer.public:
        raise NotYourSeal(why=Text("密钥与证书不匹配", "the key is not the certificate's"))
    if not valid_from <= at <= valid_until:
        raise NotYourSeal(why=Text("证书此时不在有效期内", "the certificate is not valid at that time"))
    try:
        from pyhanko.pdf_utils import incremental_writer, misc  # noqa: PLC0415 - half a second, only to sign
        from pyhanko.sign import fields, general, signers  # noqa: PLC0415
        from pyhanko.sign.signers import cms_embedder  # noqa: PLC0415
    except ImportError:
        raise PaperMissing(package="pyhanko") from None

    class Writer(incremental_writer.IncrementalPdfFileWriter):
        def _update_meta(self) -> None:
            """Leave the dates of the page as they are: they say when it was set, by the caller's clock."""

    try:
        steps = cms_embedder.PdfCMSEmbedder().write_cms(FIELD, Writer(io.BytesIO(pdf)))
        next(steps)
    except general.SigningError:
        raise NotYourSeal(why=Text("文件已有签章", "the file has a seal already")) from None
    except misc.PdfError as error:
        raise NotOurPdf(why=quoted(error)) from None
    placeholder = signers.pdf_byterange.SignatureObject(
        timestamp=_moment(at), subfilter=fields.SigSeedSubFilter.PADES, bytes_reserved=2 * MAX_CMS
    )
    steps.send(cms_embedder.SigObjSetup(sig_placeholder=placeholder))
    prepared, output = steps.send(cms_embedder.SigIOSetup(md_algorithm="sha256"))
    digest = prepared.document_digest
    steps.send(cms.compose(certificate, digest, signer.sign(cms.attributes(certificate, digest))))
    sealed: bytes = output.getvalue()
    verify(sealed, [certificate], at)
    return sealed


def _moment(utc_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=utc_ms)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@ec.EllipticCurvePrivateKey.register
class _Key:
    """A signer as the certificate builder wants it: it signs, and never gives the key."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def sign(self, data: bytes, _: object) -> bytes:
        return cms.to_der(self._signer.sign(bytes(data)))

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), self._signer.public.material)
