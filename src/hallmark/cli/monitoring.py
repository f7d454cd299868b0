"""The command `monitor`, as data."""

from __future__ import annotations

from collections.abc import Callable

from hallmark.cli.grammar import Command, Option, option
from hallmark.kernel.text import Text
from hallmark.node.monitor.threshold import THRESHOLDS


def _whole(least: int) -> Callable[[str], int]:
    def whole(text: str) -> int:
        if (number := int(text)) < least:
            raise ValueError
        return number

    return whole


COMMAND = Command(
    "monitor",
    Text(
        "从外部跟踪账本：签名、历史、规则、节点与异常",
        "follow the ledger from outside: signatures, history, rules, nodes",
    ),
    "monitor:monitor",
    (
        option("--once", "只看一次", "look once", action="store_true"),
        option("--every", "间隔秒数", "seconds between looks", type=_whole(1), default=60, metavar="SECONDS"),
        option("--log", "登记簿日志地址，默认为服务器的 /log", "address of the log, the server's /log if left out"),
        option(
            "--node", "节点，可重复", "a member's node, repeatable", action="append", default=[], metavar="NAME=URL"
        ),
        option("--trust", "信任包", "the trust bundle"),
        option("--state", "记录所见与证据的目录", "folder of what was seen and of proofs", metavar="DIR"),
        option("--store", "已停止节点的存储或其副本：据以重放全部规则", "store of a stopped node, to replay all rules"),
        option("--strict", "提示也算问题", "what is worth a look counts too", action="store_true"),
        *(
            Option(f"--{each.name}", each.words, {"type": _whole(0), "default": each.default, "metavar": "N"})
            for each in THRESHOLDS
        ),
    ),
)
