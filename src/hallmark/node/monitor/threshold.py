"""The numbers from which a monitor speaks. They are choices of whoever runs it, and no norm's; each is an option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hallmark.kernel.text import Text


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number by its name, the value that is used where nobody chose another, and what it counts."""

    name: str
    default: int
    words: Text


THRESHOLDS = (
    Threshold("late-minutes", 10, Text("节点落后多少分钟算迟", "minutes behind from which a node is late")),
    Threshold("clock-minutes", 5, Text("时钟相差多少分钟算有误", "minutes from which a member's clock is wrong")),
    Threshold(
        "status-minutes", 90, Text("状态公布间隔上限（分钟）", "most minutes between two statements of the status")
    ),
    Threshold("burst-count", 20, Text("多少张证书算突增", "certificates that make a burst")),
    Threshold("burst-days", 7, Text("突增的期间（日）", "days in which they are issued")),
    Threshold(
        "refusal-days", 180, Text("他处结案多少日内颁证", "days from the end of a case to a certificate elsewhere")
    ),
    Threshold("quick-hours", 24, Text("评价短于多少小时算快", "hours below which an evaluation is quick")),
    Threshold("quick-share", 50, Text("快速评价占比上限（%）", "most per cent of a body's evaluations that are quick")),
    Threshold("quick-count", 5, Text("达到多少张证书后计占比", "certificates from which the share is taken")),
    Threshold("pair-count", 10, Text("同一人员为同一申请方评价次数", "evaluations by one person for one applicant")),
    Threshold("pair-days", 365, Text("评价次数的期间（日）", "days in which they are made")),
    Threshold("flip-count", 3, Text("同一证书暂停次数", "suspensions of one certificate")),
    Threshold("flip-days", 365, Text("暂停次数的期间（日）", "days in which they happen")),
    Threshold("back-hours", 6, Text("声明早于入账多少小时", "hours by which a statement is older than its entry")),
    Threshold("close-minutes", 30, Text("答复后多少分钟内关闭不符合项", "minutes from answer to closure")),
    Threshold("key-hours", 24, Text("换钥后多少小时内作决定", "hours from a new key to a decision by it")),
    Threshold("amend-count", 3, Text("同一案件报告修改次数", "amended reports in one case")),
)

DEFAULTS: Mapping[str, int] = {each.name: each.default for each in THRESHOLDS}
