"""Credentials at the command line: taken from the server that holds the body's key, or made where the key is."""

from __future__ import annotations

import json

import pytest

from cli.test_whole_way import (
    apply_and_agree,
    audit_on_site,
    decide_and_issue,
    open_the_market,
    report_test,
)
from cli.test_whole_way import town as town
from cli.test_whole_way import write as write

pytestmark = pytest.mark.django_db(transaction=True)


def certify(town, write, tmp_path) -> str:
    """Take a product the whole way; return the number, its status stated."""
    from hallmark.office.registry.services import state_status

    open_the_market(town, write)
    case = apply_and_agree(town, write, tmp_path)
    report_test(town, write, tmp_path, case)
    audit_on_site(town, write, case)
    number = decide_and_issue(town, case)
    state_status()
    return number


def test_a_credential_is_downloaded_or_where_the_body_keeps_its_key_made_there(town, write, tmp_path):
    number = certify(town, write, tmp_path)
    stranger, files = town.olga, {}
    stranger("trust")
    for form, ending in (("vc", "vc.json"), ("untp", "untp.jwt")):
        files[form] = tmp_path / f"{number}.{ending}"
        stranger("register", "download", number, "--form", form, "--output", files[form])
        code, said, _ = stranger.say("verify", files[form])
        assert code == 3
        assert "word of the body alone" in said
        assert number in said
        assert "单方声明" in stranger.say("verify", files[form], language="zh")[1]

    # The body takes its key into its own hands.
    own = town.dora("key", "create", "body")
    key = {"algorithm": -19, "material": own["material"]}
    claims = write("rekey.json", {"key": key, "hosted": False, "reason": "its own key"})
    town.olga("act", "organisation.rekeyed", town.places["northern"], "--claims", claims)
    for form, file in files.items():
        download = ("register", "download", number, "--form", form, "--output", file)
        before = file.read_bytes()
        assert stranger.refused(*download) == (5, "credential-elsewhere")
        assert "自行保管密钥" in stranger.say(*download, language="zh")[2]
        assert town.dora.refused(*download, "--sign-with", "body") == (6, "no-trust")
        assert file.read_bytes() == before
    town.dora("trust")
    stranger("trust", "--replace")
    for form, file in files.items():
        before = file.read_bytes()
        assert stranger.say("verify", file)[0] == 3  # the key that signed it stays in the bundle
        download = ("register", "download", number, "--form", form, "--output", file)
        town.dora(*download, "--sign-with", "body")
        assert file.read_bytes() != before
        assert json.loads(stranger.say("--json", "verify", file)[1])["number"] == number
        assert town.dora.refused(*download, "--sign-with", "own") == (4, "unknown-issuer")  # a person's key
    made, taken = json.loads(files["vc"].read_bytes()), stranger("register", "show", number)
    assert made["credentialSubject"]["recordDigest"] == taken["record_digest"]
    assert town.dora.refused("register", "download", number, "--sign-with", "body") == (3, "bad-argument")
