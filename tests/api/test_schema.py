"""The API against its own description: whatever is sent, valid or not, what comes back is as described."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
)

from hallmark.api.urls import api

pytestmark = pytest.mark.django_db(transaction=True)  # schemathesis calls from a thread of its own

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, negative_data_rejection]
SHAPE = {"type", "title", "status", "detail", "code", "article", "facts"}


@pytest.fixture(autouse=True)
def _no_rates(settings) -> None:
    settings.HALLMARK_RATES = dict.fromkeys(settings.HALLMARK_RATES, (10**6, 60))


def explore(token: str, real: Mapping[str, str], examples: int) -> list[int]:
    """Send `examples` requests to every operation, valid ones, invalid ones and some about `real` things.

    Return the statuses that came back.
    """
    from hallmark.server.wsgi import application

    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = application
    statuses: list[int] = []
    for found in schema.get_all_operations():
        operation = found.ok()
        ways = [operation.as_strategy(generation_mode=mode) for mode in GenerationMode]
        there = {name: value for name, value in real.items() if f"{{{name}}}" in operation.path}
        if there:
            ways.append(operation.as_strategy(path_parameters=there))

        @seed(len(operation.label))
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=st.one_of(ways))
        def send(case) -> None:
            headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
            response = case.call(base_url="http://localhost", headers=headers)
            case.validate_response(response, checks=CHECKS)
            statuses.append(response.status_code)
            if response.status_code >= 400:
                assert response.headers["content-type"][0] == "application/problem+json", response.content
                assert set(response.json()) == SHAPE
                assert response.json()["status"] == response.status_code

        send()
    return statuses


def test_every_operation_answers_as_described(market):
    from hallmark.office.registry.services import state_status

    state_status()
    real = {"organisation": market.places["lotus"], "person": market.persons["alice"], "scheme": "cfp"}
    statuses = explore(market.olga.token, real, examples=8)
    assert {200, 201, 400, 403, 404} <= set(statuses)


@pytest.mark.long
@pytest.mark.parametrize("name", ["alice", "dora", "ivan", "bea", "olga"])
def test_every_operation_answers_everybody_as_described(opened, name):
    from hallmark.office.registry import services

    _, number = opened.certified()
    services.state_status()
    going = opened.planned()
    draft = opened.prepare("alice", "application.withdrawn", going, {"reason": "x"})["id"]
    real = {"organisation": opened.places["lotus"], "person": opened.persons["alice"], "scheme": "cfp"}
    real |= {"case": going, "number": number, "draft": draft, "product_type": "CFP-01", "index": 3, "leg": "audit"}
    explore(opened.people[name].token, real, examples=60)
