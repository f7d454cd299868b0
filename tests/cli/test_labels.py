"""What people read of the API's JSON: words, civil times with their zone, persons by name."""

from __future__ import annotations

import types
from typing import Any

from hallmark.cli import cases
from hallmark.cli.desk import Desk
from hallmark.cli.labels import readable
from hallmark.kernel import instant

PERSON = "PERSON-00000000-00000000-0"
AT = 1_772_586_120_000


class Server:
    """Answers as told, and keeps what was asked."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def get(self, path: str, **_: object) -> Any:
        return self.answers[path]

    def send(self, _method: str, path: str, _body: object = None) -> Any:
        self.asked.append(path)
        return self.answers[path]


def desk(server: Server, language: str = "en") -> Desk:
    made = Desk(types.SimpleNamespace(profile="nowhere"), language)  # type: ignore[arg-type]
    made.client = server  # type: ignore[assignment]
    return made


def test_an_instant_is_a_civil_time_with_its_zone() -> None:
    assert instant.shown(AT, 480) == "2026-03-04 09:02 UTC+8"
    assert instant.shown(AT, -210) == "2026-03-03 21:32 UTC-3:30"
    assert readable({"recorded_at": AT, "expires_ms": AT}, "en") == {
        "recorded": "2026-03-04 09:02 UTC+8",
        "expires": "2026-03-04 09:02 UTC+8",
    }
    assert readable({"recorded_at": AT}, "en", offset=0) == {"recorded": "2026-03-04 01:02 UTC+0"}


def test_names_and_codes_are_words_in_chinese_and_a_name_is_in_one_language() -> None:
    case = {"stage": "signed_off", "late": True, "product": {"name": {"zh": "钱包", "en": "Wallet"}}, "size": 5}
    assert readable(case, "zh") == {"阶段": "已签发", "已逾期": "是", "产品": {"名称": "钱包"}, "字节数": 5}
    assert readable(case, "en") == {"stage": "signed_off", "late": "yes", "product": {"name": "Wallet"}, "size": 5}


def test_a_person_is_shown_by_name_and_identifier_where_the_name_is_known() -> None:
    assert readable({"by": PERSON}, "en", people={PERSON: "Dora"}) == {"by": f"Dora ({PERSON})"}
    assert readable({"by": PERSON}, "en") == {"by": PERSON}


def run(**news: object) -> dict[str, Any]:
    base = {"run": "RUN-1", "sample": "S", "job": 1, "conclusion": "inconclusive", "waiting": [], "verdicts": {}}
    return base | news


def test_judging_an_item_is_done_and_says_how_many_wait() -> None:
    options = types.SimpleNamespace(run_id="RUN-1", item="CLI-12", verdict="pass", reason="tried")
    path = "/runs/RUN-1/judgements"
    some = Server(**{path: run(conclusion="inspection-needed", waiting=["CLI-13", "CLI-15"])})
    said = cases.judge(desk(some), options)
    assert (said.code, said.lines[-1]) == (0, "CLI-12 is judged; 2 still wait for a person.")
    said = cases.judge(desk(Server(**{path: run(conclusion="fail")}), "zh"), options)
    assert (said.code, said.lines[-1]) == (0, "已判定 CLI-12；没有其他待判定的项目。")


def test_stopping_a_job_says_what_came_of_it() -> None:
    options = types.SimpleNamespace(job=7)
    for before, after, words in (
        ("done", "done", "Job 7 had ended; there was nothing to stop."),
        ("waiting", "cancelled", "Job 7 is cancelled."),
        ("running", "running", "Job 7 is asked to stop, and does when the step at hand ends."),
    ):
        server = Server(**{"/jobs/7": {"state": before}, "/jobs/7/cancel": {"state": after}})
        assert cases.cancel_job(desk(server), options).lines[-1] == words
        assert server.asked == ["/jobs/7/cancel"]
