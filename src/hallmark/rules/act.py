"""One statement in front of the rules: its claims, who issued it, what is so, and what time it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from hallmark.kernel import instant
from hallmark.kernel.errors import Missing, Refusal
from hallmark.kernel.text import Text
from hallmark.rules.edition import Edition
from hallmark.rules.state import Overlay, Record
from hallmark.statement.envelope import Draft

THINGS: Mapping[str, Text] = {
    "ledger": Text("账本", "ledger"),
    "organisation": Text("机构", "organisation"),
    "person": Text("人员", "person"),
    "competence": Text("能力记录", "competence"),
    "designation": Text("指定", "designation"),
    "case": Text("案件", "case"),
    "certificate": Text("证书", "certificate"),
    "nonconformity": Text("不符合项", "nonconformity"),
    "proposal": Text("提案", "proposal"),
    "request for a seat": Text("席位申请", "request for a seat"),
    "currency": Text("货币", "currency"),
}
"""What a record is of."""


class NotRegistered(Missing):
    """A statement names something that no statement has brought about."""

    en = "There is no {what} {which} on the ledger. Check the identifier, or register it first."
    zh = "账本上不存在{what} {which}。请核对编号或先行登记。"


class NotYetFounded(Refusal):
    """Before genesis nothing may happen but genesis."""

    en = "The ledger has not been founded. Its first statement must be ledger.founded."
    zh = "账本尚未创立。首条声明必须是 ledger.founded。"


@dataclass
class Act:
    """A statement at its place in the ledger; `claims` are the public and the disclosed members' claims."""

    state: Overlay
    draft: Draft
    claims: dict[str, Any]
    approvers: dict[str, str]
    """Function -> person, merged persons resolved."""

    @property
    def kind(self) -> str:
        return self.draft.kind.name

    @property
    def issuer(self) -> str:
        return self.draft.issuer

    @property
    def subject(self) -> str:
        return self.draft.subject

    @property
    def now(self) -> int:
        """The last time told, ms since 1970 UTC."""
        now: int = self.need("ledger", "ledger", "")["now"]
        return now

    @property
    def case_id(self) -> str:
        """The case that the statement is about, or out of which its certificate comes or came."""
        origin = self.state.get(f"origin/{self.subject}") or {"case": self.subject}
        return str(self.claims.get("case", origin["case"]))

    @cached_property
    def case(self) -> Record:
        """A copy of the case's record, free to be changed and put back; raises `NotRegistered`."""
        return dict(self.need(f"case/{self.case_id}", "case", self.case_id))

    @cached_property
    def edition(self) -> Edition:
        """The scheme edition that the case was applied under."""
        return Edition.of_case(self.state, self.case)

    @cached_property
    def today(self) -> date:
        """The calendar date now, at the fixed offset of the edition's scheme."""
        return self.edition.date_at(self.now)

    def need(self, key: str, what: str, which: str) -> Record:
        """Return the record at `key`; raises `NotRegistered`."""
        record = self.state.get(key)
        if record is None:
            raise NotRegistered(what=THINGS[what], which=which)
        return record

    def put(self, key: str, record: Record) -> None:
        """Let `record` be so at `key` if the statement is admitted."""
        self.state.apply({key: record})

    def put_case(self, **news: object) -> None:
        """Put the case's record back with `news`."""
        self.case.update(news)
        self.put(f"case/{self.case_id}", self.case)


def day(text: str) -> date:
    """Return the date of a claim whose shape was checked."""
    return instant.parse_date(text)
