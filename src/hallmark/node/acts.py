"""What a node's operator does by hand, from the node's folder: attest, judge others, propose, vote, change the epoch.

Statements are written to the folder, signed where the organisation's key is there, else as drafts for who holds it;
whoever takes statements for the sequencer is handed the file. All that is asked of the ledger is read as in `reading`.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, Self, TypeVar

from hallmark.attestation import tpm
from hallmark.attestation.errors import NoPart
from hallmark.attestation.policy import Policy, Rule
from hallmark.consortium.constitution import Member, ProposalKind
from hallmark.consortium.epoch import MAX_NUMBER, Consent
from hallmark.kernel import canonical, hashing, instant
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import PublicKey
from hallmark.kernel.text import Text
from hallmark.node import admission, convening, folder, reading
from hallmark.node.admission import PRESENTED
from hallmark.node.archive import write
from hallmark.node.attester.attester import attesting
from hallmark.node.attester.enrolment import FORMAT
from hallmark.node.attester.manufacturer import Manufacturer
from hallmark.node.attester.measurement import PACKAGE, measure
from hallmark.node.attester.registers import State
from hallmark.node.attester.registrar import Registrar
from hallmark.node.ceremony import call_message
from hallmark.node.client import Peer
from hallmark.node.errors import BadRequest, NotHere, NotReached, WrongFolder
from hallmark.node.reading import Reading
from hallmark.node.replay import Clock
from hallmark.rules import consortium
from hallmark.statement import envelope
from hallmark.statement.disclosure import SALT_SIZE

PROPOSED = "proposal.made"
_MAKER = "maker"
_SHORT = 16  # digits of a digest in a file's name
_NO_CONSTITUTION = bytes(hashing.SIZE)  # a key is certified whatever state its TPM shows
T = TypeVar("T")


def now() -> int:
    """Return the time in ms since 1970 UTC."""
    return time.time_ns() // 1_000_000


class Operator:
    """The operator of the node in `home`, which itself may be running; to be closed.

    Every act that reads the ledger raises `NothingFinal` and, for a folder that lacks something, `WrongFolder`.
    """

    def __init__(self, home: Path, clock: Clock = now, package: Path = PACKAGE) -> None:
        self.home, self.clock, self.package = home, clock, package
        self.name, self.first = folder.identity(home)
        self.nodes = folder.peers(home, "")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.close()

    # A seat.

    def present(self) -> Path:
        """Collect the node's evidence, archive it, and write `node.presented`; raises as `admission.collect`."""
        ledger, own = self._read(), folder.signers(self.home, self.package)
        keys = (own.witness.public, own.mirror.public, own.archive.public)
        seat = Member(self.name, folder.family(self.home), *keys, folder.product(self.home))
        place, collateral = self.home / folder.TPM, folder.collateral(self.home)
        bundle = admission.collect(place, ledger, seat, collateral, self.package, seat.family).encode()
        digest = folder.archive(self.home).put(bundle)
        claims = {
            "seat": {name: value for name, value in seat.to_value().items() if value or name != "product"},
            "epoch": ledger.record.epoch,
            "nonce": ledger.root,
            "size": ledger.size,
            "evidence": {"title": "evidence bundle", "sha256": digest, "size": len(bundle), "address": digest},
        }
        return self._issue(ledger, PRESENTED, claims)

    def appraise(self, request: bytes) -> Path:
        """Fetch the evidence of a request, archive it, judge it, and write `node.appraised`.

        Raises `NotReached` where no node has the evidence, and as `admission.appraise`.
        """
        ledger, policy = self._read(), folder.policy(self.home)
        claims = _claims(request, PRESENTED)
        bundle = self._fetch(claims["evidence"]["sha256"], claims["seat"]["name"])
        finding = admission.appraise(ledger, request, bundle, policy)
        folder.archive(self.home).put(bundle)
        return self._issue(ledger, "node.appraised", finding.claims)

    def propose(self, change: Mapping[str, object]) -> Path:
        """Write `proposal.made`; `change` holds its claims but for the constitution that it is about."""
        ledger = self._read()
        return self._issue(ledger, PROPOSED, {"about": ledger.constitution.digest, **change})

    def propose_seat(self, request: bytes, reason: str) -> Path:
        """Write `proposal.made` for the seat of a request: its admission, or new keys for who has one."""
        seat = _claims(request, PRESENTED)["seat"]
        held = seat["name"] in self._read().constitution.names
        kind = ProposalKind.ROTATION if held else ProposalKind.ADMISSION
        return self.propose({"kind": str(kind), "member": seat["name"], "seat": seat, "reason": reason})

    def vote(self, proposal: bytes, *, favour: bool = True) -> Path:
        """Write `vote.cast` on a proposal, the statement's bytes."""
        name = consortium.proposal_of(_claims(proposal, PROPOSED)).id
        return self._issue(self._read(), "vote.cast", {"proposal": name, "favour": favour})

    def entry(self, index: int) -> bytes:
        """Return the entry at `index` of the final ledger; raises `NotHere` where it ends before."""
        ledger = self._read()
        if not 0 <= index < ledger.size:
            raise NotHere(what=Text(f"第 {index} 条", f"entry {index}"))
        return ledger.log.entry(index)

    # An epoch.

    def call(self, attempt: int) -> str:
        """Return this member's call for the epoch after the newest that any node can show; raises `BadRequest`."""
        if not 0 < attempt <= MAX_NUMBER:
            raise BadRequest(why=Text(f"尝试的编号须为 1 至 {MAX_NUMBER}", f"attempts are numbered 1 to {MAX_NUMBER}"))
        record, _ = reading.present_epoch(self.nodes, self.first)
        signature = folder.signers(self.home, self.package).witness.sign(call_message(record, attempt))
        return f"{self.name} {signature.hex()}"

    def consent(self, sequencer: PublicKey) -> str:
        """Return this member's consent to another sequencer of the epoch after the newest that any node can show."""
        record, _ = reading.present_epoch(self.nodes, self.first)
        signature = folder.signers(self.home, self.package).witness.sign(Consent.message(record, sequencer))
        return f"{self.name} {signature.hex()}"

    def convene(
        self, attempt: int, calls: Mapping[str, bytes], patience: float = 60, consent: Consent | None = None
    ) -> Path:
        """Carry an attempt from node to node and write `epoch.started`; raises as `convening.convene`."""
        ledger = self._read()
        epoch = ledger.record, ledger.constitution
        start = convening.convene(self.nodes, epoch, attempt, calls, consent, patience)
        return self._issue(ledger, "epoch.started", {"start": start.encode()})

    def _read(self) -> Reading:
        return reading.read(self.nodes, self.first)

    def _fetch(self, digest: bytes, holder: str) -> bytes:
        """Return evidence from the own archive, from its holder, or from who has it too; raises `NotReached`."""
        with suppress(NotHere):
            return folder.archive(self.home).get(digest)
        nodes = sorted(self.nodes, key=lambda node: node.name != holder)
        return next(_answers(nodes, lambda node: node.evidence(digest)))

    def _issue(self, ledger: Reading, kind: str, claims: Mapping[str, object]) -> Path:
        """Write a statement of the member about itself, or its draft, and return the file."""
        draft, _ = envelope.compose(
            kind,
            environment=ledger.genesis.draft.environment,
            issuer=self.name,
            subject=self.name,
            issued_at=self.clock() // instant.SECOND,
            claims=claims,
            salt=lambda: secrets.token_bytes(SALT_SIZE),
        )
        signer = folder.organisation(self.home)
        content = envelope.sign(draft, (), signer) if signer else envelope.encode_draft(draft)
        path = self.home / "statements" / f"{kind}-{hashing.sha256(content).hex()[:_SHORT]}"
        path = path.with_name(f"{path.name}.{'statement' if signer else 'draft'}")
        write(path, content)
        return path


def enrol(home: Path, registrar: Path, clock: Clock = now, tcti: str = "") -> Path:
    """Have the registrar in a folder certify the attestation key of the node in `home`, or certify it anew.

    The TPM is from now on the one that answers at `tcti`; without it, the one that the node has, or a software TPM that
    is made. Raises `WithoutTpm`, and as `Manufacturer.make`, `attesting`, `Registrar.challenge` and `certify`.
    """
    folder.check_tpm(home)
    place, name = home / folder.TPM, folder.name(home)
    if tcti and place.is_dir():
        why = Text("其中是软件 TPM；请先将该文件夹移走", "a software TPM is there; move that folder away first")
        raise WrongFolder(path=place, why=why)
    if tcti:
        write(place, f"{tcti}\n".encode())
    elif not place.exists():
        Manufacturer(registrar / _MAKER).make(place, name)
    with closing(Registrar.open(registrar)) as office:
        with attesting(place, State(measure(), _NO_CONSTITUTION)) as attester:
            challenge = office.challenge(attester.request(), clock())
            answer = attester.activate(challenge.credential)
        certificate = office.certify(challenge.number, answer, clock())
        collateral = office.collateral(certificate, clock())
    write(home / folder.COLLATERAL, canonical.encode(collateral))
    return home / folder.COLLATERAL


def revoke(registrar: Path, shown: bytes, clock: Clock = now) -> None:
    """Let the registrar's certificate in `shown`, a bundle of evidence or a node's `collateral`, count no more.

    Raises `NoRegistrar`, `NotCanonical`, `BadEvidence`, `NotCertified`, and `NoPart` where there is no certificate.
    """
    match canonical.decode(shown, what=Text("证据", "evidence")):
        case {"chain": bytes(certificates)} | [str(), dict(), {"chain": bytes(certificates)}]:
            with closing(Registrar.open(registrar)) as office:
                office.revoke(certificates, clock())
        case _:
            raise NoPart(what=Text("证书链", "certificate chain"))


def found_registrar(place: Path, clock: Clock = now, makers: Iterable[bytes] = ()) -> bytes:
    """Found a registrar of TPMs by `makers`, chains as `Registrar.found` takes them, and return its anchor.

    Without any it is for development, with a maker of software TPMs beside it. Raises `RegistrarExists`, `BadEvidence`,
    and as `Manufacturer.make`.
    """
    known = list(makers) or [_found_maker(place)]
    with closing(Registrar.found(place, known, clock())) as office:
        return office.anchor


def _found_maker(place: Path) -> bytes:
    maker = Manufacturer(place / _MAKER)
    with tempfile.TemporaryDirectory() as scratch:
        maker.make(Path(scratch) / "tpm", "first")  # the maker's authority comes about with its first TPM
    return maker.chain


def development_policy(anchor: bytes, name: str, seats: int, fresh_seconds: int) -> Policy:
    """Return the policy of a ledger whose nodes attest by software TPMs; what may run there the constitution says."""
    return Policy(name, {FORMAT: Rule(frozenset({anchor}), ())}, {tpm.FAMILY: seats}, fresh_seconds)


def read_signatures(lines: str) -> dict[str, bytes]:
    """Return calls or consents by member from lines as `Operator` returns them; raises `BadRequest`."""
    try:
        return {name: bytes.fromhex(signature) for name, signature in map(str.split, lines.splitlines())}
    except ValueError:
        raise BadRequest(why=Text("有一行不是名称加签名", "a line is not a name and a signature")) from None


def _answers(nodes: Iterable[Peer], question: Callable[[Peer], T]) -> Iterator[T]:
    """Yield what nodes answer, at least one; raises `NotReached` with what the last one said."""
    answered, why = False, Text("没有可询问的节点", "there is no node to ask")
    for node in nodes:
        try:
            yield question(node)
        except HallmarkError as error:
            why = Text(error.explain("zh"), error.explain("en"))
        else:
            answered = True
    if not answered:
        raise NotReached(node=Text("每个节点", "every node"), why=why)


def _claims(statement: bytes, kind: str) -> Mapping[str, Any]:
    """Return the claims of a statement of that kind; raises `BadRequest`, and as `envelope.parse`."""
    draft = envelope.parse(statement).draft
    if draft.kind.name != kind:
        raise BadRequest(why=Text(f"不是 {kind} 声明", f"it is no statement of kind {kind}"))
    return draft.public
