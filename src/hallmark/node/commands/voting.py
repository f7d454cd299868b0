"""Getting a seat, judging who asks for one, proposals and votes, and the next epoch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from hallmark.consortium.constitution import ProposalKind
from hallmark.consortium.epoch import Consent
from hallmark.kernel.keys import ED25519, PublicKey
from hallmark.kernel.text import Text
from hallmark.ledger.note import from_decimal
from hallmark.node import acts
from hallmark.node.acts import Operator
from hallmark.node.commands.command import FOLDER, HEX, Command, option


def _propose(given: Namespace) -> Path:
    with Operator(given.folder) as operator:
        if given.request:
            return operator.propose_seat(_read(operator, given.request), given.reason)
        named = {name: getattr(given, name) for name in ("kind", "member", "digest", "withdrawn", "rules", "reason")}
        return operator.propose({name: value for name, value in named.items() if value})


def _vote(given: Namespace) -> Path:
    with Operator(given.folder) as operator:
        return operator.vote(_read(operator, given.proposal), favour=not given.against)


def _appraise(given: Namespace) -> Path:
    with Operator(given.folder) as operator:
        return operator.appraise(_read(operator, given.request))


def _present(given: Namespace) -> Path:
    with Operator(given.folder) as operator:
        return operator.present()


def _call(given: Namespace) -> str:
    with Operator(given.folder) as operator:
        return operator.call(given.attempt)


def _consent(given: Namespace) -> str:
    with Operator(given.folder) as operator:
        return operator.consent(_sequencer(given))


def _convene(given: Namespace) -> Path:
    consent = None
    if given.consents:
        consent = Consent(_sequencer(given), acts.read_signatures(_lines(given.consents)))
    with Operator(given.folder) as operator:
        return operator.convene(given.attempt, acts.read_signatures(_lines(given.calls)), consent=consent)


def _sequencer(given: Namespace) -> PublicKey:
    key = PublicKey(ED25519, given.sequencer or b"")
    key.check()
    return key


def _lines(path: Path) -> str:
    return path.read_bytes().decode(errors="replace")


def _read(operator: Operator, where: str) -> bytes:
    """Return a statement from the ledger by its number, or from a file."""
    number = from_decimal(where)
    return Path(where).read_bytes() if number is None else operator.entry(number)


_ATTEMPT = option(
    "attempt", "尝试的编号，须大于以往", "number of the attempt, above all before", type=int, required=True
)
_REQUEST = (
    "request",
    "node.presented 声明在账本上的编号，或其文件",
    "number on the ledger of the statement node.presented, or its file",
)
_SEQUENCER = (
    "sequencer",
    "新定序者的 Ed25519 公钥，十六进制",
    "the other sequencer's Ed25519 public key, in hexadecimal",
)
COMMANDS: Mapping[str, Command] = {
    "present": Command(
        Text("以新证据申请席位", "ask for a seat with fresh evidence"),
        _present,
        (FOLDER,),
    ),
    "appraise": Command(
        Text("按联盟策略鉴定申请所附证据", "judge the evidence of a request by the consortium's policy"),
        _appraise,
        (FOLDER, option(*_REQUEST, required=True)),
    ),
    "propose": Command(
        Text("就某申请的席位或其他变更提案", "propose the seat of a request, or another change"),
        _propose,
        (
            FOLDER,
            option("reason", "理由，供其他成员阅读", "why, for the others to read", required=True),
            option(*_REQUEST),
            option(
                "kind",
                "变更类型，无申请时须给出",
                "what kind of change, where there is no request",
                choices=[*map(str, ProposalKind)],
            ),
            option("member", "拟移除的成员", "who is to be removed"),
            option(
                "digest",
                "代码、方案版次或鉴定策略的摘要，或定序者的新密钥",
                "of code, of an edition of a scheme or of an appraisal policy, or the sequencer's new key",
                type=HEX,
            ),
            option("withdrawn", "不再允许该代码", "the code is no longer allowed", action="store_true"),
            option("rules", "规则版本", "version of the rules", type=int),
        ),
    ),
    "vote": Command(
        Text("对提案表决", "vote on a proposal"),
        _vote,
        (
            FOLDER,
            option(
                "proposal",
                "proposal.made 声明在账本上的编号，或其文件",
                "number on the ledger of the statement proposal.made, or its file",
                required=True,
            ),
            option("against", "投反对票", "vote against it", action="store_true"),
        ),
    ),
    "call": Command(
        Text("给出本成员对下一纪元的召集", "print the member's call for the next epoch"),
        _call,
        (FOLDER, _ATTEMPT),
    ),
    "consent": Command(
        Text(
            "给出本成员对下一纪元更换定序者的同意；供定序者不受理投票时使用",
            "print the member's consent to another sequencer of the next epoch, where this one lets no vote through",
        ),
        _consent,
        (FOLDER, option(*_SEQUENCER, type=HEX, required=True)),
    ),
    "convene": Command(
        Text("将下一纪元的尝试逐节点办理", "carry an attempt at the next epoch from node to node"),
        _convene,
        (
            FOLDER,
            _ATTEMPT,
            option(
                "calls",
                "召集文件，每个召集成员一行",
                "file with a line of each member that called",
                type=Path,
                required=True,
            ),
            option(
                "consents",
                "对更换定序者的同意文件，每个同意的成员一行",
                "file with a line of each member that consented to another sequencer",
                type=Path,
            ),
            option(*_SEQUENCER, type=HEX),
        ),
    ),
}
