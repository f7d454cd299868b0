"""The ASGI application that granian serves."""

from __future__ import annotations

from hallmark.server.gateway import Gateway
from hallmark.server.wsgi import application as django

application = Gateway(django)
