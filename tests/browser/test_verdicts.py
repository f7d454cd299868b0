"""The verifier in the browser gives the answers of `hallmark.verify`: the same verdicts, the same sentences."""

from __future__ import annotations

import dataclasses
import random
import zlib
from typing import Any

from browser.parts import Log, Parts, codes, judge, judge_certificates, judge_files, judge_printed, same, trust
from hallmark.certificate import base45, qr
from hallmark.certificate.form import ProvenStatus
from hallmark.certificate.preset import DICTIONARY
from hallmark.kernel import canonical, instant
from hallmark.kernel.keys import ESP256, ML_DSA_44, SoftwareSigner
from hallmark.statement import envelope
from hallmark.verify.bundle import Attested, TrustBundle
from world.cast import key, org
from world.ledger import ENVIRONMENT

DAY = instant.DAY
YEAR = 366 * DAY


def flipped(data: bytes, count: int, seed: int) -> list[bytes]:
    """Return `count` copies of `data`, in each one bit turned over, at places spread over all of it."""
    chance = random.Random(seed)
    step = max(1, len(data) // count)
    changed = []
    for at in range(0, len(data), step):
        copy = bytearray(data)
        copy[at] ^= 1 << chance.randrange(8)
        changed.append(bytes(copy))
    return changed


def test_a_genuine_certificate_reads_the_same_at_every_time(in_browser: Any, parts: Parts) -> None:
    forms = [parts.form(number).encode() for number in parts.numbers]
    times = [0, -1, 5 * 60_000 + 1, DAY - 3_600_000, DAY, 2 * DAY, -5 * 60_000, -YEAR, 3 * YEAR, 30 * YEAR]
    cases = [(form, parts.now + shift) for form in forms for shift in times]
    cases += [(forms[0], parts.now + shift, parts.now + other) for shift in times for other in (-2 * DAY, 0, DAY)]
    expected = judge_certificates(cases, trust())
    assert {each["status"] for each in expected} >= {"in-force", "suspended", "withdrawn", "cancelled", "unknown"}
    assert {each["status"] for each in expected} >= {"expired", "not-yet"}
    same(in_browser("certificate", cases, trust()), expected)


def test_a_byte_turned_over_a_cut_and_an_addition_are_seen_alike(in_browser: Any, parts: Parts) -> None:
    genuine = parts.form(parts.numbers[0]).encode()
    chance = random.Random(7)
    forms = [genuine, *flipped(genuine, 400, 1)]
    for _ in range(60):
        at = chance.randrange(len(genuine))
        forms += [genuine[:at], genuine[:at] + chance.randbytes(1) + genuine[at:]]
    cases = [(form, parts.now) for form in forms]
    expected = judge_certificates(cases, trust())
    assert [index for index, each in enumerate(expected) if "code" not in each] == [0]
    assert codes(expected) >= {"not-included", "not-canonical", "bad-note-signature", "not-present", "bad-claim"}
    same(in_browser("certificate", cases, trust()), expected)


def test_genuine_parts_that_do_not_belong_together_are_refused_alike(in_browser: Any, parts: Parts) -> None:
    number, other = parts.numbers[:2]
    mine, theirs = parts.form(number), parts.form(other)
    older = Log(parts.entries[: mine.issued.index + 1])
    early = Log(parts.entries[: mine.issued.index])
    swaps: list[dict[str, Any]] = [
        {"issued": theirs.issued},
        {"issued": mine.issuer},
        {"issuer": mine.issued},
        {"issuer": parts.log.prove(parts.find("organisation.registered", org("southern")))},
        {"stated": mine.issued},
        {"status": theirs.status},
        {"status": ProvenStatus(mine.status.record, theirs.status.presence)},
        {"status": ProvenStatus(theirs.status.record, mine.status.presence)},
        {"checkpoint": older.note},
        {"checkpoint": early.note, "issued": early.prove(3)},
        {"issued": dataclasses.replace(mine.issued, index=mine.issued.index + 1)},
        {"issued": dataclasses.replace(mine.issued, index=2**62)},
        {"issued": dataclasses.replace(mine.issued, path=mine.issued.path[:-1])},
        {"status": ProvenStatus({**mine.status.record, "valid_until": "2999-12-31"}, mine.status.presence)},
        {"status": ProvenStatus(mine.status.record, dataclasses.replace(mine.status.presence, size=1))},
        {"status": ProvenStatus(mine.status.record, dataclasses.replace(mine.status.presence, index=2**62))},
    ]
    cases = [(parts.form(number, **swap).encode(), parts.now) for swap in swaps]
    expected = judge_certificates(cases, trust())
    assert "ok" not in codes(expected)
    assert codes(expected) >= {"wrong-parts", "not-included", "not-present", "outside-tree", "wrong-path-length"}
    same(in_browser("certificate", cases, trust()), expected)


def test_a_statement_forged_into_the_log_itself_is_judged_alike(in_browser: Any, parts: Parts) -> None:
    """Whoever holds the log's key can log anything; the body's signature and the forms of statements still stand."""
    number = parts.numbers[0]
    place = parts.find("certificate.issued", number)
    cases = []
    for changed in flipped(parts.entries[place], 120, 3):
        log = Log([*parts.entries[:place], changed, *parts.entries[place + 1 :]])
        form = parts.form(number)
        other = {name: log.prove(getattr(form, name).index) for name in ("issued", "issuer", "stated")}
        cases.append((parts.form(number, **other, checkpoint=log.note).encode(), parts.now))
    expected = judge_certificates(cases, trust())
    assert "ok" not in codes(expected)
    assert codes(expected) >= {"bad-signature", "bad-claim", "not-canonical", "bad-statement"}
    same(in_browser("certificate", cases, trust()), expected)


def test_statements_of_every_kind_are_parsed_alike(in_browser: Any, parts: Parts) -> None:
    kinds: dict[str, bytes] = {}
    for statement in parts.statements:
        kinds.setdefault(statement.draft.kind.name, statement.encoded)
    forms = [changed for encoded in kinds.values() for changed in (encoded, *flipped(encoded, 40, 5))]
    expected = [judge(lambda form=form: envelope.parse(form).signed.hex()) for form in forms]
    assert len(kinds) > 15
    assert codes(expected) >= {"ok", "bad-statement", "bad-claim", "not-canonical", "unknown-kind"}
    same(in_browser("statement", [(form,) for form in forms]), expected)


def test_another_bundle_gives_another_answer(in_browser: Any, parts: Parts) -> None:
    case = [(parts.form(parts.numbers[0]).encode(), parts.now)]
    for trusted, code in (
        (trust(signer=key("somebody")), "unknown-log"),
        (trust(environment="another ledger"), "wrong-parts"),
        (trust(origin="hallmark/simulated-market/e2"), "other-epoch"),
        (trust(origin="hallmark/another-market/e2"), "unknown-log"),
    ):
        expected = judge_certificates(case, trusted)
        assert codes(expected) == {code}
        same(in_browser("certificate", case, trusted), expected)


def test_a_quorum_is_counted_alike(in_browser: Any, parts: Parts) -> None:
    witnesses = {name: key(name) for name in ("east", "south", "west")}
    number = parts.numbers[0]
    for signed in ((), ("east",), ("east", "west"), ("east", "south", "west")):
        note = parts.log.cosigned({name: witnesses[name] for name in signed})
        cases = [(parts.form(number, checkpoint=note).encode(), parts.now)]
        for threshold in (1, 2, 3):
            trusted = trust(witnesses, threshold)
            expected = judge_certificates(cases, trusted)
            assert codes(expected) == ({"ok"} if len(signed) >= threshold else {"quorum-missing"})
            same(in_browser("certificate", cases, trusted), expected)
    spoilt = parts.log.cosigned({"east": witnesses["east"]})
    line = spoilt.signatures[1]
    lines = (spoilt.signatures[0], dataclasses.replace(line, value=line.value[:-1] + bytes([line.value[-1] ^ 1])))
    cases = [(parts.form(number, checkpoint=dataclasses.replace(spoilt, signatures=lines)).encode(), parts.now)]
    expected = judge_certificates(cases, trust(witnesses, 1))
    assert codes(expected) == {"bad-note-signature"}
    same(in_browser("certificate", cases, trust(witnesses, 1)), expected)


def test_what_no_browser_can_check_is_named_and_counts_for_nothing(in_browser: Any, parts: Parts) -> None:
    mirror = SoftwareSigner.from_seed(bytes(32), ML_DSA_44)
    witnesses = {"east": key("east"), "mirror": mirror}
    case = [(parts.form(parts.numbers[0], checkpoint=parts.log.cosigned(witnesses)).encode(), parts.now)]
    (names,) = in_browser("unchecked", case, trust(witnesses, 1))
    assert names == [{"zh": "见证方mirror", "en": "Mirror"}]
    (needed,) = in_browser("certificate", case, trust(witnesses, 2))
    assert codes(judge_certificates(case, trust(witnesses, 2))) == {"ok"}
    assert needed["code"] == "not-checked-here"
    assert "ML-DSA-44" in needed["en"] and "ML-DSA-44" in needed["zh"]


def test_a_body_may_sign_with_p256_and_what_it_signs_with_ml_dsa_is_left_open(in_browser: Any, parts: Parts) -> None:
    number = parts.numbers[0]
    draft = parts.statements[parts.find("certificate.issued", number)].draft
    for algorithm, seen in ((ESP256, {"ok"}), (ML_DSA_44, {"not-checked-here"})):
        signer = SoftwareSigner.generate(algorithm)
        claims = {
            "key": {"algorithm": algorithm, "material": signer.public.material},
            "hosted": False,
            "reason": "a new machine",
        }
        rekeyed, _ = parts.market.prepare("organisation.rekeyed", "bank", org("northern"), claims)
        issued = envelope.sign(draft, (), signer)
        stated = parts.entries[parts.find("status.stated", org("operator"))]
        log = Log([rekeyed.encoded, issued, stated])
        other = {name: log.prove(place) for place, name in enumerate(("issuer", "issued", "stated"))}
        genuine = parts.form(number, **other, checkpoint=log.note)
        cases = [(genuine.encode(), parts.now)]
        assert codes(judge_certificates(cases, trust())) == {"ok"}
        assert codes(in_browser("certificate", cases, trust())) == seen
    forged = envelope.sign(draft, (), SoftwareSigner.generate(ESP256))
    log = Log([rekeyed.encoded, forged, stated])
    other = {name: log.prove(place) for place, name in enumerate(("issuer", "issued", "stated"))}
    cases = [(parts.form(number, **other, checkpoint=log.note).encode(), parts.now)]
    same(in_browser("certificate", cases, trust()), judge_certificates(cases, trust()))


ATTESTED = {"east": Attested("tpm", 6, 1_795_863_000_000)}


def test_how_the_nodes_of_those_who_vouch_are_attested_is_read_alike(in_browser: Any, parts: Parts) -> None:
    witnesses = {"east": key("east"), "west": key("west")}
    form = parts.form(parts.numbers[0], checkpoint=parts.log.cosigned(witnesses)).encode()
    trusted = trust(witnesses, 2, attested=ATTESTED)
    expected = judge_certificates([(form, parts.now)], trusted)
    assert [how and how["acceptedBy"] for _, how in expected[0]["attested"]] == [6, None]
    same(in_browser("certificate", [(form, parts.now)], trusted), expected)


def test_trust_bundles_are_read_alike(in_browser: Any) -> None:
    witnesses = {"east": key("east"), "west": key("west")}
    genuine = trust(witnesses, 2)
    text = genuine.decode()
    files = [
        genuine,
        *flipped(genuine, 250, 11),
        b"",
        b"[]",
        b"\xef\xbb\xbf" + genuine,
        genuine + b"}",
        trust(witnesses, 2, attested=ATTESTED),
        *(
            trust(witnesses, 2, attested=ATTESTED).decode().replace(right, wrong).encode()
            for right, wrong in (
                ('"tpm"', '"a family"'),
                ('"tpm"', "7"),
                ('"accepted_by": 6', '"accepted_by": 0'),
                ('"accepted_by": 6', '"accepted_by": "6"'),
                ('"accepted_by": 6,', ""),
                ('"at": 1', '"at": -1'),
                ('"at": 1', '"at": 9999'),
                ('"at": 1', '"more": 1, "at": 1'),
            )
        ),
        text.replace('"development"', '"environment"').encode(),
        text.replace("false", "1.0").encode(),
        text.replace("false", "1e5").encode(),
        text.replace("false", "NaN").encode(),
        text.replace("false", str(2**60)).encode(),
        text.replace("false", "[" * 70 + "]" * 70).encode(),
        text.replace(ENVIRONMENT, "\\ud800").encode(),
        text.replace(ENVIRONMENT, "\\u0041\\n").encode(),
        text.replace("quorum members", "quorum nobody").encode(),
        text.replace("members 2", "members 3").encode(),
        text.replace("members 2", "members any").encode(),
        text.replace("witness west", "witness east").encode(),
        text.replace("quorum members\\n", "").encode(),
        text.replace("quorum members\\n", "quorum members\\nquorum none\\n").encode(),
    ]
    expected = [judge(lambda file=file: TrustBundle.parse(file).fingerprint.hex()) for file in files]
    assert codes(expected) >= {"ok", "bad-bundle", "bad-claim", "bad-policy"}
    same(in_browser("bundle", [(file,) for file in files]), expected)


def _inflated(stream: bytes) -> bytes:
    return zlib.decompressobj(-15, DICTIONARY).decompress(stream)


def _deflated(content: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=DICTIONARY)
    return deflater.compress(content) + deflater.flush()


def test_printed_codes_are_read_alike(in_browser: Any, parts: Parts) -> None:
    number = parts.numbers[0]
    form = parts.form(number)
    genuine = qr.encode_proof(form.issued, form.checkpoint)
    reference = qr.encode_reference(number, bytes(32), "https://register.example/1")
    issuer = qr.encode_proof(form.issuer, form.checkpoint)
    chance = random.Random(13)
    printed = [genuine, reference, issuer, "", "HM1:", "HM2:AB", genuine[:-1], genuine + "0", genuine.lower()]
    for _ in range(150):
        at = chance.randrange(4, len(genuine))
        printed.append(genuine[:at] + chance.choice("09AZ $%*+-./:中'\\\n") + genuine[at + 1 :])
    stream = base45.decode(genuine[4:])
    printed += [f"HM1:{base45.encode(changed)}" for changed in flipped(stream, 400, 23)]
    content = canonical.decode(_inflated(stream))
    odd = [[True, *content[1:]], [*content, 0], [1, *content[1:2], True, *content[3:]], {**dict(enumerate(content))}]
    printed += [f"HM1:{base45.encode(_deflated(canonical.encode(value)))}" for value in odd]
    expected = judge_printed(printed, trust())
    assert codes(expected[-len(odd) :]) == {"bad-printed", "bad-claim"}
    assert codes(expected) >= {"ok", "proves-nothing", "bad-printed", "bad-base45", "wrong-parts"}
    same(in_browser("printed", [(code,) for code in printed], trust()), expected)
    files = [f" \r\n{code}\n".encode() for code in (genuine, reference, f"HM1:{'A' * 9}\x80")]
    same(in_browser("file", [(file, parts.now) for file in files], trust()), judge_files(files, trust(), parts.now))
    same(in_browser("printed", [(genuine,)], trust(signer=key("x"))), judge_printed([genuine], trust(signer=key("x"))))
