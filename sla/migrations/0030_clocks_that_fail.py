from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0029_misses_counted_once")]

    operations = [
        migrations.AddIndex(
            "clock",
            models.Index(
                fields=["due_at"],
                name="clock_fails",
                condition=models.Q(attempts__gt=0, next_at__isnull=False),
            ),
        ),
    ]
