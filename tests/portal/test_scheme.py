"""The scheme for anyone to read, every line with its source, and the law that the rules themselves tell."""

from __future__ import annotations

from html import escape
from typing import Any

import pytest
from django.test import Client

from hallmark import schemes
from hallmark.portal import law
from hallmark.scheme import loader

CFP = loader.load(schemes.read("cfp"))


def get(path: str) -> str:
    answer = Client(SERVER_NAME="localhost").get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


@pytest.mark.django_db
def test_the_catalogue_lists_all_types_with_batch_and_day(register: Any) -> None:
    page = get("/scheme/cfp/")
    for each in CFP.types.values():
        assert each.id in page
        assert escape(each.title.zh) in page
        assert each.valid_from.strftime("%Y-%m-%d") in page
    assert "第 1 批" in page
    assert "第 2 批" in page
    for profile in CFP.profiles.values():
        assert escape(profile.title.en) in get("/en/scheme/cfp/")


@pytest.mark.django_db
@pytest.mark.parametrize("which", sorted(CFP.types))
def test_a_type_shows_every_item_with_clause_obligation_and_source(register: Any, which: str) -> None:
    page = get(f"/en/scheme/cfp/types/{which}/")
    items = [item for item in CFP.items.values() if which in item.applies_to]
    assert items
    for item in items:
        assert f'id="{item.id}"' in page
        assert escape(item.title.en) in page
        assert all(escape(clause.place) in page for clause in item.clauses)
        assert all(escape(CFP.sources[source].title.en) in page for source in item.source)
    assert "shall" in page


@pytest.mark.django_db
def test_a_limit_that_nobody_set_is_said_to_be_open(register: Any) -> None:
    page = get("/en/scheme/cfp/types/CFP-01/")
    assert "not set; the scheme owner decides" in page
    assert "Commonly 24." in page


@pytest.mark.django_db
def test_standards_are_those_of_the_day_asked_for(register: Any) -> None:
    assert "JR/T 0092-2019" in get("/en/scheme/cfp/types/CFP-01/?on=2026-01-01")
    problem = "It cannot be shown for that day"
    assert problem not in get("/en/scheme/cfp/types/CFP-01/?on=2026-01-01")
    for question in ("on=2001-01-01", "on=yesterday", "profile=none"):
        assert problem in get(f"/en/scheme/cfp/types/CFP-01/?{question}")


@pytest.mark.django_db
def test_values_in_force_are_shown_with_who_set_them(register: Any) -> None:
    page = get("/en/scheme/cfp/values/")
    assert "on the ground: the simulated market" in page
    assert "not set" in page
    assert "3 years" in page
    assert page.index("fee_application") < page.index("validity_years")


@pytest.mark.django_db
def test_the_law_is_shown_in_both_languages(register: Any) -> None:
    english, chinese = get("/en/scheme/cfp/rules/"), get("/scheme/cfp/rules/")
    assert "No evaluation before the agreement." in english
    assert "evaluator-reviews" in english and "evaluator-reviews" in chinese
    assert "No evaluation before the agreement." not in chinese
    assert "须由本人批准" in chinese


def test_every_rule_says_what_refuses_under_it() -> None:
    chapters = law.chapters()
    assert len(chapters) == 11
    for chapter in chapters:
        assert [rule.number for rule in chapter.rules] == list(range(1, len(chapter.rules) + 1)), chapter.id
        for rule in chapter.rules:
            assert rule.breaches or rule.chapters, (chapter.id, rule.words)
            assert "`" not in rule.words and "(" not in rule.words
            assert all("{" not in breach.sentence.zh + breach.sentence.en for breach in rule.breaches)


def test_articles_come_with_their_refusals() -> None:
    found = {
        breach.code: breach.article for chapter in law.chapters() for rule in chapter.rules for breach in rule.breaches
    }
    assert "art. 22" in found["not-signed-off"]
    assert "17065" in found["evaluator-reviews"]
