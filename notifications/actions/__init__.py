"""The only writer of notifications. Every function opens its own transaction, or joins the caller's.

Each has an async twin with an `a` before its name.
"""

from asgiref.sync import sync_to_async

from notifications.actions.delivering import all_due, deliver, wake
from notifications.actions.many import Done, mark_many_read, mark_many_unread
from notifications.actions.marking import AllRead, dismiss, mark_all_read, mark_read, mark_unread
from notifications.actions.placing import (
    archive,
    archive_many,
    save,
    save_many,
    snooze,
    snooze_many,
    unarchive,
    unarchive_many,
    unsave,
    unsave_many,
    unsnooze,
    unsnooze_many,
)
from notifications.actions.removing import (
    RETENTION,
    cancel,
    clear,
    delete,
    delete_for_everyone,
    delete_many,
    expire,
    prune,
    restore,
    restore_for_everyone,
    restore_many,
)
from notifications.actions.writing import (
    Changes,
    Contents,
    Edit,
    New,
    Outdated,
    add,
    create,
    create_many,
    update,
    upsert,
)

acreate = sync_to_async(create)
acreate_many = sync_to_async(create_many)
aupdate = sync_to_async(update)
aupsert = sync_to_async(upsert)
acancel = sync_to_async(cancel)
aclear = sync_to_async(clear)
amark_read = sync_to_async(mark_read)
amark_unread = sync_to_async(mark_unread)
amark_all_read = sync_to_async(mark_all_read)
adismiss = sync_to_async(dismiss)
adelete = sync_to_async(delete)
adelete_for_everyone = sync_to_async(delete_for_everyone)
arestore = sync_to_async(restore)
arestore_for_everyone = sync_to_async(restore_for_everyone)
amark_many_read = sync_to_async(mark_many_read)
amark_many_unread = sync_to_async(mark_many_unread)
adelete_many = sync_to_async(delete_many)
aarchive = sync_to_async(archive)
aarchive_many = sync_to_async(archive_many)
asave = sync_to_async(save)
asave_many = sync_to_async(save_many)
asnooze = sync_to_async(snooze)
asnooze_many = sync_to_async(snooze_many)
aunarchive = sync_to_async(unarchive)
aunarchive_many = sync_to_async(unarchive_many)
aunsave = sync_to_async(unsave)
aunsave_many = sync_to_async(unsave_many)
aunsnooze = sync_to_async(unsnooze)
aunsnooze_many = sync_to_async(unsnooze_many)
arestore_many = sync_to_async(restore_many)
adeliver = sync_to_async(deliver)
awake = sync_to_async(wake)
aexpire = sync_to_async(expire)
aprune = sync_to_async(prune)

__all__ = [
    "RETENTION",
    "AllRead",
    "Changes",
    "Contents",
    "Done",
    "Edit",
    "New",
    "Outdated",
    "aarchive",
    "aarchive_many",
    "acancel",
    "aclear",
    "acreate",
    "acreate_many",
    "add",
    "adelete",
    "adelete_for_everyone",
    "adelete_many",
    "adeliver",
    "adismiss",
    "aexpire",
    "all_due",
    "amark_all_read",
    "amark_many_read",
    "amark_many_unread",
    "amark_read",
    "amark_unread",
    "aprune",
    "archive",
    "archive_many",
    "arestore",
    "arestore_for_everyone",
    "arestore_many",
    "asave",
    "asave_many",
    "asnooze",
    "asnooze_many",
    "aunarchive",
    "aunarchive_many",
    "aunsave",
    "aunsave_many",
    "aunsnooze",
    "aunsnooze_many",
    "aupdate",
    "aupsert",
    "awake",
    "cancel",
    "clear",
    "create",
    "create_many",
    "delete",
    "delete_for_everyone",
    "delete_many",
    "deliver",
    "dismiss",
    "expire",
    "mark_all_read",
    "mark_many_read",
    "mark_many_unread",
    "mark_read",
    "mark_unread",
    "prune",
    "restore",
    "restore_for_everyone",
    "restore_many",
    "save",
    "save_many",
    "snooze",
    "snooze_many",
    "unarchive",
    "unarchive_many",
    "unsave",
    "unsave_many",
    "unsnooze",
    "unsnooze_many",
    "update",
    "upsert",
    "wake",
]
