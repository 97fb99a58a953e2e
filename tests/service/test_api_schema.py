"""Schemathesis on the JSON routes: whatever is sent, the answer is one that the schema names."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.service.running import ASSIGNMENT

EXAMPLES = 25  # of each route


@pytest.mark.slow
def test_every_answer_is_one_that_the_schema_names(service, clients) -> None:
    """A student, an instructor and nobody: no status, type or body that is not documented."""
    schema = schemathesis.openapi.from_url(f"{service.url}/api/openapi.json")
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.label for operation in operations} == {
        "GET /api/me",
        "GET /api/attempts/{id}",
        "POST /api/assignments/{name}/attempts",
    }
    for operation in operations:
        check(operation, service.url, [dict(clients[who].cookies) for who in WHO])


WHO = ("ada", "grace", "nobody")


def check(operation: schemathesis.APIOperation, url: str, people: list[dict[str, str]]) -> None:
    """Ask one route for all that its parameters allow, as each person."""

    @given(case=operation.as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    def answers(case: schemathesis.Case) -> None:
        if len(str(case.query)) % 2 and "name" in case.path_parameters:
            case.path_parameters["name"] = ASSIGNMENT  # else nothing gets behind the first refusal
        for cookies in people:
            case.call_and_validate(headers={"Origin": url}, cookies=cookies)

    answers()
