"""Which web actions there are, who may call them, and what pages of other origins may read."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from cloud import WEB, Cloud

ECHO = "def main(args):\n    return {'body': args['__ow_method']}\n"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
NOT_FOUND = "The requested resource does not exist."
UNAUTHORIZED = "Authentication is possible but has failed or not yet been provided."
DEFAULT_HEADERS = "Authorization, Origin, X-Requested-With, Content-Type, Accept, User-Agent"
CORS_NAMES = ("access-control-allow-origin", "access-control-allow-methods", "access-control-allow-headers")


def web_action(cloud: Cloud, package: str, **annotations: Any) -> str:
    name = f"{package}/web_{secrets.token_hex(4)}"
    shown = {key.replace("_", "-"): value for key, value in annotations.items()}
    cloud.deploy(name, ECHO, annotations={**WEB, **shown})
    return name


@pytest.fixture(scope="module")
def action(cloud: Cloud, package: str) -> str:
    return web_action(cloud, package)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_calls_the_action(cloud: Cloud, action: str, method: str):
    answer = cloud.web(action, method)
    assert (answer.status_code, answer.text) == (200, "" if method == "HEAD" else method.lower())


@pytest.mark.parametrize("method", [*METHODS])
def test_what_is_missing_and_what_is_private_look_the_same(cloud: Cloud, package: str, method: str):
    cloud.deploy(f"{package}/private", ECHO)
    cloud.deploy(f"{package}/taken_back", ECHO, annotations={**WEB, "web-export": False})
    cloud.deploy(f"{package}/not_true", ECHO, annotations={**WEB, "web-export": "true"})
    for name in (
        f"{package}/private",
        f"{package}/taken_back",
        f"{package}/not_true",
        f"{package}/none",
        "none/none",
    ):
        answer = cloud.web(name, method)
        assert answer.status_code == 404
        assert method == "HEAD" or answer.json()["error"] == NOT_FOUND


def test_another_namespace_has_no_such_action(cloud: Cloud, action: str):
    answer = cloud.session.get(f"{cloud.apihost}/api/v1/web/somebody-else/{action}")
    assert (answer.status_code, answer.json()["error"]) == (404, NOT_FOUND)
    if cloud.is_localops:
        assert answer.json()["detail"].startswith("There is no namespace somebody-else here;")


@pytest.mark.parametrize("path", ["/", "/a", "/{user}", "/{user}/a"])
def test_an_address_without_a_package_is_nowhere(cloud: Cloud, path: str):
    answer = cloud.session.get(f"{cloud.apihost}/api/v1/web{path.format(user=cloud.user)}")
    assert answer.status_code == 404


@pytest.mark.usefixtures("localops_only")
def test_the_short_address_is_the_one_users_namespace(cloud: Cloud, action: str):
    answer = cloud.session.post(f"{cloud.apihost}/api/my/{action}")
    assert (answer.status_code, answer.text) == (200, "post")
    assert cloud.session.post(f"{cloud.apihost}/api/my/{action.split('/')[1]}").status_code == 404


@pytest.mark.parametrize("method", METHODS)
def test_pages_of_every_origin_may_read_the_answer(cloud: Cloud, action: str, method: str):
    headers = cloud.web(action, method, headers={"origin": "https://elsewhere.example"}).headers
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-methods"] == "OPTIONS, GET, DELETE, POST, PUT, HEAD, PATCH"
    assert headers["access-control-allow-headers"] == DEFAULT_HEADERS


def test_a_browsers_question_is_answered_without_the_action(cloud: Cloud, action: str):
    asked = {"access-control-request-headers": "x-mine, x-yours"}
    answer = cloud.web(action, "OPTIONS", headers=asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-headers"] == "x-mine, x-yours"
    assert "x-openwhisk-activation-id" not in answer.headers


def test_an_error_may_be_read_by_other_pages_too(cloud: Cloud, action: str):
    answer = cloud.web(action, data=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (400, "*")


@pytest.mark.usefixtures("localops_only")
@pytest.mark.parametrize("name", ["{package}/none", "none/none", "only-one-part"])
def test_a_404_may_be_read_by_other_pages_too(cloud: Cloud, package: str, name: str):
    path = name.format(package=package)
    assert cloud.web(path).headers["access-control-allow-origin"] == "*"
    asked = cloud.web(path, "OPTIONS", headers={"access-control-request-headers": "content-type"})
    assert (asked.status_code, asked.headers["access-control-allow-headers"]) == (200, "content-type")


def test_an_action_may_answer_questions_itself(cloud: Cloud, package: str):
    name = web_action(cloud, package, web_custom_options=True)
    asked = cloud.web(name, "OPTIONS", headers={"access-control-request-headers": "x-mine"})
    assert (asked.status_code, asked.text) == (200, "options")
    for method in ("OPTIONS", "GET"):
        headers = cloud.web(name, method).headers
        assert not [each for each in CORS_NAMES if each in headers]


def test_a_question_needs_no_credentials_even_where_the_action_answers_it(cloud: Cloud, package: str):
    name = web_action(cloud, package, web_custom_options=True, require_whisk_auth=True)
    assert cloud.web(name, "OPTIONS").text == "options"
    assert cloud.web(name, "GET").status_code == 401


@pytest.mark.parametrize("method", METHODS)
def test_an_action_for_users_alone_refuses_everybody_else(cloud: Cloud, package: str, method: str):
    name = web_action(cloud, package, require_whisk_auth=True)
    user, key = cloud.auth.split(":", 1)
    assert cloud.web(name, method, auth=(user, key)).status_code == 200
    for auth in (None, (user, "wrong")):
        refused = cloud.web(name, method, auth=auth)
        assert refused.status_code == 401
        assert method == "HEAD" or refused.json()["error"] == UNAUTHORIZED
        assert refused.headers["access-control-allow-origin"] == "*"
        assert "x-openwhisk-activation-id" not in refused.headers
        assert method == "HEAD" or not cloud.is_localops or "require-whisk-auth" in refused.json()["detail"]
    assert cloud.web(name, "OPTIONS").status_code == 200


@pytest.mark.parametrize(
    ("required", "sent", "status"),
    [
        ("a secret", "a secret", 200),
        ("a secret", "A secret", 401),
        ("a secret", "", 401),
        ("a secret", None, 401),
        (12345, "12345", 200),
        (12345, "12346", 401),
        (False, None, 200),
        (None, None, 401),
        ({"a": 1}, "x", 401),
        (["x"], "x", 401),
    ],
)
def test_an_action_may_ask_for_a_word_of_its_own(
    cloud: Cloud, package: str, required: Any, sent: str | None, status: int
):
    name = web_action(cloud, package, require_whisk_auth=required)
    assert cloud.web(name, headers={"X-Require-Whisk-Auth": sent}).status_code == status


def test_an_action_in_no_package_is_called_under_default(cloud: Cloud):
    name = f"contract_{secrets.token_hex(4)}"
    cloud.deploy(name, ECHO, annotations=WEB)
    try:
        assert cloud.web(f"default/{name}").text == "post"
        assert cloud.web(f"default/{name}.text/path").text == "post"
    finally:
        cloud.call("DELETE", f"actions/{name}")
