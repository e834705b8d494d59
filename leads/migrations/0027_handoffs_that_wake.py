"""Back, what opened by a wake date opened by its score."""

from django.db import migrations, models

BACK = "UPDATE leads_handoff SET path = 'score' WHERE path = 'wake'"


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0026_merged_for_good'),
    ]

    operations = [
        migrations.AlterField(
            model_name='handoff',
            name='path',
            field=models.CharField(choices=[('hand_raise', 'Hand-raise'), ('score', 'Score'), ('wake', 'Rest is over'), ('manual', 'By hand'), ('import', 'Import')], max_length=12),
        ),
        migrations.RunSQL(migrations.RunSQL.noop, BACK),
    ]
