"""Let notifications share a key, lead somewhere and offer buttons.

Old servers may go on writing meanwhile: what may not be null has a default in the database.
"""

import notifications.buttons
import notifications.validators
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('notifications', '0006_states'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='notification',
            options={'ordering': ('-created_at', '-id'), 'permissions': (('view_sensitive', 'Can read what sensitive notifications say, in the admin'), ('add_actions', 'Can let notifications offer requests that their readers send'))},
        ),
        migrations.RemoveConstraint(
            model_name='notification',
            name='notification_sealed',
        ),
        migrations.AddField(
            model_name='notification',
            name='actions',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list, help_text='Up to two buttons.'),
        ),
        migrations.AddField(
            model_name='notification',
            name='group_key',
            field=models.CharField(blank=True, help_text='Those that share it are one entry of a list, which shows the newest of them.', max_length=200, null=True, validators=[notifications.validators.storable]),
        ),
        migrations.AddField(
            model_name='notification',
            name='kind',
            field=models.CharField(editable=False, help_text='Audience, category and level at creation, by which storms are told; null where it is in none.', max_length=128, null=True),
        ),
        migrations.AddField(
            model_name='notification',
            name='link',
            field=models.CharField(blank=True, help_text='Where the title leads: a path of this site, or an http or https address.', max_length=2000, null=True, validators=[notifications.buttons.link]),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(models.F('group_key'), models.F('audience'), models.OrderBy(models.F('created_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('deleted_at', None), ('group_key__isnull', False)), name='notification_group'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(models.F('kind'), models.OrderBy(models.F('created_at'), descending=True), condition=models.Q(('kind__isnull', False)), name='notification_storm'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sealed', ''), ('sensitive', False)), models.Q(('group_key', None), ('link', None), ('message', ''), ('related_entity', None), ('sensitive', True), ('title', 'Sensitive notification'), models.Q(('sealed', ''), _negated=True)), _connector='OR'), name='notification_sealed'),
        ),
    ]
