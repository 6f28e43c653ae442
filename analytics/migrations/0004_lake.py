from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('analytics', '0003_questions'),
    ]

    operations = [
        migrations.AddField(
            model_name='chunk',
            name='alone',
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name='Damage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('path', models.CharField(max_length=200, unique=True)),
                ('reason', models.CharField(choices=[('MISSING', 'the file is gone'), ('SPOILT', 'the file is not what was written')], max_length=10)),
                ('rows', models.BigIntegerField()),
                ('rebuilt', models.BigIntegerField(default=0)),
                ('first_at', models.DateTimeField()),
                ('latest_at', models.DateTimeField()),
                ('found_at', models.DateTimeField()),
                ('mended_at', models.DateTimeField(null=True)),
            ],
            options={'default_permissions': ()},
        ),
        migrations.CreateModel(
            name='Era',
            fields=[
                ('cluster', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('ahead', models.BigIntegerField(default=0)),
                ('began_at', models.DateTimeField()),
            ],
            options={'default_permissions': ()},
        ),
    ]
