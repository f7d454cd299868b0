"""What a node's operator does by hand, as data: each command with its words, its function and its options."""

from __future__ import annotations

import json
import logging
from argparse import Namespace
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hallmark.consortium.constitution import Constitution, ProposalKind
from hallmark.kernel.text import Text
from hallmark.node import acts, folder, founding, running
from hallmark.node.acts import Operator
from hallmark.node.archive import write
from hallmark.node.attester.measurement import measure
from hallmark.rules.ledger import VERSION
from hallmark.verify.bundle import TrustBundle


@dataclass(frozen=True)
class Option:
    """An option `--name`, and what `argparse` is told of it."""

    name: str
    words: Text
    more: Mapping[str, Any]


@dataclass(frozen=True)
class Command:
    """A command: what it does, the function whose answer is printed, and its options."""

    words: Text
    act: Callable[[Namespace], object]
    options: tuple[Option, ...] = ()


def _create(given: Namespace) -> Path:
    founding.create(given.folder, given.name, given.family, given.product)
    path: Path = given.folder / founding.SEAT
    return path


def _agree(given: Namespace) -> str:
    """Ledger, sequencer and whether it is for development come from the trust bundle of the operator who keeps it."""
    bundle = TrustBundle.parse(given.trust.read_bytes())
    log = bundle.policy.logs[0]
    agreed = Constitution(
        ledger=log.name,
        members=tuple(founding.read_seat(path.read_bytes()) for path in given.seats),
        sequencer=log.key,
        attestation=folder.policy(given.folder).digest,
        code=tuple(given.code or (measure(),)),
        rules=VERSION,
        development=bundle.development,
    )
    founding.agree(given.folder, agreed)
    return agreed.digest.hex()


def _commit(given: Namespace) -> Path:
    founding.commit(given.folder)
    path: Path = given.folder / founding.COMMIT
    return path


def _found(given: Namespace) -> Path:
    _, constitution = folder.identity(given.folder)
    start = founding.start(constitution, (path.read_bytes() for path in given.commits))
    path: Path = given.folder / "statements" / "consortium.founded.json"
    write(path, json.dumps({"start": start.encode().hex()}).encode())
    return path


def _run(given: Namespace) -> None:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    running.serve(folder.open_node(given.folder), given.folder, given.listen, attended=given.attended)


def _found_registrar(given: Namespace) -> str:
    return acts.found_registrar(given.folder).hex()


def _write_policy(given: Namespace) -> str:
    policy = acts.development_policy(given.anchor, given.name, given.seats, given.fresh)
    write(given.folder / "policy", policy.encode())
    return policy.digest.hex()


def _seal(given: Namespace) -> None:
    folder.seal(given.folder, given.code)


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


def _convene(given: Namespace) -> Path:
    with Operator(given.folder) as operator:
        return operator.convene(given.attempt, acts.read_calls(given.calls.read_text()))


def _read(operator: Operator, where: str) -> bytes:
    """Return a statement from the ledger by its number, or from a file."""
    return operator.entry(int(where)) if where.isdecimal() else Path(where).read_bytes()


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (host and port.isdecimal() and int(port) < 1 << 16):
        raise ValueError(text)
    return host, int(port)


def _option(name: str, zh: str, en: str, **more: Any) -> Option:
    return Option(name, Text(zh, en), more)


_HEX = bytes.fromhex
_FOLDER = _option(
    "folder", "节点文件夹；见 docs/spec/node.md", "the node's folder; see docs/spec/node.md", type=Path, required=True
)
_ATTEMPT = _option(
    "attempt", "尝试的编号，须大于以往", "number of the attempt, above all before", type=int, required=True
)
_REQUEST = (
    "request",
    "node.presented 声明在账本上的编号，或其文件",
    "number on the ledger of the statement node.presented, or its file",
)
_FILES: Mapping[str, Any] = {"type": Path, "nargs": "+", "required": True}
COMMANDS: Mapping[str, Command] = {
    "create": Command(
        Text(
            "建立节点文件夹与密钥，写出供其他创始成员使用的席位",
            "make a node's folder and keys, and the seat for the others",
        ),
        _create,
        (
            _FOLDER,
            _option("name", "成员机构编号", "identifier of the member, an organisation", required=True),
            _option("family", "TEE 系列，软件 TPM 为 tpm", "the family of TEE; tpm for a software TPM", required=True),
            _option("product", "该产品的证书编号", "certificate of that product, if it has one", default=""),
        ),
    ),
    "agree": Command(
        Text(
            "由全体席位、策略与代码写出章程，给出其摘要以供比对",
            "write the constitution from all seats, the policy and the code, and print its digest to compare",
        ),
        _agree,
        (
            _FOLDER,
            _option("seats", "全体创始成员的席位文件", "files with the seats of all founders", **_FILES),
            _option("trust", "账本现行信任包", "the trust bundle of the ledger as it is", type=Path, required=True),
            _option(
                "code",
                "节点可运行代码的度量值，可多次给出；缺省为本版本",
                "measurement of code that nodes may run, again for more; without it the present",
                type=_HEX,
                action="append",
            ),
        ),
    ),
    "commit": Command(
        Text("签署该章程下首个纪元的启动", "sign the start of the first epoch under that constitution"),
        _commit,
        (_FOLDER,),
    ),
    "found": Command(
        Text(
            "汇总全体创始成员的签署，写出运营方 consortium.founded 声明的声明项",
            "put the founders' commits together, as claims of the operator's statement consortium.founded",
        ),
        _found,
        (_FOLDER, _option("commits", "全体创始成员的签署文件", "files with the commits of all founders", **_FILES)),
    ),
    "run": Command(
        Text("运行节点，直至收到信号", "run the node until a signal ends it"),
        _run,
        (
            _FOLDER,
            _option(
                "listen",
                "地址与端口；端口 0 表示任选空闲端口",
                "address and port; port 0 takes a free one",
                type=_address,
                default="127.0.0.1:0",
            ),
            _option("attended", "标准输入结束时停止", "end when the standard input does", action="store_true"),
        ),
    ),
    "measure": Command(
        Text("给出所安装版本的度量值", "print the measurement of the release that is installed"),
        lambda _given: measure().hex(),
    ),
    "registrar": Command(
        Text(
            "创立开发用登记方及其 TPM 制造方，给出其信任锚",
            "found a registrar for development nodes, with a maker of TPMs, and print its anchor",
        ),
        _found_registrar,
        (
            _option(
                "folder",
                "存放其台账与制造方密钥的文件夹",
                "where its journal and its maker's authority will be",
                type=Path,
                required=True,
            ),
        ),
    ),
    "policy": Command(
        Text(
            "写入开发账本的鉴定策略，给出写进章程的摘要",
            "write the appraisal policy of a development ledger, and print the digest for its constitution",
        ),
        _write_policy,
        (
            _FOLDER,
            _option("name", "策略名称", "what the policy is called", required=True),
            _option(
                "anchor", "登记方给出的信任锚", "the registrar's anchor, as it printed it", type=_HEX, required=True
            ),
            _option(
                "seats",
                "可用软件 TPM 的成员数",
                "how many members may run on software TPMs",
                type=int,
                required=True,
            ),
            _option("fresh", "证据有效的秒数", "for how many seconds evidence counts", type=int, required=True),
        ),
    ),
    "enrol": Command(
        Text(
            "由登记方认证节点 TPM 的密钥；尚无 TPM 时先制作",
            "have a registrar certify the key of the node's TPM, which is made where there is none",
        ),
        lambda given: acts.enrol(given.folder, given.registrar),
        (_FOLDER, _option("registrar", "登记方的文件夹", "the registrar's folder", type=Path, required=True)),
    ),
    "seal": Command(
        Text(
            "将节点密钥封存于其 TPM（绑定代码与章程），并移除明文密钥",
            "seal the node's keys in its TPM under code and constitution, and remove them where they lie open",
        ),
        _seal,
        (
            _FOLDER,
            _option(
                "code",
                "将要安装的版本的度量值；缺省为现版本",
                "measurement of a release to come; without it the present",
                type=_HEX,
            ),
        ),
    ),
    "present": Command(
        Text("以新证据申请席位", "ask for a seat with fresh evidence"),
        _present,
        (_FOLDER,),
    ),
    "appraise": Command(
        Text("按联盟策略鉴定申请所附证据", "judge the evidence of a request by the consortium's policy"),
        _appraise,
        (_FOLDER, _option(*_REQUEST, required=True)),
    ),
    "propose": Command(
        Text("就某申请的席位或其他变更提案", "propose the seat of a request, or another change"),
        _propose,
        (
            _FOLDER,
            _option("reason", "理由，供其他成员阅读", "why, for the others to read", required=True),
            _option(*_REQUEST),
            _option(
                "kind",
                "变更类型，无申请时须给出",
                "what kind of change, where there is no request",
                choices=[*map(str, ProposalKind)],
            ),
            _option("member", "拟移除的成员", "who is to be removed"),
            _option(
                "digest",
                "代码或方案版次的摘要，或定序者的新密钥",
                "of code or of an edition of a scheme, or the sequencer's new key",
                type=_HEX,
            ),
            _option("withdrawn", "不再允许该代码", "the code is no longer allowed", action="store_true"),
            _option("rules", "规则版本", "version of the rules", type=int),
        ),
    ),
    "vote": Command(
        Text("对提案表决", "vote on a proposal"),
        _vote,
        (
            _FOLDER,
            _option(
                "proposal",
                "proposal.made 声明在账本上的编号，或其文件",
                "number on the ledger of the statement proposal.made, or its file",
                required=True,
            ),
            _option("against", "投反对票", "vote against it", action="store_true"),
        ),
    ),
    "call": Command(
        Text("给出本成员对下一纪元的召集", "print the member's call for the next epoch"),
        _call,
        (_FOLDER, _ATTEMPT),
    ),
    "convene": Command(
        Text("将下一纪元的尝试逐节点办理", "carry an attempt at the next epoch from node to node"),
        _convene,
        (
            _FOLDER,
            _ATTEMPT,
            _option(
                "calls",
                "召集文件，每个召集成员一行",
                "file with a line of each member that called",
                type=Path,
                required=True,
            ),
        ),
    ),
}
