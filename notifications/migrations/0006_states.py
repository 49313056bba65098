"""What each user did with a notification beside reading it, and when one is to be told.

Old servers may go on writing meanwhile: each new column has a default in the database, or may be null. They show what
is scheduled at once, so schedule nothing before all servers are new.
"""

import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('notifications', '0005_idempotency'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_dedup_once',
        ),
        migrations.RemoveIndex(
            model_name='notification',
            name='notification_newest',
        ),
        migrations.RemoveIndex(
            model_name='receipt',
            name='receipt_dismissed',
        ),
        migrations.AddField(
            model_name='notification',
            name='deliver_at',
            field=models.DateTimeField(blank=True, help_text='When its audience is told of it; empty once it was, and for at once.', null=True),
        ),
        migrations.AddField(
            model_name='receipt',
            name='archived_version',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='The version that was archived; 0 for none.'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='snoozed_version',
            field=models.PositiveBigIntegerField(db_default=0, default=0, help_text='The version that was snoozed; 0 for none.'),
        ),
        migrations.AddField(
            model_name='receipt',
            name='saved',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name='receipt',
            name='snoozed_until',
            field=models.DateTimeField(help_text='When it comes back as unread.', null=True),
        ),
        migrations.AddField(
            model_name='receipt',
            name='away_version',
            field=models.GeneratedField(db_persist=True, expression=django.db.models.functions.comparison.Greatest('dismissed_version', 'archived_version', 'snoozed_version'), output_field=models.PositiveBigIntegerField()),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(models.F('audience'), models.OrderBy(models.F('created_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('deleted_at', None), ('deliver_at', None)), name='notification_newest'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('deleted_at', None), ('deliver_at__isnull', False)), fields=['deliver_at', 'id'], name='notification_due'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('away_version__gt', 0)), fields=['user'], name='receipt_away'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('saved', True)), fields=['user'], name='receipt_saved'),
        ),
        migrations.AddIndex(
            model_name='receipt',
            index=models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['snoozed_until'], name='receipt_due'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=models.Q(('dedup_key__isnull', False), ('deleted_at', None), ('deliver_at', None)), fields=('audience', 'dedup_key'), name='notification_dedup_once'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.UniqueConstraint(condition=models.Q(('dedup_key__isnull', False), ('deleted_at', None), ('deliver_at__isnull', False)), fields=('audience', 'dedup_key'), name='notification_scheduled_once'),
        ),
    ]
