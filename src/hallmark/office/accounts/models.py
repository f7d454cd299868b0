"""Accounts, people and organisations. Times are ms since 1970 UTC."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from hallmark.kernel.keys import PublicKey


class Organisation(models.Model):
    """A party of the market, by its role."""

    id = models.CharField(primary_key=True, max_length=96)
    role = models.CharField(max_length=12)
    name_zh = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)

    def __str__(self) -> str:
        return self.id


class Person(models.Model):
    """A natural person: nothing but a random identifier, and the person it turned out to be the same as."""

    id = models.CharField(primary_key=True, max_length=96)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True)

    def __str__(self) -> str:
        return self.id


class Disclosure(models.Model):
    """What a person's identifier hides, `name` or `registration`, with the salt of its claim; deleted to erase."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    name = models.CharField(max_length=20)
    value = models.CharField(max_length=200, db_index=True)
    salt = models.BinaryField(max_length=16)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("person", "name"), name="one_disclosure"),
            models.UniqueConstraint(fields=("value",), condition=Q(name="registration"), name="one_registration"),
        )

    def __str__(self) -> str:
        return f"{self.person_id} {self.name}"


class PersonKey(models.Model):
    """A person's own public key, proven at enrolment; `relying_party` pins a Web Authentication credential."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    key_id = models.CharField(max_length=64, unique=True)
    algorithm = models.IntegerField()
    material = models.BinaryField(max_length=1400)
    relying_party = models.CharField(max_length=253, blank=True)
    enrolled_ms = models.BigIntegerField()
    retired_ms = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.key_id

    @property
    def public(self) -> PublicKey:
        """The key itself."""
        return PublicKey(self.algorithm, bytes(self.material))


class Membership(models.Model):
    """What a person does for an organisation: a list of functions."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    functions = models.JSONField(default=list)

    class Meta:
        constraints = (models.UniqueConstraint(fields=("person", "organisation"), name="one_membership"),)

    def __str__(self) -> str:
        return f"{self.person_id} at {self.organisation_id}"


class Users(BaseUserManager["User"]):
    """The manager that Django's sign-in asks for."""

    def get_by_natural_key(self, username: str | None) -> User:
        """Return the user of this login."""
        return self.get(login=username)


class User(AbstractBaseUser):
    """An account: a person's login and what it takes to sign in."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    login = models.CharField(max_length=100, unique=True)
    person = models.OneToOneField(Person, on_delete=models.PROTECT)
    language = models.CharField(max_length=10, default="zh-hans")
    is_active = models.BooleanField(default=True)
    totp_secret = models.BinaryField(default=b"")  # wrapped by the server's keys
    totp_step = models.BigIntegerField(default=0)  # the last time step whose code was used
    last_login = None

    objects = Users()

    USERNAME_FIELD = "login"

    def __str__(self) -> str:
        return str(self.id)  # a login may be a mail address, which no log should hold


class Token(models.Model):
    """An API token: what is kept recognises it and cannot make it."""

    user = models.ForeignKey(User, on_delete=models.CASCADE)
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE)
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = models.JSONField()
    made_ms = models.BigIntegerField()
    expires_ms = models.BigIntegerField()
    revoked_ms = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return self.prefix


class Spending(models.Model):
    """How often something was done in the window that began at `started_ms`; `key` is a keyed hash of who did what."""

    key = models.CharField(primary_key=True, max_length=64)
    started_ms = models.BigIntegerField()
    count = models.IntegerField()

    def __str__(self) -> str:
        return self.key
