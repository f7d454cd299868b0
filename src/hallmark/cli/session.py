"""Signing in, and the tokens of an account."""

from __future__ import annotations

import getpass
import os
import sys
from argparse import Namespace
from typing import Any

from hallmark.cli.desk import Desk
from hallmark.cli.labels import OFFSET, readable
from hallmark.cli.output import Said, facts, table
from hallmark.kernel import instant
from hallmark.kernel.text import Text

_PASSWORD = Text("密码", "Password")
_ACCEPTED = Text(
    "密码已设定，请登录；此前如有会话与令牌，均已终止",
    "The password is set; now sign in. Sessions and tokens of before, if any, have ended",
)
_CODE = Text("验证码", "Code")


def login(desk: Desk, options: Namespace) -> Said:
    """Get a token for login and password, and keep it in the profile."""
    password = ask_password(desk.say(_PASSWORD))
    body: dict[str, Any] = {"login": options.login, "password": password, "name": "hallmark", "days": options.days}
    body |= {"code": options.code} if options.code else {}
    body |= {"organisation": options.organisation} if options.organisation else {}
    made = desk.client.send("POST", "/sign-in", body)
    desk.profile.save(server=desk.server, token=made["token"])
    said = {name: made[name] for name in ("organisation", "scopes", "expires_ms")}
    until = instant.shown(made["expires_ms"], OFFSET)
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
    return Said(desk.me, facts(readable(desk.me, desk.language)))


def list_tokens(desk: Desk, _options: Namespace) -> Said:
    """Show the account's tokens."""
    tokens = desk.client.get("/tokens")
    rows = [
        (each["prefix"], each["name"], " ".join(each["scopes"]), instant.shown(each["expires_ms"], OFFSET))
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
    return Said({}, [desk.say(_ACCEPTED)])


def change_password(desk: Desk, _options: Namespace) -> Said:
    """Change the password, after asking for the old one and the new one."""
    old, new = ask_password(desk.say(_PASSWORD)), ask_new_password(desk.say(Text("新密码", "New password")))
    desk.client.send("POST", "/password", {"old": old, "new": new})
    return Said({}, [desk.say(Text("密码已更改", "The password is changed"))])


def add_second_factor(desk: Desk, _options: Namespace) -> Said:
    """Show a secret for the authenticator, and have codes asked for once it makes the right one."""
    made = desk.client.send("POST", "/second-factor")
    words = Text("请在身份验证器中添加：", "Add this to your authenticator:")
    print(f"{desk.say(words)}\n{made['secret']}\n{made['address']}", file=sys.stderr)
    password = ask_password(desk.say(_PASSWORD))
    body = {"secret": made["secret"], "code": ask(desk.say(_CODE)), "password": password}
    desk.client.send("PUT", "/second-factor", body)
    return Said({}, [desk.say(Text("此后登录须输入验证码", "Signing in asks for a code from now on"))])


def remove_second_factor(desk: Desk, _options: Namespace) -> Said:
    """Have no codes asked for any more."""
    password = ask_password(desk.say(_PASSWORD))
    desk.client.send("POST", "/second-factor/remove", {"password": password, "code": ask(desk.say(_CODE))})
    return Said({}, [desk.say(Text("登录不再要求验证码", "Signing in asks for no code any more"))])


def ask_password(prompt: str, variable: str = "HALLMARK_PASSWORD") -> str:
    """Return a password: that of the environment's `variable`, what is typed, or the next line of a pipe."""
    text = os.environ.get(variable)
    return ask(prompt) if text is None else text


def ask_new_password(prompt: str) -> str:
    """Return the password wanted: HALLMARK_NEW_PASSWORD, or as `ask`."""
    return ask_password(prompt, "HALLMARK_NEW_PASSWORD")


def ask(prompt: str) -> str:
    """Return what is typed unseen, or the next line of a pipe."""
    return getpass.getpass(f"{prompt}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
