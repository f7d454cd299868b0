"""The WSGI application: Django as the settings make it."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hallmark.server.settings")

application = get_wsgi_application()
