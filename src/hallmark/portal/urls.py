"""Where the pages are. `pages` stand under `/` in Chinese and `/en/` in English; the others know no language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from hallmark.portal.views import certificate, check, consortium, credentials, home, ledger, register, scheme


class Name(StringConverter):
    """Part of an address, without the character that no text in a database can hold."""

    regex = r"[^/\x00]+"


register_converter(Name, "name")

pages = [
    path("", home.home, name="home"),
    path("register/", register.register, name="register"),
    path("register/<name:number>", certificate.certificate, name="certificate"),
    path("check/", check.check, name="check"),
    path("scheme/<name:which>/", scheme.catalogue, name="scheme"),
    path("scheme/<name:which>/rules/", scheme.rules, name="rules"),
    path("scheme/<name:which>/values/", scheme.values, name="values"),
    path("scheme/<name:which>/types/<name:product_type>/", scheme.product_type, name="type"),
    path("ledger/", ledger.ledger, name="ledger"),
    path("ledger/<int:index>", ledger.entry, name="entry"),
    path("consortium/", consortium.show, name="consortium"),
]
named = [  # in credentials, for ever
    path("certificates/<name:number>", credentials.certificate),
    path("certificates/<name:number>/record", credentials.record),
    path("contexts/certificate/1", credentials.terms),
    path("organisations/<name:organisation>", credentials.body),
    path("organisations/<name:body>/status/<name:purpose>/<int:number>", credentials.status_list),
    path("schemes/<name:which>", credentials.scheme),
    path("schemes/<name:which>/editions/<name:edition>", credentials.scheme),
    path("schemes/<name:which>/editions/<name:edition>/profiles/<name:profile>", credentials.scheme),
    path("schemes/<name:which>/types/<name:product_type>", credentials.product_type),
]
files = [
    path("register.csv", register.export_csv, name="csv"),
    path("register.json", register.export_json, name="json"),
    path("register/<name:number>/certificate.hallmark", certificate.machine_form, name="form"),
    path("register/<name:number>/certificate.pdf", certificate.pdf, name="pdf"),
    path("register/<name:number>/certificate.txt", certificate.code_text, name="text"),
    path("register/<name:number>/certificate.vc.json", credentials.download, {"form": "vc"}, name="vc"),
    path("register/<name:number>/certificate.untp.jwt", credentials.download, {"form": "untp"}, name="untp"),
    path("register/<name:number>/code.svg", certificate.code, name="code"),
    path("register/<name:number>/record.json", certificate.record, name="record"),
    path("check/verifier-<name:version>.js", check.verifier_script, name="script"),
    path("verify.html", check.verify_html, name="verify"),
    path("trust-bundle.json", check.bundle_file, name="bundle"),
    path("log/<path:path>", ledger.published_file, name="log"),
]
urlpatterns = [
    *named,
    path("", include((files, "files"))),
    *i18n_patterns(path("", include((pages, "portal"))), prefix_default_language=False),
]
