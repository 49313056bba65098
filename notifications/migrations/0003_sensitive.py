"""Let notifications be sensitive: their text is then one ciphertext, and no column has a word of it.

Old servers may go on writing meanwhile: both columns have a default in the database.
"""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
        ('notifications', '0002_roles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='notification',
            options={'ordering': ('-created_at', '-id'), 'permissions': (('view_sensitive', 'Can read what sensitive notifications say, in the admin'),)},
        ),
        migrations.AddField(
            model_name='notification',
            name='sealed',
            field=models.TextField(db_default='', default='', editable=False),
        ),
        migrations.AddField(
            model_name='notification',
            name='sensitive',
            field=models.BooleanField(db_default=False, default=False, help_text='Encrypt what it says, and show it only to those who ask for it. Cannot be changed later.'),
        ),
        migrations.AddIndex(
            model_name='notification',
            index=models.Index(condition=models.Q(('sensitive', True)), fields=['id'], name='notification_sensitive'),
        ),
        migrations.AddConstraint(
            model_name='notification',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sealed', ''), ('sensitive', False)), models.Q(('message', ''), ('related_entity', None), ('sensitive', True), ('title', 'Sensitive notification'), models.Q(('sealed', ''), _negated=True)), _connector='OR'), name='notification_sealed'),
        ),
    ]
