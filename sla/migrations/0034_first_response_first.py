from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('sla', '0033_hours_of_who_left'),
    ]

    operations = [
        migrations.AlterField(
            model_name='clock',
            name='kind',
            field=models.CharField(choices=[('first_response', 'First response'), ('passed', 'Passing to a rep'), ('received', 'Opening the lead'), ('accept', 'Accept or reject'), ('first_touch', 'First touch'), ('follow_up', 'Next touch'), ('outcome', 'Outcome of a touch'), ('qualified', 'Qualifying'), ('review', 'Review'), ('stay_mql', 'Moving on from MQL'), ('stay_sal', 'Moving on from SAL'), ('stay_sql', 'Moving on from SQL'), ('instant_answer', 'Instant answer')], max_length=16),
        ),
        migrations.AlterField(
            model_name='target',
            name='kind',
            field=models.CharField(choices=[('first_response', 'First response'), ('passed', 'Passing to a rep'), ('received', 'Opening the lead'), ('accept', 'Accept or reject'), ('first_touch', 'First touch'), ('follow_up', 'Next touch'), ('outcome', 'Outcome of a touch'), ('qualified', 'Qualifying'), ('review', 'Review'), ('stay_mql', 'Moving on from MQL'), ('stay_sal', 'Moving on from SAL'), ('stay_sql', 'Moving on from SQL')], max_length=16),
        ),
    ]
