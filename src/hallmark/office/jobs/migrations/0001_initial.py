"""The first tables of jobs."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Deadline",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=64)),
                ("subject", models.CharField(max_length=200)),
                ("due_ms", models.BigIntegerField()),
                ("done", models.BooleanField(default=False)),
            ],
            options={
                "indexes": [models.Index(condition=models.Q(("done", False)), fields=["due_ms"], name="deadline_open")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done", False)), fields=("kind", "subject"), name="deadline_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Job",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("kind", models.CharField(max_length=64)),
                ("payload", models.JSONField(default=dict)),
                ("owner", models.CharField(blank=True, max_length=96)),
                ("dedupe", models.CharField(blank=True, max_length=200)),
                ("due_ms", models.BigIntegerField()),
                ("attempts", models.IntegerField(default=0)),
                ("max_attempts", models.IntegerField()),
                ("lease_owner", models.CharField(blank=True, max_length=100)),
                ("lease_until_ms", models.BigIntegerField(default=0)),
                ("cancel", models.BooleanField(default=False)),
                ("progress", models.JSONField(default=dict)),
                ("outcome", models.CharField(blank=True, max_length=9)),
                ("result", models.JSONField(null=True)),
                ("error", models.JSONField(null=True)),
                ("ended_ms", models.BigIntegerField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("outcome", "")), fields=["due_ms", "id"], name="job_open")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("dedupe", ""), _negated=True), fields=("dedupe",), name="job_once"
                    )
                ],
            },
        ),
    )
