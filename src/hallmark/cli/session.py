"""Signing in, and the tokens of an account."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from typing import Any

from hallmark.cli.desk import Desk
from hallmark.cli.output import Said, facts, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text


def login(desk: Desk, options: Namespace) -> Said:
    """Get a token for login and password, and keep it in the profile."""
    password = ask_password(desk.say(Text("密码", "Password")))
    body: dict[str, Any] = {"login": options.login, "password": password, "name": "hallmark", "days": options.days}
    body |= {"code": options.code} if options.code else {}
    body |= {"organisation": options.organisation} if options.organisation else {}
    made = desk.client.send("POST", "/sign-in", body)
    desk.profile.save(server=desk.server, token=made["token"])
    said = {name: made[name] for name in ("organisation", "scopes", "expires_ms")}
    until = instant.to_text(made["expires_ms"])
    words = Text(f"已为 {made['organisation']} 登录，至 {until}", f"Signed in for {made['organisation']} until {until}")
    return Said(said, [desk.say(words)])


def logout(desk: Desk, _options: Namespace) -> Said:
    """End the token and forget it."""
    token = desk.profile.settings.get("token")
    if token:
        desk.client.send("DELETE", f"/tokens/{token.split('_')[1]}")
    desk.profile.save(token=None)
    return Said({}, [desk.say(Text("已退出", "Signed out"))])


def me(desk: Desk, _options: Namespace) -> Said:
    """Show who the token is."""
    return Said(desk.me, facts(desk.me))


def list_tokens(desk: Desk, _options: Namespace) -> Said:
    """Show the account's tokens."""
    tokens = desk.client.get("/tokens")
    rows = [
        (each["prefix"], each["name"], " ".join(each["scopes"]), instant.to_text(each["expires_ms"]))
        for each in tokens
        if each["revoked_ms"] is None
    ]
    return Said(tokens, table(rows))


def create_token(desk: Desk, options: Namespace) -> Said:
    """Make a token for a program; its text is shown once."""
    scopes = options.scope or ["read"]
    made = desk.client.send("POST", "/tokens", {"name": options.name, "scopes": scopes, "days": options.days})
    return Said(made, [made["token"]])


def revoke_token(desk: Desk, options: Namespace) -> Said:
    """End a token."""
    desk.client.send("DELETE", f"/tokens/{options.prefix}")
    return Said({"revoked": options.prefix}, [desk.say(Text("已撤销", "Revoked"))])


def accept(desk: Desk, options: Namespace) -> Said:
    """Choose the password of an account that one was invited to."""
    password = ask_password(desk.say(Text("新密码", "New password")))
    desk.client.send("POST", "/invitations", {"code": options.code, "password": password})
    return Said({}, [desk.say(Text("密码已设定，请登录", "The password is set; now sign in"))])


def ask_password(prompt: str) -> str:
    """Return a password: HALLMARK_PASSWORD, what is typed, or the first line of a pipe."""
    text = os.environ.get("HALLMARK_PASSWORD")
    if text is not None:
        return text
    return getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
