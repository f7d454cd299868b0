"""Where the pages are. `pages` stand under `/` in Chinese and `/en/` in English; `files` know no language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from hallmark.portal.views import certificate, check, home, ledger, register, scheme

pages = [
    path("", home.home, name="home"),
    path("register/", register.register, name="register"),
    path("register/<str:number>", certificate.certificate, name="certificate"),
    path("check/", check.check, name="check"),
    path("scheme/<str:which>/", scheme.catalogue, name="scheme"),
    path("scheme/<str:which>/rules/", scheme.rules, name="rules"),
    path("scheme/<str:which>/values/", scheme.values, name="values"),
    path("scheme/<str:which>/types/<str:product_type>/", scheme.product_type, name="type"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/<int:index>", ledger.entry, name="entry"),
]
files = [
    path("register.csv", register.export_csv, name="csv"),
    path("register.json", register.export_json, name="json"),
    path("register/<str:number>/certificate.hallmark", certificate.machine_form, name="form"),
    path("register/<str:number>/certificate.pdf", certificate.pdf, name="pdf"),
    path("register/<str:number>/certificate.txt", certificate.code_text, name="text"),
    path("register/<str:number>/code.svg", certificate.code, name="code"),
    path("register/<str:number>/record.json", certificate.record, name="record"),
    path("check/verifier-<str:version>.js", check.verifier_script, name="script"),
    path("verify.html", check.verify_html, name="verify"),
    path("trust-bundle.json", check.bundle_file, name="bundle"),
    path("log/<path:path>", ledger.published_file, name="log"),
]
urlpatterns = [
    path("", include((files, "files"))),
    *i18n_patterns(path("", include((pages, "portal"))), prefix_default_language=False),
]
