"""Leave room on each page of leads for the next score: a row that finds it there, and whose day of
its next band change stays the same (`lead_band_changes`), keeps its entries in all indexes. Pages
that are full already get it when they are written anew.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [('leads', '0014_hold_what_looked_like_spam')]

    operations = [
        migrations.RunSQL(
            'ALTER TABLE leads_lead SET (fillfactor = 70)',
            'ALTER TABLE leads_lead RESET (fillfactor)',
        ),
    ]
