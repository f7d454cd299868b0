"""Certificates put together from a market's ledger, rightly and wrongly, and what the server's own verifier says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hallmark.certificate.form import MachineForm, ProvenEntry, ProvenStatus
from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.keys import SoftwareSigner
from hallmark.kernel.text import Text
from hallmark.ledger import cosignature, policy
from hallmark.ledger.checkpoint import Checkpoint
from hallmark.ledger.merkle import leaf_hash
from hallmark.ledger.note import PLAIN, Note, VerifierKey, sign
from hallmark.ledger.sorted_map import SortedMap
from hallmark.ledger.tree import Tree
from hallmark.rules.register import status_leaves
from hallmark.statement import envelope
from hallmark.verify import bundle
from hallmark.verify.bundle import Attested, TrustBundle
from hallmark.verify.certificate import Answer, verify_certificate
from hallmark.verify.file import verify_file
from hallmark.verify.printed import verify_printed
from world.cast import key, org
from world.ledger import ENVIRONMENT
from world.market import Market

LOG = "hallmark/simulated-market/e1"
Outcome = Any


@dataclass
class Parts:
    """A market's ledger as a log with checkpoints; `numbers` are its certificates."""

    market: Market
    numbers: Sequence[str]

    def __post_init__(self) -> None:
        self.entries = [encoded for encoded, _ in self.market.ledger]
        self.statements = [envelope.parse(encoded) for encoded in self.entries]
        self.register = SortedMap(status_leaves(self.market.state))
        self.log = Log(self.entries)

    @property
    def now(self) -> int:
        """An hour after the status was stated."""
        return self.market.clock + 3_600_000

    def find(self, kind: str, subject: str) -> int:
        """Return the index of the last statement of that kind about that subject."""
        found = [(each.draft.kind.name, each.draft.subject) for each in self.statements]
        return len(found) - 1 - found[::-1].index((kind, subject))

    def form(self, number: str, **other: Any) -> MachineForm:
        """Return the machine form of a certificate, with `other` in place of some of its parts."""
        record = self.market.state.get(f"certificate/{number}")
        assert record is not None
        whole = {
            "issued": self.log.prove(self.find("certificate.issued", number)),
            "issuer": self.log.prove(self.find("organisation.registered", org("northern"))),
            "stated": self.log.prove(self.find("status.stated", org("operator"))),
            "status": ProvenStatus(record, self.register.prove_presence(number)),
            "checkpoint": self.log.note,
        }
        return MachineForm(**{**whole, **other})


class Log:
    """Entries under a checkpoint that the log's key signed, and whoever else is asked to."""

    def __init__(self, entries: Sequence[bytes], origin: str = LOG, signer: SoftwareSigner | None = None) -> None:
        self.entries = entries
        self.tree = Tree(map(leaf_hash, entries))
        self.checkpoint = Checkpoint(origin, len(entries), self.tree.root())
        self.note = Note(self.checkpoint.text, (sign(self.checkpoint.text, origin, signer or key("log")),))

    def prove(self, index: int) -> ProvenEntry:
        """Return an entry with its proof."""
        return ProvenEntry(self.entries[index], index, tuple(self.tree.prove_inclusion(index)))

    def cosigned(self, witnesses: Mapping[str, SoftwareSigner], at: int = 1_800_000_000) -> Note:
        """Return the checkpoint with the co-signatures of `witnesses`."""
        lines = [cosignature.sign(self.checkpoint, name, signer, at) for name, signer in witnesses.items()]
        return self.note.with_signatures(lines)


def trust(
    witnesses: Mapping[str, SoftwareSigner] | None = None,
    threshold: int = 0,
    environment: str = ENVIRONMENT,
    signer: SoftwareSigner | None = None,
    attested: Mapping[str, Attested] | None = None,
    *,
    development: bool | None = None,
    origin: str = LOG,
) -> bytes:
    """Return a trust bundle: the log's key, and `threshold` of `witnesses`."""
    log = VerifierKey.of(origin, PLAIN, (signer or key("log")).public)
    cosigners = {name: cosignature.verifier_key(name, each.public) for name, each in (witnesses or {}).items()}
    names = {origin: Text("运营方", "Operator"), **{name: Text(f"见证方{name}", name.title()) for name in cosigners}}
    text = policy.flat([log], cosigners, threshold)
    is_development = not witnesses if development is None else development
    return bundle.write(environment, text, names, development=is_development, attested=attested)


def judge(run: Callable[[], Any]) -> Outcome:
    """Return what `run` returns, or code and sentences of what it raises."""
    try:
        return run()
    except HallmarkError as error:
        return {"code": error.code, "en": error.explain("en"), "zh": error.explain("zh")}


def judge_certificates(cases: Iterable[tuple[Any, ...]], trusted: bytes) -> list[Outcome]:
    """Return the server's verdicts on (form, at[, now])."""
    known = TrustBundle.parse(trusted)

    def verdict(form: bytes, at: int, now: int | None = None) -> Outcome:
        return _shown(verify_certificate(form, known, at, now=now))

    return [judge(lambda case=case: verdict(*case)) for case in cases]


def judge_files(files: Iterable[bytes], trusted: bytes, at: int) -> list[Outcome]:
    """Return the server's verdicts on files; `page` is whether the page was checked, None where there is none."""
    known = TrustBundle.parse(trusted)

    def verdict(data: bytes) -> Outcome:
        answer, page = verify_file(data, known, at)
        return {**_shown(answer), "page": page}

    return [judge(lambda file=file: verdict(file)) for file in files]


def judge_printed(codes: Iterable[str], trusted: bytes) -> list[Outcome]:
    """Return the server's verdicts on printed codes."""
    known = TrustBundle.parse(trusted)
    return [judge(lambda code=code: _shown(verify_printed(code, known))) for code in codes]


def _shown(answer: Answer) -> Outcome:
    return {
        "number": answer.number,
        "status": str(answer.status),
        "since": answer.reading.since,
        "reason": answer.reading.reason_code,
        "digest": answer.record_digest.hex(),
        "known_at": answer.known_at,
        "age": answer.age,
        "vouched_by": [name._asdict() for name in answer.vouched_by],
        "attested": [
            [name._asdict(), {"family": how.family, "acceptedBy": how.accepted_by, "at": how.at} if how else None]
            for name, how in answer.attested
        ],
        "development": answer.development,
        "why": answer.why._asdict() if answer.why else None,
    }


def same(mine: Sequence[Outcome], theirs: Sequence[Outcome]) -> None:
    """Assert that two lists of outcomes are the same, showing the first pair that differs."""
    assert len(mine) == len(theirs)
    for index, pair in enumerate(zip(mine, theirs, strict=True)):
        assert pair[0] == pair[1], (index, pair)


def codes(outcomes: Iterable[Outcome]) -> set[str]:
    """Return which breaches there were; `ok` stands for none."""
    return {outcome["code"] if isinstance(outcome, dict) and "code" in outcome else "ok" for outcome in outcomes}
