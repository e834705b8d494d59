from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("leads", "0030_policies_by_one_name")]

    operations = [
        migrations.AddField(
            "lead", "reconsider_fails_since", models.DateTimeField(blank=True, null=True)
        ),
        migrations.AddIndex(
            "lead",
            models.Index(
                fields=["reconsider_fails_since"],
                name="lead_reconsider_fails",
                condition=Q(reconsider_fails_since__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "lead",
            models.CheckConstraint(
                name="lead_that_fails_is_tried_again",
                condition=Q(reconsider_fails_since=None) | Q(reconsider_at__isnull=False),
            ),
        ),
    ]
