"""What anyone may ask: the scheme, the register, and whether a certificate holds."""

from __future__ import annotations

from argparse import Namespace

from hallmark.cli.cases import save
from hallmark.cli.desk import Desk
from hallmark.cli.errors import OtherTrust
from hallmark.cli.output import Said, facts, table
from hallmark.kernel import hashing
from hallmark.kernel.text import Text

FORMS = {"hallmark": "hallmark", "pdf": "pdf", "code": "txt"}
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
    return Said(found, facts(found))


def download(desk: Desk, options: Namespace) -> Said:
    """Download a certificate as a file that can be checked offline, a sealed PDF, or the text of its printed code."""
    ending = FORMS[options.form]
    path = f"/register/{options.number}/certificate.{ending}"
    return save(desk, path, options.output or f"{options.number}.{ending}")


def trust(desk: Desk, options: Namespace) -> Said:
    """Fetch the trust bundle into the profile, and print the fingerprint to compare with the printed one.

    Raises `OtherTrust` where the profile trusts another, unless it is to be replaced.
    """
    from hallmark.office.keys import durable  # noqa: PLC0415 - where it is used
    from hallmark.verify.bundle import TrustBundle  # noqa: PLC0415 - where it is used

    data = desk.client.call("GET", "/trust-bundle")
    bundle = TrustBundle.parse(data)
    durable.make_folder(desk.profile.folder)
    if desk.profile.trust.exists() and not options.replace and (before := desk.profile.trust.read_bytes()) != data:
        raise OtherTrust(path=desk.profile.trust, before=hashing.sha256(before).hex(), news=bundle.fingerprint.hex())
    desk.profile.trust.write_bytes(data)
    said = {"environment": bundle.environment, "development": bundle.development, "sha256": bundle.fingerprint.hex()}
    said["file"] = str(desk.profile.trust)
    words = Text(
        "请将此指纹与方案所有者公布的指纹核对。", "Compare this fingerprint with the one that the scheme owner printed."
    )
    return Said(said, [*facts(said), desk.say(words)])


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
            "; ".join(_place(clause) for clause in each["clauses"]),
        )
        for each in items
    ]
    documents = [(each["id"], each["title"][desk.language]) for each in found["documents"]]
    head = f"{options.type}  {found['product_type']['title'][desk.language]}"
    return Said(found, [head, "", *table(rows), "", *table(documents)])


def _place(clause: dict[str, str]) -> str:
    dated = f"{clause['standard']}-{clause['edition']}" if clause["edition"] else clause["standard"]
    return f"{dated} {clause['clause']}".strip() + f" [{clause['certainty']}]"
