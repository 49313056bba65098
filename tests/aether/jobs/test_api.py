"""Tests of the REST API of jobs."""

import json
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from aether.jobs import actions
from aether.jobs.api.serializers import JobAppendSerializer, Line
from aether.jobs.models import Job
from realtime import bulk, tokens
from tests.aether.jobs.conftest import URL, Api, printed, someone

pytestmark = pytest.mark.django_db

ORIGINAL = {
    "job_id", "job_type", "status", "created_at", "started_at", "completed_at", "target_host", "parameters", "output",
    "error", "notification_id", "child_jobs",
}  # fmt: skip


def rules(answer: tuple[int, Any]) -> dict[str, str]:
    """Return field → rule of a 400."""
    status, body = answer
    assert (status, body["status"]) == (400, 400), body
    return {error["field"]: error["rule"] for error in body["errors"]}


def running(name: str = "Backup", **contents: Any) -> Job:
    """Return a job that runs."""
    return actions.create(name, status="running", **contents)


def names(answer: tuple[int, Any]) -> list[str]:
    """Return the names of the jobs in a list."""
    assert answer[0] == 200, answer
    return [job["name"] for job in answer[1]]


def test_what_the_original_had(reader: Api) -> None:
    """The list is an array and one job an object, each with the fields that existing clients read."""
    job = running(parameters={"vm": "web-1"}, target_host="hv-1")
    actions.append(job.pk, ["a", "b"])
    [listed] = reader("get")[1]
    one = reader("get", f"/{job.pk}")[1]
    assert set(listed) >= ORIGINAL
    assert set(one) >= ORIGINAL
    assert (listed["output"], one["output"]) == ([], ["a", "b"])
    assert (one["job_id"], one["status"], one["parameters"]) == (str(job.pk), "running", {"vm": "web-1"})


def test_a_job_shows_its_newest_lines(reader: Api) -> None:
    """Of a long output the newest lines come with the job, and it says where all of them are."""
    job = running()
    actions.append(job.pk, [str(number) for number in range(1, 1_001)])
    one = reader("get", f"/{job.pk}")[1]
    assert (len(one["output"]), one["output_first_line"], one["output_lines"]) == (200, 801, 1_000)
    assert one["output_url"] == f"{URL}/{job.pk}/output"
    page = reader("get", f"/{job.pk}/output?from=900&limit=2")[1]
    assert (page["first_line"], page["lines"], page["next_line"], page["more"]) == (900, ["900", "901"], 902, True)
    assert reader("get", f"/{job.pk}/output?from=1000")[1]["more"] is False


def test_filters(reader: Api) -> None:
    """The list can be had by states, host, parent and time."""
    old = running("old", target_host="a")
    parent = running("parent", target_host="b")
    actions.complete(running("child", parent=parent).pk)
    bulk.update(Job.objects.filter(pk=old.pk), created_at=timezone.now() - timedelta(days=1))
    assert names(reader("get")) == ["child", "parent", "old"]
    assert names(reader("get", "?status=completed")) == ["child"]
    assert names(reader("get", "?status=completed&status=running&target_host=a")) == ["old"]
    assert names(reader("get", f"?parent={parent.pk}")) == ["child"]
    since = (timezone.now() - timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    assert names(reader("get", f"?since={since}")) == ["child", "parent"]
    for query in ("status=asleep", "limit=0", "parent=7", "cursor=x", "since=noon"):
        assert set(rules(reader("get", f"?{query}"))) == {query.partition("=")[0]}


def test_pages_of_the_list(reader: Api) -> None:
    """The header `Link` leads through all jobs, each once, with the query that was asked."""
    for number in range(5):
        running(str(number), target_host="a")
    running("other", target_host="b")
    path, found = "?limit=2&target_host=a", []
    while path:
        answer = reader.client.get(URL + path)
        found += names((answer.status_code, answer.json()))
        link = answer.headers.get("Link", "")
        path = "?" + urlsplit(link[1 : link.index(">")]).query if link else ""
        assert not path or parse_qs(path[1:])["target_host"] == ["a"]
    assert found == ["4", "3", "2", "1", "0"]


def test_create_change_and_end(writer: Api) -> None:
    """A producer's day: create, come on, end; the user's name is kept."""
    status, job = writer("post", "", {"name": "Deploy", "job_type": "deploy", "status": "running", "watched": True})
    assert (status, job["status"], job["created_by"]) == (201, "running", "writer")
    assert writer("patch", f"/{job['job_id']}", {"progress": 60})[1]["progress"] == 60
    status, done = writer("patch", f"/{job['job_id']}", {"status": "completed", "exit_code": 0})
    assert (status, done["status"], done["progress"], done["exit_code"]) == (200, "completed", 100, 0)
    assert done["version"] > job["version"]
    status, problem = writer("patch", f"/{job['job_id']}", {"status": "running"})
    assert (status, problem["detail"]) == (409, "The job is completed; it cannot become running.")


def test_children(writer: Api) -> None:
    """A child names its parent at creation; the parent lists it."""
    parent = writer("post", "", {"name": "All"})[1]["job_id"]
    child = writer("post", "", {"name": "One", "parent": parent})[1]
    assert child["parent"] == parent
    assert writer("get", f"/{parent}")[1]["child_jobs"] == [child["job_id"]]
    assert rules(writer("post", "", {"name": "x", "parent": str(uuid.uuid4())})) == {"parent": "does_not_exist"}
    assert rules(writer("patch", f"/{parent}", {"parent": parent})) == {"parent": "unknown"}


def test_cancel(writer: Api) -> None:
    """A job can be cancelled, for a reason, until it has ended."""
    job = running()
    status, body = writer("post", f"/{job.pk}/cancel", {"error": "Too late."})
    assert (status, body["status"], body["error"]) == (200, "cancelled", "Too late.")
    assert writer("post", f"/{job.pk}/cancel", {})[0] == 200
    done = actions.complete(running().pk)
    assert writer("post", f"/{done.pk}/cancel", {})[1]["detail"] == "The job is completed; it cannot become cancelled."


def test_delete(admin: Api) -> None:
    """A finished job can be deleted; one that is not is refused."""
    job = running()
    assert admin("delete", f"/{job.pk}")[0] == 409
    actions.complete(job.pk)
    assert admin("delete", f"/{job.pk}") == (200, {"message": "Job deleted"})
    assert admin("get", f"/{job.pk}")[0] == 404


def test_append(writer: Api) -> None:
    """Lines are appended by number: a repeat changes nothing, a gap is a 409 that names the number expected."""
    path = f"/{running().pk}/output"
    assert writer("post", path, {"first_line": 1, "lines": ["a", "", " b "]})[1]["appended"] == 3
    status, body = writer("post", path, {"first_line": 2, "lines": ["", " b ", "c"]})
    assert (status, body["first_line"], body["appended"], body["next_line"]) == (200, 4, 1, 5)
    status, problem = writer("post", path, {"first_line": 9, "lines": ["x"]})
    assert (status, "number 5" in problem["detail"]) == (409, True)
    assert writer("post", path, {"lines": ["bad"], "stderr": True})[1]["first_line"] == 5
    assert writer("get", path)[1]["lines"] == ["a", "", " b ", "c", "STDERR: bad"]
    assert printed() == [(1, ["a", "", " b "]), (4, ["c"]), (5, ["STDERR: bad"])]


def test_append_what_databases_do_not_take(writer: Api) -> None:
    """NUL and half surrogate pairs are replaced, and neither the answer nor the message fails by them."""
    path = f"/{running().pk}/output"
    text = '{"lines": ["a\\u0000b", "\\ud800", "\\u001b[31mred"]}'
    answer = writer.client.post(URL + path, text, content_type="application/json")
    assert answer.status_code == 200, answer.content
    assert writer("get", path)[1]["lines"] == ["a\u2400b", "\ufffd", "\x1b[31mred"]


def test_a_megabyte_at_a_time(writer: Api) -> None:
    """A megabyte is taken in one request, more is refused."""
    path = f"/{running().pk}/output"
    assert writer("post", path, {"lines": ["x" * 1_023] * 1_024})[0] == 200
    assert rules(writer("post", path, {"lines": ["x" * 1_023] * 1_025})) == {"lines": "max_size"}
    assert writer("post", path, {"lines": ["\x1b" * 1_023] * 1_024})[0] == 200, "whatever their size as JSON"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, {"name": "required"}),
        ({"name": " "}, {"name": "blank"}),
        ({"name": "x", "status": "completed"}, {"status": "invalid_choice"}),
        ({"name": "x", "parameters": {"a": "x" * 20_000}}, {"parameters": "max_size"}),
        ({"name": "x", "nope": 1}, {"nope": "unknown"}),
        ({"name": "x" * 201, "target_host": "\0"}, {"name": "max_length", "target_host": "null_character"}),
    ],
)
def test_invalid_jobs(writer: Api, body: dict[str, Any], expected: dict[str, str]) -> None:
    """What is wrong is named, field by field."""
    assert rules(writer("post", "", body)) == expected


@pytest.mark.parametrize(
    "body", [{"lines": "a"}, {}, {"lines": ["a\nb"]}, {"lines": [1, {}]}, {"lines": ["a"], "first_line": 0}]
)
def test_invalid_lines(writer: Api, body: dict[str, Any]) -> None:
    """What is no list of lines is refused."""
    assert writer("post", f"/{running().pk}/output", body)[0] == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "role"),
    [
        ("post", "", {"name": "x"}, "Writer"),
        ("patch", "/{}", {"progress": 1}, "Writer"),
        ("post", "/{}/output", {"lines": ["a"]}, "Writer"),
        ("post", "/{}/cancel", {}, "Writer"),
        ("delete", "/{}", None, "Admin"),
    ],
)
def test_roles(method: str, path: str, body: Any, role: str) -> None:
    """Readers read, writers write, admins delete; each refusal names the permission."""
    roles = ["", "Reader", "Writer", "Admin"]
    for name in roles:
        job = running()
        if method == "delete":
            actions.complete(job.pk)
        status, answer = someone(name)(method, path.format(job.pk), body)
        if roles.index(name) >= roles.index(role):
            assert status in (200, 201), answer
        else:
            assert (status, "permission jobs." in answer["detail"]) == (403, True)
            assert someone_reads(name)
        User.objects.all().delete()


def someone_reads(name: str) -> bool:
    """Say whether the user with that role reads the list."""
    api = Api(User.objects.get(username=name.lower() or "nobody"))
    return bool(names(api("get")))


def test_a_token_does_what_its_user_may(writer: Api) -> None:
    """A script with an API token appends lines; without one it is asked for a login."""
    _, secret = tokens.create(User.objects.get(username="writer"), "script")
    path, body = f"{URL}/{running().pk}/output", json.dumps({"lines": ["a"]})
    client = type(writer.client)()
    headers = {"Authorization": f"Token {secret}"}
    answer = client.post(path, body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()["appended"]) == (200, 1)
    assert client.post(path, body, content_type="application/json").status_code == 401


def test_what_is_not_there(admin: Api) -> None:
    """A job that there is none of is a 404 to everything, whatever its id looks like."""
    for pk in (str(uuid.uuid4()), "7", "..%2f"):
        for method, path in (("get", ""), ("patch", ""), ("delete", ""), ("get", "/output"), ("post", "/output")):
            assert admin(method, f"/{pk}{path}", None if method in ("get", "delete") else {})[0] == 404


def test_a_megabyte_of_blank_lines_is_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is text is taken as it is: a million lines that are each validated cost seconds."""
    asked_of: list[object] = []
    monkeypatch.setattr(Line, "run_validation", lambda _, data: asked_of.append(data))
    asked = JobAppendSerializer(data={"lines": [""] * 1_000_000})
    asked.is_valid(raise_exception=True)
    assert len(asked.validated_data["lines"]) == 1_000_000
    assert asked_of == []


def test_lines_that_are_none_are_named() -> None:
    """Among many lines the one that is no text is told by its place."""
    asked = JobAppendSerializer(data={"lines": ["", " two ", None]})
    assert not asked.is_valid()
    assert list(asked.errors["lines"]) == [2]
