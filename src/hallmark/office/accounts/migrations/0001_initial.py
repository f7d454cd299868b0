"""The first tables of accounts."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Organisation",
            fields=[
                ("id", models.CharField(max_length=96, primary_key=True, serialize=False)),
                ("role", models.CharField(max_length=12)),
                ("name_zh", models.CharField(max_length=200)),
                ("name_en", models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name="Spending",
            fields=[
                ("key", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("started_ms", models.BigIntegerField()),
                ("count", models.IntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Person",
            fields=[
                ("id", models.CharField(max_length=96, primary_key=True, serialize=False)),
                (
                    "merged_into",
                    models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, to="accounts.person"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="User",
            fields=[
                ("password", models.CharField(max_length=128, verbose_name="password")),
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("login", models.CharField(max_length=100, unique=True)),
                ("language", models.CharField(default="zh-hans", max_length=10)),
                ("is_active", models.BooleanField(default=True)),
                ("totp_secret", models.BinaryField(default=b"")),
                ("totp_step", models.BigIntegerField(default=0)),
                ("person", models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, to="accounts.person")),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="PersonKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key_id", models.CharField(max_length=64, unique=True)),
                ("algorithm", models.IntegerField()),
                ("material", models.BinaryField(max_length=1400)),
                ("relying_party", models.CharField(blank=True, max_length=253)),
                ("enrolled_ms", models.BigIntegerField()),
                ("retired_ms", models.BigIntegerField(null=True)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.person")),
            ],
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100)),
                ("prefix", models.CharField(max_length=12, unique=True)),
                ("digest", models.BinaryField(max_length=32)),
                ("scopes", models.JSONField()),
                ("made_ms", models.BigIntegerField()),
                ("expires_ms", models.BigIntegerField()),
                ("revoked_ms", models.BigIntegerField(null=True)),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organisation"),
                ),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name="Membership",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("functions", models.JSONField(default=list)),
                (
                    "organisation",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.organisation"),
                ),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.person")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("person", "organisation"), name="one_membership")],
            },
        ),
        migrations.CreateModel(
            name="Disclosure",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=20)),
                ("value", models.CharField(db_index=True, max_length=200)),
                ("salt", models.BinaryField(max_length=16)),
                ("person", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="accounts.person")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("person", "name"), name="one_disclosure"),
                    models.UniqueConstraint(
                        condition=models.Q(("name", "registration")), fields=("value",), name="one_registration"
                    ),
                ],
            },
        ),
    ]
