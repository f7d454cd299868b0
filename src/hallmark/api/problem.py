"""The one shape of every error of the API: problem details of RFC 9457, in the language that the reader asked for.

{"type": "urn:hallmark:problem:<code>", "title": …, "status": …, "detail": …, "code": …, "article": …, "facts": {…}}

`code` and `facts` are for programs, `title` and `detail` for people, `article` names the clause where there is one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, UnreadablePostError
from django.http.response import HttpResponseBase
from django.utils.translation import get_language_from_request
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from hallmark.api.errors import (
    BadRequest,
    BodyTooLarge,
    Broken,
    CutShort,
    NoLength,
    NoSuchPage,
    NotServed,
    TooSlow,
    WrongMediaType,
    WrongMethod,
)
from hallmark.api.upload import came_too_slowly
from hallmark.kernel.errors import (
    Forbidden,
    HallmarkError,
    Language,
    Malformed,
    Missing,
    Refusal,
    Unavailable,
    Unverified,
)
from hallmark.kernel.text import Text
from hallmark.office.accounts.errors import BadToken, CodeNeeded, SignInNeeded, TooManyRequests, WrongCredentials
from hallmark.office.evidence.errors import TooLarge
from hallmark.office.jobs.errors import OUT_OF_REACH
from hallmark.office.registry.errors import LedgerBusy
from hallmark.statement.plain import write

MEDIA_TYPE = "application/problem+json"
PREFIX = "/api/"

# The nearest class of an error's own line decides; the families say who has to act.
STATUS: Mapping[type[HallmarkError], int] = {
    Malformed: 400,
    Forbidden: 403,
    Missing: 404,
    Refusal: 409,
    Unverified: 422,
    HallmarkError: 500,
    Unavailable: 503,
    SignInNeeded: 401,
    BadToken: 401,
    WrongCredentials: 401,
    CodeNeeded: 401,
    WrongMethod: 405,
    TooSlow: 408,
    NoLength: 411,
    BodyTooLarge: 413,
    TooLarge: 413,
    WrongMediaType: 415,
    TooManyRequests: 429,
}
TITLES: Mapping[int, Text] = {
    400: Text("请求格式有误", "Malformed"),
    401: Text("需要登录", "Sign-in needed"),
    403: Text("无权限", "Forbidden"),
    404: Text("不存在", "Not found"),
    405: Text("方法不适用", "Method not allowed"),
    408: Text("请求超时", "Request timeout"),
    409: Text("规则不允许", "Refused by a rule"),
    411: Text("缺少长度", "Length required"),
    413: Text("内容过大", "Too large"),
    415: Text("类型不符", "Unsupported media type"),
    422: Text("未通过验证", "Does not verify"),
    429: Text("请求过多", "Too many requests"),
    500: Text("服务器内部错误", "Broken"),
    503: Text("暂不可用", "Not available now"),
}
# What pydantic says of the faults that people make; the rest is told in its own English.
_FAULTS: Mapping[str, Text] = {
    "missing": Text("缺少该项", "it is missing"),
    "extra_forbidden": Text("此处没有该项", "it is not known here"),
    "string_type": Text("应为文字", "text is wanted"),
    "string_too_short": Text("过短", "it is too short"),
    "string_too_long": Text("过长", "it is too long"),
    "string_pattern_mismatch": Text("格式不符", "its shape is wrong"),
    "int_type": Text("应为整数", "a whole number is wanted"),
    "int_parsing": Text("应为整数", "a whole number is wanted"),
    "dict_type": Text("应为对象", "an object is wanted"),
    "model_type": Text("应为对象", "an object is wanted"),
    "model_attributes_type": Text("应为对象", "an object is wanted"),
    "list_type": Text("应为列表", "a list is wanted"),
    "bool_type": Text("应为 true 或 false", "true or false is wanted"),
}
_MOST_FAULTS = 5
_AGAIN_S = 30  # after which a database may be back

Answer = Callable[[HttpRequest], HttpResponseBase]


def language_of(request: HttpRequest) -> Language:
    """Return the language that the reader asked for, else the server's own."""
    return "zh" if get_language_from_request(request).startswith("zh") else "en"


def status_of(error: HallmarkError) -> int:
    """Return the HTTP status of an error."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def render(request: HttpRequest, error: HallmarkError, status: int = 0) -> HttpResponse:
    """Return the problem details of `error`."""
    status = status or status_of(error)
    language = language_of(request)
    title = TITLES.get(status, TITLES[400 if status < 500 else 500])
    problem = {
        "type": f"urn:hallmark:problem:{error.code}",
        "title": title.in_language(language),
        "status": status,
        "detail": error.explain(language),
        "code": error.code,
        "article": error.article,
        "facts": {name: _fact(value, language) for name, value in error.facts.items()},
    }
    response = HttpResponse(
        json.dumps(problem, ensure_ascii=False, default=str), status=status, content_type=MEDIA_TYPE
    )
    response["Content-Language"] = "zh-Hans" if language == "zh" else "en"
    response["Vary"] = "Accept-Language"
    if status == 401:
        response["WWW-Authenticate"] = "Bearer"
    if "seconds" in error.facts:
        response["Retry-After"] = str(error.facts["seconds"])
    return response


def speak_problems(answer: Answer) -> Answer:
    """Put what other hands refused under the API's addresses (Django, the middleware before it) into the one shape."""

    def spoken(request: HttpRequest) -> HttpResponseBase:
        response = answer(request)
        status = response.status_code
        if (
            status < 400
            or not request.path_info.startswith(PREFIX)
            or response.get("Content-Type", "").startswith(MEDIA_TYPE)
        ):
            return response
        problem = render(request, _unspoken(request, status), status)
        if "Allow" in response:
            problem["Allow"] = response["Allow"]
        return problem

    return spoken


def install(api: NinjaAPI) -> None:
    """Have the operations of `api` answer every error in the one shape."""
    for kind, meant in _MEANT.items():
        api.add_exception_handler(kind, _handler(meant))


def _handler(meant: Callable[[Any], HallmarkError]) -> Callable[[HttpRequest, Any], HttpResponse]:
    return lambda request, error: render(request, meant(error))


def _unspoken(request: HttpRequest, status: int) -> HallmarkError:
    if status == 404:
        return NoSuchPage()
    if status == 405:
        return WrongMethod(method=str(request.method))
    if status == 413:
        return BodyTooLarge()
    if status == 503:
        return _out_of_reach()
    return NotServed(status=status) if status < 500 else Broken()


def _invalid(error: ValidationError) -> HallmarkError:
    faults = [
        (".".join(str(part) for part in fault["loc"]), _FAULTS.get(fault["type"], Text(fault["msg"], fault["msg"])))
        for fault in error.errors[:_MOST_FAULTS]
    ]
    said = Text(
        "；".join(f"{place}：{why.zh}" for place, why in faults),
        "; ".join(f"{place}: {why.en}" for place, why in faults),
    )
    return BadRequest(faults=said)


def _unparsed(error: HttpError) -> HallmarkError:
    """Return what the parser of bodies raised, which ninja wraps."""
    cause = error.__cause__
    return cause if isinstance(cause, HallmarkError) else NotServed(status=error.status_code)


def _unread(error: UnreadablePostError) -> HallmarkError:
    return TooSlow() if came_too_slowly(error) else CutShort(got="?", announced="?")


def _out_of_reach() -> HallmarkError:
    return LedgerBusy(seconds=_AGAIN_S)


def _fact(value: object, language: Language) -> Any:
    if isinstance(value, Text):
        return value.in_language(language)
    if value is None or isinstance(value, bool | int | str | bytes | list | tuple | dict):
        return write(value)
    return str(value)


# What the operations raise, and which of our errors it means.
_MEANT: Mapping[type[Exception], Callable[[Any], HallmarkError]] = {
    HallmarkError: lambda error: error,
    ValidationError: _invalid,
    HttpError: _unparsed,
    Http404: lambda _: NoSuchPage(),
    RequestDataTooBig: lambda _: BodyTooLarge(),
    UnreadablePostError: _unread,
    **dict.fromkeys(OUT_OF_REACH, lambda _: _out_of_reach()),
}
