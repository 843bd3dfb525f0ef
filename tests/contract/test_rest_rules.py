"""What holds for every call of the REST API."""

from __future__ import annotations

import re

import pytest
from cloud import Cloud

NO_CREDENTIALS = "The resource requires authentication, which was not supplied with the request"
WRONG_CREDENTIALS = "The supplied authentication is invalid"


@pytest.mark.parametrize("path", ["/api/v1/namespaces", "/api/v1/namespaces/"])
def test_the_namespace_is_the_name_of_who_logged_in(cloud: Cloud, path: str):
    answer = cloud.call("GET", path)
    assert (answer.status_code, answer.json()) == (200, [cloud.user])


@pytest.mark.parametrize("path", ["/api/v1", "/api/v1/"])
def test_anybody_may_ask_what_this_api_is(cloud: Cloud, path: str):
    answer = cloud.call("GET", path, auth=None)
    assert answer.status_code == 200
    assert (answer.json()["api_version"], answer.json()["api_version_path"]) == ("1.0.0", "v1")
    assert {"description", "build", "buildno", "swagger_paths"} <= answer.json().keys()


def test_anybody_may_ask_for_limits_and_kinds(cloud: Cloud):
    found = cloud.call("GET", "/api/info", auth=None).json()
    assert found["api_paths"] == ["/api/v1"]
    assert found["limits"]["max_action_duration"] >= 60_000
    kinds = [each["kind"] for each in found["runtimes"]["python"] if each["default"]]
    assert kinds == ["python:3"]


@pytest.mark.parametrize(
    ("auth", "text"),
    [
        (None, NO_CREDENTIALS),
        (("23bc46b1-71f6-4ed5-8c54-816aa4f8c502", "wrong"), WRONG_CREDENTIALS),
        (("", ""), WRONG_CREDENTIALS),
    ],
)
def test_without_the_right_credentials_all_is_refused(cloud: Cloud, auth: tuple[str, str] | None, text: str):
    answer = cloud.call("GET", "actions", auth=auth)
    assert (answer.status_code, answer.json()["error"]) == (401, text)
    assert answer.headers["www-authenticate"].startswith("Basic")


@pytest.mark.parametrize("header", ["Basic", "Basic %%%", "Basic bm9jb2xvbg==", "Basic /w=="])
def test_credentials_that_make_no_sense_are_wrong(cloud: Cloud, header: str):
    answer = cloud.call("GET", "actions", auth=None, headers={"authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, WRONG_CREDENTIALS)


def test_another_users_namespace_is_forbidden(cloud: Cloud):
    answer = cloud.call("GET", "/api/v1/namespaces/somebody-else/actions")
    assert answer.status_code == 403
    assert answer.json()["error"].startswith("The supplied authentication is not authorized to access")


def test_the_own_namespace_may_be_named(cloud: Cloud):
    assert cloud.call("GET", f"/api/v1/namespaces/{cloud.user}/actions").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "actions/no-such-thing", 404),
        ("GET", "actions?limit=201", 400),
        ("GET", "packages/.bad", 400),
        ("DELETE", "activations/0123456789abcdef0123456789abcdef", 405),
        ("GET", "/api/v1/nothing/here", 404),
    ],
)
def test_every_error_has_a_text_and_the_code_of_its_request(
    cloud: Cloud, method: str, path: str, status: int
):
    answer = cloud.call(method, path, headers={"X-Request-ID": "abc123"})
    assert answer.status_code == status
    assert set(answer.json()) == {"error", "code"}
    assert answer.json()["code"] == "abc123"
    assert answer.headers["x-request-id"] == "abc123"


def test_a_request_without_an_id_gets_one(cloud: Cloud):
    answer = cloud.call("GET", "actions/no-such-thing")
    assert re.fullmatch("[A-Za-z0-9]{32}", answer.headers["x-request-id"])
    assert answer.json()["code"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["actions", "actions/no-such-thing", "/api/v1/namespaces"])
def test_pages_of_every_origin_may_read_the_answers(cloud: Cloud, path: str):
    headers = cloud.call("GET", path).headers
    assert headers["access-control-allow-origin"] == "*"
    allowed = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"
    assert headers["access-control-allow-headers"] == allowed
    assert headers["access-control-allow-methods"] == "GET, DELETE, POST, PUT, HEAD"


@pytest.mark.parametrize("path", ["actions", "actions/p/a", "/api/v1", "/api/v1/nothing"])
def test_a_browsers_question_before_a_request_needs_no_credentials(cloud: Cloud, path: str):
    answer = cloud.call("OPTIONS", path, auth=None)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize("collection", ["triggers", "rules"])
def test_there_are_no_triggers_and_no_rules(cloud: Cloud, collection: str):
    answer = cloud.call("GET", collection)
    assert (answer.status_code, answer.json()) == (200, [])


def test_limits_say_what_an_action_may_use(cloud: Cloud):
    limits = cloud.call("GET", "limits").json()
    assert limits["minActionTimeout"] == 100
    assert limits["maxActionMemory"] >= 256
    assert limits["concurrentInvocations"] > 0


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("limit=201", "The value '201' is not in the range of 0 to 200 for actions."),
        ("limit=-1", "The value '-1' is not in the range of 0 to 200 for actions."),
        ("limit=x", "The value 'x' is not an integer for actions."),
        ("skip=-1", "The value '-1' is not greater than or equal to 0 for actions."),
        ("skip=1.5", "The value '1.5' is not an integer for actions."),
        ("count=maybe", "'maybe' is not a valid Boolean value"),
    ],
)
def test_a_bad_query_is_named_with_its_value(cloud: Cloud, query: str, text: str):
    answer = cloud.call("GET", f"actions?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"] == f"The query parameter '{query.split('=')[0]}' was malformed:\n{text}"


def test_a_question_mark_without_parameters_is_none(cloud: Cloud):
    assert cloud.call("GET", "actions?").status_code == 200


@pytest.mark.parametrize(
    "name", [".dot", "-dash", "tail ", "a:b", "a,b", "é", "%01", "x" * 257], ids=lambda name: name[:8]
)
def test_a_name_that_nothing_can_have_is_refused(cloud: Cloud, name: str):
    answer = cloud.call("GET", f"actions/{name}")
    assert answer.status_code == 400
    text = "Name segement longer than allowed: 257 > 256."
    assert answer.json()["error"] in ("The name of the entity contains illegal characters.", text)


@pytest.mark.parametrize(
    "name", ["a", "_", "a.args", "a b", "a@b&c-d.e", "0", "x" * 256], ids=lambda name: name[:8]
)
def test_a_name_that_something_could_have_is_only_not_found(cloud: Cloud, name: str):
    answer = cloud.call("GET", f"actions/{name}")
    assert (answer.status_code, answer.json()["error"]) == (404, "The requested resource does not exist.")
