from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sla", "0028_messages_of_merges")]

    operations = [
        migrations.AddField("clock", "went_on", models.BooleanField(default=False)),
    ]
