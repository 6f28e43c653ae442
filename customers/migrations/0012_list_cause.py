from django.db import migrations, models

CAUSES = [('event', 'an event'), ('trait', 'a changed trait'), ('clock', 'time passed'), ('list', 'a list of people was edited'), ('fill', 'first fill'), ('edit', 'the rule was edited'), ('merge', 'profiles were merged'), ('unmerge', 'profiles came apart'), ('repair', 'nightly repair')]


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0011_lists'),
    ]

    operations = [
        migrations.AlterField(
            model_name='segmentmember',
            name='cause',
            field=models.CharField(choices=CAUSES, max_length=10),
        ),
        migrations.AlterField(
            model_name='segmentmember',
            name='left_cause',
            field=models.CharField(blank=True, choices=CAUSES, default='', max_length=10),
        ),
    ]
