"""What a monitor finds, with its weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from hallmark.kernel.errors import HallmarkError
from hallmark.kernel.text import Text


class Weight(StrEnum):
    """How much a finding weighs.

    `broken`: a proof or a rule is, and somebody lied or failed; `failing`: something is late, silent or stale;
    `notable`: allowed, and worth a look by whoever may ask.
    """

    BROKEN = "broken"
    FAILING = "failing"
    NOTABLE = "notable"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding: its code, what was found in words, at which entry or source, and the name of the proof kept."""

    code: str
    weight: Weight
    words: Text
    entry: int | None = None
    source: str = ""
    proof: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as a JSON object."""
        return {
            "code": self.code,
            "weight": str(self.weight),
            "words": self.words._asdict(),
            "entry": self.entry,
            "source": self.source,
            "proof": self.proof,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Return the finding in an object that `to_json` made."""
        return cls(**{**value, "weight": Weight(value["weight"]), "words": Text(**value["words"])})


def words_of(error: HallmarkError) -> Text:
    """Return what an error says, in both languages."""
    return Text(error.explain("zh"), error.explain("en"))
