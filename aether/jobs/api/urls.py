"""The routes under /api/v1/; none ends with a slash."""

from django.urls import path

from aether.jobs.api import views

ONE = "jobs/<str:job_id>"

urlpatterns = [
    path("jobs", views.JobList.as_view(), name="jobs"),
    path(ONE, views.JobDetail.as_view(), name="job"),
    path(f"{ONE}/cancel", views.JobCancel.as_view(), name="job-cancel"),
    path(f"{ONE}/output", views.JobOutput.as_view(), name="job-output"),
]
