"""What anyone may ask: the scheme, the register, and whether a certificate holds."""

from __future__ import annotations

from argparse import Namespace

from hallmark.cli.cases import keep, save
from hallmark.cli.desk import Desk
from hallmark.cli.errors import BadArgument, NoTrust, OtherTrust
from hallmark.cli.labels import readable
from hallmark.cli.output import Said, facts, table
from hallmark.kernel import hashing
from hallmark.kernel.text import Text

FORMS = {"hallmark": "hallmark", "pdf": "pdf", "code": "txt", "vc": "vc.json", "untp": "untp.jwt"}
"""The forms of a certificate to take away, and how the names of their files end."""


def search(desk: Desk, options: Namespace) -> Said:
    """Search the register in Chinese or English."""
    query = {"q": " ".join(options.text), "type": options.type, "body": options.body, "status": options.status}
    found = desk.client.get("/register", page=options.page, **query)
    rows = [
        (
            row["number"],
            row["status"],
            row["record"]["product"]["name"][desk.language],
            f"{row['record']['product']['model']} {row['record']['product']['version']}",
            row["record"]["applicant"]["name"][desk.language],
        )
        for row in found["rows"]
    ]
    words = Text(f"共 {found['total']} 件", f"{found['total']} found")
    return Said(found, [*table(rows), desk.say(words)])


def show(desk: Desk, options: Namespace) -> Said:
    """Show a certificate's record, status and history."""
    found = desk.client.get(f"/register/{options.number}")
    offset = found["record"]["scheme"]["offset_minutes"]
    return Said(found, facts(readable(found, desk.language, offset=offset)))


def download(desk: Desk, options: Namespace) -> Said:
    """Download a certificate as a file that can be checked offline, a sealed PDF, its printed code, or a credential.

    A body that keeps its own key makes the credential here, with that key.
    """
    ending = FORMS[options.form]
    output = options.output or f"{options.number}.{ending}"
    if not options.sign_with:
        return save(desk, f"/register/{options.number}/certificate.{ending}", output)
    from hallmark.cli import credentials  # noqa: PLC0415 - where it is used

    if options.form not in credentials.PROFILES:
        raise BadArgument(argument="--sign-with", why=Text("仅用于 vc 和 untp", "it is for vc and untp only"))
    made = credentials.make(desk, options.number, options.form, options.sign_with)
    return keep(lambda file: file.write(made), output)


def extract(desk: Desk, options: Namespace) -> Said:
    """Download what can be checked offline: all certificates with their status, or that there is none of a number."""
    if options.number is None:
        return save(desk, "/register/snapshot.hallmark", options.output or "register.hallmark")
    output = options.output or f"{options.number}.absence.hallmark"
    return save(desk, f"/register/{options.number}/absence.hallmark", output)


def trust(desk: Desk, options: Namespace) -> Said:
    """Fetch the trust bundle into the profile, and print the fingerprint to compare with the printed one.

    To follow is to make today's out of the one that is trusted, by what the consortium's members signed; nothing else
    that the server says goes into it.
    """
    from hallmark.office.keys import durable  # noqa: PLC0415 - where it is used
    from hallmark.verify.bundle import TrustBundle  # noqa: PLC0415 - where it is used

    data = _followed(desk) if options.follow else _offered(desk, replace=options.replace)
    bundle = TrustBundle.parse(data)
    durable.make_folder(desk.profile.folder)
    desk.profile.trust.write_bytes(data)
    said = {"environment": bundle.environment, "development": bundle.development, "sha256": bundle.fingerprint.hex()}
    said["file"] = str(desk.profile.trust)
    words = Text(
        "自您所信任的信任包，经成员签名得出。", "Made from the bundle you trusted, by its members' signatures."
    )
    if not options.follow:
        words = Text(
            "请将此指纹与方案所有者公布的指纹核对。",
            "Compare this fingerprint with the one that the scheme owner printed.",
        )
    return Said(said, [*facts(said), desk.say(words)])


def _offered(desk: Desk, *, replace: bool) -> bytes:
    """Return the server's bundle; raises `OtherTrust` where the profile trusts another that is not to be replaced."""
    data = desk.client.call("GET", "/trust-bundle")
    if desk.profile.trust.exists() and not replace and (before := desk.profile.trust.read_bytes()) != data:
        told = [hashing.sha256(each).hex() for each in (before, data)]
        raise OtherTrust(path=desk.profile.trust, before=told[0], news=told[1])
    return data


def _followed(desk: Desk) -> bytes:
    """Return the bundle to which the one that is trusted leads; raises `NoTrust`, and as `chain.follow`."""
    from hallmark.verify import chain  # noqa: PLC0415 - where it is used
    from hallmark.verify.bundle import TrustBundle  # noqa: PLC0415 - where it is used

    if not desk.profile.trust.exists():
        raise NoTrust(path=desk.profile.trust)
    trusted = TrustBundle.parse(desk.profile.trust.read_bytes())
    return chain.follow(trusted, desk.client.call("GET", "/policy-chain"))[0]


def verify(desk: Desk, options: Namespace) -> int:
    """Check a certificate here, without the server; exit codes as `hallmark-verify`."""
    from hallmark.verify.command import main  # noqa: PLC0415 - a command of its own

    trusted = options.trust or (str(desk.profile.trust) if desk.profile.trust.exists() else None)
    arguments = [options.file, f"--language={desk.language}"]
    arguments += [f"--trust={trusted}"] if trusted else []
    arguments += ["--json"] if getattr(options, "json", False) else []
    return main(arguments)


def explain(desk: Desk, options: Namespace) -> Said:
    """Show what a product type is evaluated against, or the catalogue."""
    if options.type is None:
        found = desk.client.get(f"/schemes/{options.scheme}", day=options.day)
        return Said(found, table((each["id"], each["title"][desk.language]) for each in found["types"]))
    path = f"/schemes/{options.scheme}/types/{options.type}"
    found = desk.client.get(path, day=options.day, level=options.level, declares=options.declares)
    decisive = set(found["decisive"])
    items = [*found["items"], *(item for each in found["checklists"] for item in each["items"])]
    rows = [
        (
            each["id"],
            "*" if each["id"] in decisive else "",
            each["method"],
            each["title"][desk.language],
            "; ".join(_place(clause) for clause in each["clauses"]) or ", ".join(each["source"]),
        )
        for each in items
    ]
    documents = [(each["id"], each["title"][desk.language]) for each in found["documents"]]
    head = f"{options.type}  {found['product_type']['title'][desk.language]}"
    return Said(found, [head, "", *table(rows), "", *table(documents)])


def _place(clause: dict[str, str]) -> str:
    dated = f"{clause['standard']}-{clause['edition']}" if clause["edition"] else clause["standard"]
    return f"{dated} {clause['clause']}".strip() + f" [{clause['certainty']}]"
