"""What evidence stands on: the registrar of TPMs, the appraisal policy, sealed keys; and evidence verified by hand."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from hallmark.attestation import policy_text
from hallmark.attestation.formats import FORMATS, Bundle
from hallmark.kernel import instant
from hallmark.kernel.text import Text
from hallmark.node import acts, examination, folder
from hallmark.node.archive import write
from hallmark.node.commands.command import FOLDER, HEX, Command, option


def _found_registrar(given: Namespace) -> str:
    makers = [path.read_bytes() for path in given.maker or ()]
    return acts.found_registrar(given.folder, makers=makers).hex()


def _write_policy(given: Namespace) -> str:
    policy = acts.development_policy(given.anchor, given.name, given.seats, given.fresh)
    write(given.folder / folder.POLICY, policy.encode())
    return policy.digest.hex()


def _import_policy(given: Namespace) -> str:
    policy = policy_text.read(given.text.read_bytes())
    write(given.folder / folder.POLICY, policy.encode())
    return policy.digest.hex()


def _verify_evidence(given: Namespace) -> str:
    if given.evidence:
        shown = Bundle.decode(given.evidence.read_bytes())
    else:
        shown = examination.bundle(given.format or "-", given.part or ())
    if given.archive:
        write(given.archive, shown.encode())
    at = instant.parse(given.at) if given.at else acts.now()
    return examination.write(examination.examine(shown, given.anchor or (), at), at)


def _seal(given: Namespace) -> None:
    folder.seal(given.folder, given.code)


def _part(text: str) -> tuple[str, Path]:
    name, separator, path = text.partition("=")
    if not (name and separator and path):
        raise ValueError(text)
    return name, Path(path)


_REGISTRAR = ("registrar", "登记方的文件夹", "the registrar's folder")
COMMANDS: Mapping[str, Command] = {
    "registrar": Command(
        Text(
            "创立 TPM 登记方，给出其信任锚；未给出制造方时供开发使用，并附软件 TPM 制造方",
            "found a registrar of TPMs and print its anchor; without makers for development, with one of its own",
        ),
        _found_registrar,
        (
            option(
                "folder",
                "存放其台账与制造方密钥的文件夹",
                "where its journal and its maker's authority will be",
                type=Path,
                required=True,
            ),
            option(
                "maker",
                "所认可的 TPM 制造方证书链（PEM，根在最后），每个颁发者一份",
                "chains of TPM makers that it knows, PEM with the root last, a file for each issuer",
                type=Path,
                nargs="+",
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
            FOLDER,
            option("name", "策略名称", "what the policy is called", required=True),
            option("anchor", "登记方给出的信任锚", "the registrar's anchor, as it printed it", type=HEX, required=True),
            option(
                "seats",
                "可用软件 TPM 的成员数",
                "how many members may run on software TPMs",
                type=int,
                required=True,
            ),
            option("fresh", "证据有效的秒数", "for how many seconds evidence counts", type=int, required=True),
        ),
    ),
    "import-policy": Command(
        Text(
            "写入以 JSON 文本拟定的鉴定策略，给出供提案或写进章程的摘要",
            "write an appraisal policy that is drawn up as JSON, and print the digest to propose or to found on",
        ),
        _import_policy,
        (FOLDER, option("text", "策略的 JSON 文本", "the policy's text, JSON", type=Path, required=True)),
    ),
    "show-policy": Command(
        Text(
            "以 JSON 文本给出文件夹中的鉴定策略",
            "print the appraisal policy in the folder as JSON, to read before a vote",
        ),
        lambda given: policy_text.write(folder.policy(given.folder)),
        (FOLDER,),
    ),
    "enrol": Command(
        Text(
            "由登记方认证节点 TPM 的密钥；尚无 TPM 时先制作",
            "have a registrar certify the key of the node's TPM, which is made where there is none",
        ),
        lambda given: acts.enrol(given.folder, given.registrar, tcti=given.tcti),
        (
            FOLDER,
            option(*_REGISTRAR, type=Path, required=True),
            option(
                "tcti",
                "机器自身 TPM 的访问方式，如 device:/dev/tpmrm0；缺省为软件 TPM",
                "how the machine's own TPM is reached, as device:/dev/tpmrm0; without it a software TPM",
                default="",
            ),
        ),
    ),
    "revoke": Command(
        Text(
            "吊销登记方签发的证书；此后签发的吊销列表均含该证书",
            "revoke a certificate of the registrar's: lists that it signs from now on name it",
        ),
        lambda given: acts.revoke(given.registrar, given.evidence.read_bytes()),
        (
            option(*_REGISTRAR, type=Path, required=True),
            option(
                "evidence",
                "含该证书的文件：节点存档的证据，或节点文件夹中的 collateral",
                "file with the certificate: evidence as nodes archive it, or collateral of a node's folder",
                type=Path,
                required=True,
            ),
        ),
    ),
    "verify-evidence": Command(
        Text(
            "验证证明证据截至某时的内容，给出其各项声明；是否可接受由策略判定",
            "verify evidence as of a time and print its claims; whether they are acceptable a policy says",
        ),
        _verify_evidence,
        (
            option("evidence", "节点存档的证据", "evidence as nodes archive it", type=Path),
            option("format", "或：厂商文件的格式", "or else the format of a vendor's files", choices=[*FORMATS]),
            option(
                "part",
                "名称=文件，如 report=report.bin，可多次给出；见 docs/spec/attestation.md",
                "name=file, as report=report.bin, again for more; see docs/spec/attestation.md",
                type=_part,
                action="append",
            ),
            option(
                "anchor",
                "信任锚，可多次给出；缺省为厂商公布的根",
                "trust anchor, again for more; without it the vendor's published roots",
                type=HEX,
                action="append",
            ),
            option("at", "截至何时（RFC 3339）；缺省为现在", "as of when, RFC 3339; without it now"),
            option("archive", "写出供存档的证据包", "where to write evidence and collateral as one bundle", type=Path),
        ),
    ),
    "seal": Command(
        Text(
            "将节点密钥封存于其 TPM（绑定代码与章程），并移除明文密钥",
            "seal the node's keys in its TPM under code and constitution, and remove them where they lie open",
        ),
        _seal,
        (
            FOLDER,
            option(
                "code",
                "将要安装的版本的度量值；缺省为现版本",
                "measurement of a release to come; without it the present",
                type=HEX,
            ),
        ),
    ),
    "renew-sealing-key": Command(
        Text(
            "另建密封密钥，下次启动节点时起公告；旧密钥保留以打开以往内容",
            "make another sealing key, announced from the next start on; older ones open what was sealed to them",
        ),
        lambda given: folder.renew_sealing_key(given.folder),
        (FOLDER,),
    ),
}
