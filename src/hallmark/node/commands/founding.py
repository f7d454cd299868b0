"""Founding a consortium from house to house, and running a node."""

from __future__ import annotations

import json
import logging
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from hallmark.consortium.constitution import Constitution
from hallmark.kernel.text import Text
from hallmark.ledger.note import from_decimal
from hallmark.node import folder, founding, running
from hallmark.node.archive import write
from hallmark.node.attester.errors import WithoutTpm
from hallmark.node.attester.measurement import measure
from hallmark.node.commands.command import FILES, FOLDER, HEX, Command, option
from hallmark.rules.ledger import VERSION
from hallmark.verify.bundle import TrustBundle


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
    to_stderr = logging.StreamHandler()
    to_stderr.setFormatter(running.OneLine("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[to_stderr])
    try:
        folder.check_tpm(given.folder)
    except WithoutTpm as warned:
        logging.getLogger(__name__).warning("%s", warned)
    running.serve(folder.open_node(given.folder), given.folder, given.listen, attended=given.attended)


def _address(text: str) -> tuple[str, int]:
    host, _, number = text.rpartition(":")
    port = from_decimal(number)
    if not host or port is None or port >= 1 << 16:
        raise ValueError(text)
    return host, port


COMMANDS: Mapping[str, Command] = {
    "create": Command(
        Text(
            "建立节点文件夹与密钥，写出供其他创始成员使用的席位",
            "make a node's folder and keys, and the seat for the others",
        ),
        _create,
        (
            FOLDER,
            option("name", "成员机构编号", "identifier of the member, an organisation", required=True),
            option("family", "TEE 系列，软件 TPM 为 tpm", "the family of TEE; tpm for a software TPM", required=True),
            option("product", "该产品的证书编号", "certificate of that product, if it has one", default=""),
        ),
    ),
    "agree": Command(
        Text(
            "由全体席位、策略与代码写出章程，给出其摘要以供比对",
            "write the constitution from all seats, the policy and the code, and print its digest to compare",
        ),
        _agree,
        (
            FOLDER,
            option("seats", "全体创始成员的席位文件", "files with the seats of all founders", **FILES),
            option("trust", "账本现行信任包", "the trust bundle of the ledger as it is", type=Path, required=True),
            option(
                "code",
                "节点可运行代码的度量值，可多次给出；缺省为本版本",
                "measurement of code that nodes may run, again for more; without it the present",
                type=HEX,
                action="append",
            ),
        ),
    ),
    "commit": Command(
        Text("签署该章程下首个纪元的启动", "sign the start of the first epoch under that constitution"),
        _commit,
        (FOLDER,),
    ),
    "found": Command(
        Text(
            "汇总全体创始成员的签署，写出运营方 consortium.founded 声明的声明项",
            "put the founders' commits together, as claims of the operator's statement consortium.founded",
        ),
        _found,
        (FOLDER, option("commits", "全体创始成员的签署文件", "files with the commits of all founders", **FILES)),
    ),
    "run": Command(
        Text("运行节点，直至收到信号", "run the node until a signal ends it"),
        _run,
        (
            FOLDER,
            option(
                "listen",
                "地址与端口；端口 0 表示任选空闲端口",
                "address and port; port 0 takes a free one",
                type=_address,
                default="127.0.0.1:0",
            ),
            option("attended", "标准输入结束时停止", "end when the standard input does", action="store_true"),
        ),
    ),
    "measure": Command(
        Text("给出所安装版本的度量值", "print the measurement of the release that is installed"),
        lambda _given: measure().hex(),
    ),
}
