"""The only writer of notifications. Every function opens its own transaction, or joins the caller's.

Each has an async twin with an `a` before its name.
"""

from asgiref.sync import sync_to_async

from notifications.actions.many import Done, delete_many, mark_many_read, mark_many_unread
from notifications.actions.marking import AllRead, dismiss, mark_all_read, mark_read, mark_unread
from notifications.actions.removing import (
    RETENTION,
    clear,
    delete,
    delete_for_everyone,
    expire,
    prune,
    restore,
    restore_for_everyone,
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
    "aclear",
    "acreate",
    "acreate_many",
    "add",
    "adelete",
    "adelete_for_everyone",
    "adelete_many",
    "adismiss",
    "aexpire",
    "amark_all_read",
    "amark_many_read",
    "amark_many_unread",
    "amark_read",
    "amark_unread",
    "aprune",
    "arestore",
    "arestore_for_everyone",
    "aupdate",
    "aupsert",
    "clear",
    "create",
    "create_many",
    "delete",
    "delete_for_everyone",
    "delete_many",
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
    "update",
    "upsert",
]
