"""A disposition names its handoff, and its assignment only where a rep had it.

The way back fails on dispositions of handoffs in review: they have no assignment to return to.
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("feedback", "0002_triggers"),
        ("leads", "0002_triggers"),
    ]

    operations = [
        migrations.AddField(
            model_name="disposition",
            name="handoff",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="dispositions",
                to="leads.handoff",
            ),
        ),
        migrations.AlterField(
            model_name="disposition",
            name="assignment",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="disposition",
                to="leads.assignment",
            ),
        ),
    ]
