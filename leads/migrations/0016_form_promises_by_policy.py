"""Take out of the shipped form's intro what it promised in fixed words: when a person answers is told
by the live policies now. An intro that was changed stays.
"""

from django.db import migrations

PROMISED = 'Tell us what you want to settle. A person answers, during office hours within minutes.'
NOW = 'Tell us what you want to settle.'


def replace_intro(apps, before, after):
    sources = apps.get_model('leads', 'IntakeSource').objects
    sources.filter(form_intro=before).update(form_intro=after)


class Migration(migrations.Migration):
    dependencies = [('leads', '0015_room_for_new_scores')]

    operations = [
        migrations.RunPython(
            lambda apps, editor: replace_intro(apps, PROMISED, NOW),
            lambda apps, editor: replace_intro(apps, NOW, PROMISED),
        ),
    ]
