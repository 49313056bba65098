"""The routes under /api/v1/; none ends with a slash."""

from django.urls import path

from notifications.api import batch, bulk, counts, exporting, places, views

ONE = "notifications/<str:notification_id>"

urlpatterns = [
    path("notifications", views.NotificationList.as_view(), name="notifications"),
    path("notifications/unread_count", views.UnreadCount.as_view(), name="unread-count"),
    path("notifications/batch/read", batch.BatchRead.as_view(), name="batch-read"),
    path("notifications/batch/unread", batch.BatchUnread.as_view(), name="batch-unread"),
    path("notifications/batch/delete", batch.BatchDelete.as_view(), name="batch-delete"),
    path("notifications/batch/archive", batch.BatchArchive.as_view(), name="batch-archive"),
    path("notifications/batch/unarchive", batch.BatchUnarchive.as_view(), name="batch-unarchive"),
    path("notifications/batch/restore", batch.BatchRestore.as_view(), name="batch-restore"),
    path("notifications/bulk", bulk.Bulk.as_view(), name="bulk"),
    path("notifications/counts", counts.Counts.as_view(), name="counts"),
    path("notifications/export.csv", exporting.ExportCSV.as_view(), name="export-csv"),
    path("notifications/export.ndjson", exporting.ExportNDJSON.as_view(), name="export-ndjson"),
    path("notifications/mark-all-read", views.MarkAllRead.as_view(), name="mark-all-read"),
    path(ONE, views.NotificationDetail.as_view(), name="notification"),
    path(f"{ONE}/read", views.NotificationRead.as_view(), name="notification-read"),
    path(f"{ONE}/archived", places.NotificationArchived.as_view(), name="notification-archived"),
    path(f"{ONE}/saved", places.NotificationSaved.as_view(), name="notification-saved"),
    path(f"{ONE}/snoozed", places.NotificationSnoozed.as_view(), name="notification-snoozed"),
    path(f"{ONE}/restore", views.NotificationRestore.as_view(), name="notification-restore"),
]
