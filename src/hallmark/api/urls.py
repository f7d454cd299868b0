"""The API's addresses, under `/api/`, and its description."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.renderers import JSONRenderer

from hallmark.api import account, cases, confidential, consortium, drafts, evidence, jobs, people, problem, public
from hallmark.api.parser import StrictParser
from hallmark.api.schema import Problem

_DESCRIPTION = """Everything that happens to a product is a signed statement. Prepare a draft, approve and sign it
where your keys are, submit it; the rules admit it or name the clause that forbids it. Errors are problem details (RFC
9457) in the language of Accept-Language. Sign in for a bearer token; what is public needs none."""


class Renderer(JSONRenderer):
    """JSON with Chinese as it is."""

    json_dumps_params = {"ensure_ascii": False}  # noqa: RUF012 - the base class declares it so


class Api(NinjaAPI):
    """The API; its description says that any operation may answer with problem details."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """Return the OpenAPI description."""
        described = super().get_openapi_schema(**options)
        described["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        refused = {
            "description": "Problem details",
            "content": {problem.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for operations in described["paths"].values():
            for operation in operations.values():
                operation["responses"]["default"] = refused
        return described


api = Api(
    title="Hallmark",
    version="1",
    description=_DESCRIPTION,
    urls_namespace="api",
    docs_url=None,  # its page runs inline scripts, which our content security policy forbids
    parser=StrictParser(),
    renderer=Renderer(),
)
problem.install(api)
for room in (public, consortium, account, people, evidence, drafts, confidential, cases, jobs):
    api.add_router("", room.router)

urlpatterns: list[URLPattern | URLResolver] = [path("v1/", api.urls)]
