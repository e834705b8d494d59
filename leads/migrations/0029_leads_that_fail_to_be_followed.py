from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("leads", "0028_who_may_be_the_same")]

    operations = [
        migrations.AddIndex(
            "lead",
            models.Index(
                fields=["stage_since"],
                name="lead_follow_failed",
                condition=models.Q(follow_at__isnull=False),
            ),
        ),
    ]
