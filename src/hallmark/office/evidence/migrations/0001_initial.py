"""The first tables of evidence."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = ()

    operations = (
        migrations.CreateModel(
            name="Evidence",
            fields=[
                ("address", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("size", models.BigIntegerField()),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("media_type", models.CharField(max_length=127)),
                ("owner", models.CharField(db_index=True, max_length=96)),
                ("case", models.CharField(blank=True, db_index=True, max_length=96)),
                ("visibility", models.CharField(max_length=7)),
                ("stored_by", models.CharField(blank=True, max_length=96)),
                ("stored_ms", models.BigIntegerField()),
                ("erased_ms", models.BigIntegerField(null=True)),
                ("ground", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="Share",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("organisation", models.CharField(max_length=96)),
                ("evidence", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="evidence.evidence")),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("evidence", "organisation"), name="one_share")],
            },
        ),
    )
