"""Packages: put, get, list, delete."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from cloud import Cloud

SOURCE = "def main(args):\n    return args\n"
P = {"key": "p", "value": 1}
Q = {"key": "q", "value": {"x": [1, None]}}


@pytest.fixture
def name(cloud: Cloud) -> Iterator[str]:
    """Lend a package name that is free, and free again in the end."""
    name = f"contract_{secrets.token_hex(4)}"
    yield name
    cloud.call("DELETE", f"packages/{name}?force=true")


def put(cloud: Cloud, name: str, **members: object):
    return cloud.call("PUT", f"packages/{name}?overwrite=true", json=members)


def test_a_package_is_made(cloud: Cloud, name: str):
    made = put(cloud, name, namespace="_", parameters=[P], annotations=[Q]).json()
    assert made.pop("updated") > 1_700_000_000_000
    assert made == {
        "namespace": cloud.user,
        "name": name,
        "version": "0.0.1",
        "publish": False,
        "binding": {},
        "parameters": [P],
        "annotations": [Q],
    }


def test_an_update_keeps_what_it_does_not_name_and_replaces_what_it_names(cloud: Cloud, name: str):
    put(cloud, name, parameters=[P, Q], annotations=[P, Q])
    kept = put(cloud, name).json()
    assert (kept["version"], kept["parameters"], kept["annotations"]) == ("0.0.2", [P, Q], [P, Q])
    replaced = put(cloud, name, parameters=[Q], annotations=[P], publish=True).json()
    assert (replaced["version"], replaced["parameters"], replaced["annotations"]) == ("0.0.3", [Q], [P])
    assert replaced["publish"] is True


def test_only_the_server_annotates_a_binding(cloud: Cloud, name: str):
    claimed = {"key": "binding", "value": {"namespace": "_", "name": "other"}}
    assert put(cloud, name, annotations=[claimed, P]).json()["annotations"] == [P]
    assert put(cloud, name, annotations=[Q, claimed]).json()["annotations"] == [Q]


def test_a_package_that_exists_is_not_overwritten_unasked(cloud: Cloud, name: str):
    put(cloud, name)
    answer = cloud.call("PUT", f"packages/{name}", json={})
    assert (answer.status_code, answer.json()["error"]) == (409, "resource already exists")


def test_a_package_says_which_actions_are_in_it(cloud: Cloud, name: str):
    put(cloud, name)
    cloud.deploy(f"{name}/one", SOURCE)
    cloud.deploy(f"{name}/fed", SOURCE, annotations={"feed": "x"})
    found = cloud.call("GET", f"packages/{name}").json()
    assert [each["name"] for each in found["actions"]] == ["one"]
    assert [each["name"] for each in found["feeds"]] == ["fed"]
    assert found["actions"][0]["version"] == "0.0.1"
    assert {"key": "exec", "value": "python:3"} in found["actions"][0]["annotations"]
    assert found["binding"] == {}


def test_packages_are_listed_newest_first(cloud: Cloud, name: str, package: str):
    put(cloud, name)
    listed = cloud.call("GET", "packages?limit=0").json()
    names = [each["name"] for each in listed]
    assert names.index(name) < names.index(package)
    assert listed[0]["binding"] is False
    assert "parameters" not in listed[0]
    assert cloud.call("GET", "packages?limit=1&skip=1").json() == listed[1:2]
    assert cloud.call("GET", "packages?count=true").json() == {"packages": len(listed)}


def test_a_package_that_is_not_empty_is_deleted_only_by_force(cloud: Cloud, name: str):
    put(cloud, name)
    cloud.deploy(f"{name}/one", SOURCE)
    refused = cloud.call("DELETE", f"packages/{name}")
    assert refused.status_code == 409
    assert refused.json()["error"] == (
        "Package not empty (contains 1 entity). Set force param or delete package contents."
    )
    cloud.deploy(f"{name}/two", SOURCE)
    assert "(contains 2 entities)" in cloud.call("DELETE", f"packages/{name}").json()["error"]
    assert cloud.call("DELETE", f"packages/{name}?force=true").json()["name"] == name
    assert cloud.call("GET", f"packages/{name}").status_code == 404
    assert cloud.call("GET", f"actions/{name}/one").status_code == 404


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_package_that_is_not_there_is_a_404(cloud: Cloud, name: str, method: str):
    answer = cloud.call(method, f"packages/{name}")
    assert (answer.status_code, answer.json()["error"]) == (404, "The requested resource does not exist.")


def test_no_package_can_be_called_default(cloud: Cloud):
    answer = put(cloud, "default")
    assert (answer.status_code, answer.json()["error"]) == (400, "Package name 'default' is reserved.")


def test_a_package_and_an_action_cannot_have_the_same_name(cloud: Cloud, name: str):
    put(cloud, name)
    text = "Resource by this name exists but is not in this collection."
    for answer in (cloud.put(name, SOURCE), cloud.call("GET", f"actions/{name}")):
        assert (answer.status_code, answer.json()["error"]) == (409, text)


@pytest.mark.parametrize(
    ("body", "status", "part"),
    [
        ("{", 400, "The request content was malformed:\n"),
        ("[]", 400, "The request content was malformed:\n"),
        ('{"parameters": {"a": 1}}', 400, "The request content was malformed:\nparameters malformed!"),
        ('{"parameters": [{"key": "a"}]}', 400, "The request content was malformed:\nparameters malformed!"),
        ('{"publish": "yes"}', 400, "The request content was malformed:\n"),
        (
            '{"parameters": [{"key": "a", "value": "' + "x" * 1048576 + '"}]}',
            413,
            "parameters larger than allowed: ",
        ),
        (
            '{"annotations": [{"key": "a", "value": "' + "x" * 1048576 + '"}]}',
            413,
            "annotations larger than allowed: ",
        ),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_body_that_is_no_package_is_refused_with_the_reason(
    cloud: Cloud, name: str, body: str, status: int, part: str
):
    answer = cloud.call("PUT", f"packages/{name}", data=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert answer.json()["error"].startswith(part)
