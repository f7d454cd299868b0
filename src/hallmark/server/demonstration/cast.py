"""Who is in the demonstration. All of them are personas, and their keys lie in the data folder for anyone to try."""

from __future__ import annotations

from dataclasses import dataclass

from hallmark.kernel.text import Text
from hallmark.statement.kind import Role


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation with its people: login -> (name, functions)."""

    role: Role
    name: Text
    address: str
    people: dict[str, tuple[str, tuple[str, ...]]]
    code: str = ""


OPERATOR = Text("演示登记簿运营方", "Demonstration Registry Operator")
OWNER = Text("演示央行", "Demonstration Central Bank")
ADDRESS = "演示城市示例路 1 号 · 1 Example Road, Demonstration City"
REGISTRAR = ("olga", "Olga Registrar")
PASSWORD = "demonstration only"  # noqa: S105 - it is printed for everybody, on a development ledger

CAST: dict[str, Member] = {
    "owner": Member(Role.OWNER, OWNER, ADDRESS, {"bea": ("Bea Owner", ("manager",))}),
    "lotus": Member(
        Role.APPLICANT,
        Text("莲花支付科技有限公司", "Lotus Payment Technology"),
        "演示城市莲花路 8 号 · 8 Lotus Road",
        {"alice": ("Alice Maker", ("manager", "applicant_representative"))},
    ),
    "jade": Member(
        Role.APPLICANT,
        Text("玉石移动软件公司", "Jade Mobile Software"),
        "演示城市玉石街 3 号 · 3 Jade Street",
        {"charlie": ("Charlie Maker", ("manager", "applicant_representative"))},
    ),
    "northern": Member(
        Role.BODY,
        Text("北方认证中心", "Northern Certification Centre"),
        "演示城市北方大道 10 号 · 10 Northern Avenue",
        {
            "dora": ("Dora Officer", ("manager", "case_officer")),
            "erin": ("Erin Auditor", ("auditor",)),
            "frank": ("Frank Reviewer", ("reviewer",)),
            "grace": ("Grace Decider", ("decision_maker",)),
            "kate": ("Kate Decider", ("decision_maker",)),
            "henry": ("Henry Responsible", ("responsible_person",)),
        },
        code="NORTH",
    ),
    "southern": Member(
        Role.BODY,
        Text("南方认证中心", "Southern Certification Centre"),
        "演示城市南方大道 11 号 · 11 Southern Avenue",
        {"sam": ("Sam Manager", ("manager",))},
        code="SOUTH",
    ),
    "meridian": Member(
        Role.LABORATORY,
        Text("子午检测实验室", "Meridian Testing Laboratory"),
        "演示城市子午路 5 号 · 5 Meridian Road",
        {
            "ivan": ("Ivan Tester", ("tester",)),
            "judy": ("Judy Signatory", ("manager", "authorised_signatory")),
        },
    ),
    "zenith": Member(
        Role.LABORATORY,
        Text("天顶芯片实验室", "Zenith Chip Laboratory"),
        "演示城市天顶路 6 号 · 6 Zenith Road",
        {"leo": ("Leo Tester", ("tester",)), "mona": ("Mona Signatory", ("manager", "authorised_signatory"))},
    ),
    "harbour": Member(
        Role.JURISDICTION,
        Text("海港市场监督管理局", "Harbour Market Regulation"),
        "演示城市海港路 2 号 · 2 Harbour Road",
        {"nina": ("Nina Inspector", ("manager", "inspector"))},
    ),
}

FOUNDERS = ("operator", "owner", "harbour", "northern", "southern", "meridian", "zenith")
"""Who keeps the ledger together: registry, central bank, market regulator, two bodies, two laboratories."""

DESIGNATIONS = (
    ("northern", "certification", ("CFP-01", "CFP-02")),
    ("meridian", "testing", ("CFP-01",)),
    ("zenith", "testing", ("CFP-02",)),
)

# Numbers that no source gives. The scheme owner must set them; these are the demonstration's.
BASIS = "chosen for the demonstration; no source that was seen gives a value"
PARAMETERS: dict[str, object] = {
    "nonconformity_major_days": 90,
    "nonconformity_minor_days": 60,
    "appeal_days": 15,
    "CLI-01.newer_scheme_from": 24,
    "CLI-09.entropy_bits": "4.0",
    "CLI-15.tls_versions": ["TLSv1.2", "TLSv1.3"],
    **{f"RND-{number:02}.retests": 1 for number in range(1, 20)},
}
