"""Codes of a second factor by RFC 6238, as authenticator apps make them: SHA-1, six digits, 30 seconds."""

from __future__ import annotations

import secrets

from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

SECRET_SIZE = 20
_DIGITS = 6
_STEP_S = 30


def new_secret() -> bytes:
    """Return a fresh secret, 20 bytes (RFC 4226 section 4, R6)."""
    return secrets.token_bytes(SECRET_SIZE)


def code(secret: bytes, step: int) -> bytes:
    """Return the six digits of a time step."""
    return _generator(secret).generate(step * _STEP_S)


def uri(secret: bytes, login: str, issuer: str) -> str:
    """Return the otpauth address that an authenticator reads as QR."""
    return _generator(secret).get_provisioning_uri(login, issuer)


def matching_step(secret: bytes, given: str, at: int) -> int | None:
    """Return the time step, one before to one after the time `at` in ms, whose code was given, or None."""
    current = at // 1_000 // _STEP_S
    for step in (current, current - 1, current + 1):
        if constant_time.bytes_eq(code(secret, step), given.strip().encode()):
            return step
    return None


def _generator(secret: bytes) -> TOTP:
    return TOTP(secret, _DIGITS, SHA1(), _STEP_S)  # noqa: S303 - HMAC-SHA-1 is what authenticators speak
