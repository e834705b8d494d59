"""No promise is longer than a year by the wall, or 1,000 working hours. One that was is shortened
to that, in published sets too: nobody has waited for it yet.
"""

from django.db import migrations, models
from django.db.models import Q

from leads.at_once import AtOnce

SHORTEN = """
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE sla_target DISABLE TRIGGER USER;
UPDATE sla_target SET allowed = CASE measure WHEN 'wall' THEN interval '366 days'
    ELSE interval '1000 hours' END
WHERE allowed > CASE measure WHEN 'wall' THEN interval '366 days' ELSE interval '1000 hours' END;
ALTER TABLE sla_target ENABLE TRIGGER USER;
"""


class Migration(migrations.Migration):
    dependencies = [("sla", "0030_clocks_that_fail")]

    operations = [
        AtOnce(
            [
                migrations.RunSQL(SHORTEN, migrations.RunSQL.noop),
                migrations.AddConstraint(
                    "target",
                    models.CheckConstraint(
                        name="target_is_due_within_a_year",
                        condition=Q(
                            measure="wall",
                            allowed__lte=models.Value("366 days", models.DurationField()),
                        )
                        | Q(
                            measure="working",
                            allowed__lte=models.Value("1000 hours", models.DurationField()),
                        ),
                        violation_error_message=(
                            "A promise takes 366 days at most, in working time 1,000 hours."
                        ),
                    ),
                ),
            ]
        )
    ]
