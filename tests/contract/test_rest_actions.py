"""Actions: put, with what an update keeps and merges; get, list, delete."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from cloud import WEB, Cloud, key_values, zipped

SOURCE = "def main(args):\n    return {'body': 'first'}\n"
OTHER = "def main(args):\n    return {'body': 'second'}\n"
LIMITS = {"timeout": 60_000, "memory": 256, "logs": 10, "concurrency": 1}


@pytest.fixture
def name(package: str) -> str:
    return f"{package}/a{secrets.token_hex(4)}"


def annotated(action: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in action["annotations"]}


def parameters(action: dict[str, Any]) -> dict[str, Any]:
    return {each["key"]: each["value"] for each in action["parameters"]}


def get(cloud: Cloud, name: str, query: str = "") -> dict[str, Any]:
    answer = cloud.call("GET", f"actions/{name}{query}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_an_action_is_made_with_defaults(cloud: Cloud, package: str, name: str):
    made = cloud.deploy(name, SOURCE)
    assert made.pop("updated") > 1_700_000_000_000
    assert annotated(made) == {"provide-api-key": False, "exec": "python:3"}
    del made["annotations"]
    assert made == {
        "namespace": f"{cloud.user}/{package}",
        "name": name.split("/")[1],
        "version": "0.0.1",
        "publish": False,
        "exec": {"kind": "python:3", "binary": False, "code": SOURCE},
        "parameters": [],
        "limits": LIMITS,
    }


def test_what_is_named_is_kept(cloud: Cloud, name: str):
    made = cloud.deploy(
        name,
        SOURCE,
        annotations={**WEB, "provide-api-key": True, "exec": "overwritten"},
        parameters={"p": 9000, "q": {"a": [True, None, "x"]}},
        limits={"timeout": 300_000, "memory": 512},
        publish=True,
        version="1.2.3",
        exec={"main": "other"},
    )
    assert annotated(made) == {**WEB, "provide-api-key": True, "exec": "python:3"}
    assert parameters(made) == {"p": 9000, "q": {"a": [True, None, "x"]}}
    assert made["limits"] == {**LIMITS, "timeout": 300_000, "memory": 512}
    assert (made["publish"], made["version"], made["exec"]["main"]) == (True, "1.2.3", "other")
    assert get(cloud, name) == made


def test_an_update_without_code_keeps_the_code(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, parameters={"p": 1})
    assert cloud.put(name, annotations=WEB).json()["version"] == "0.0.2"
    assert get(cloud, name)["exec"]["code"] == SOURCE
    assert cloud.web(name).text == "first"


def test_an_update_keeps_parameters_that_it_does_not_name_and_replaces_all_that_it_names(
    cloud: Cloud, name: str
):
    cloud.deploy(name, SOURCE, parameters={"p": 1, "q": 2})
    assert parameters(cloud.put(name, OTHER).json()) == {"p": 1, "q": 2}
    assert parameters(cloud.put(name, OTHER, parameters={"q": 3}).json()) == {"q": 3}
    assert parameters(cloud.put(name, OTHER, parameters={}).json()) == {}


def test_an_update_merges_annotations_key_by_key(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, annotations={**WEB, "index": "old"})
    updated = cloud.put(name, SOURCE, annotations={"index": "new", "extra": 1}).json()
    assert annotated(updated) == {
        **WEB,
        "index": "new",
        "extra": 1,
        "provide-api-key": False,
        "exec": "python:3",
    }


def test_leaving_out_the_web_annotations_does_not_unpublish(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, annotations=WEB)
    cloud.put(name, OTHER)
    assert cloud.web(name).text == "second"


def test_annotations_can_be_deleted(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, annotations={"a": 1, "b": 2})
    updated = cloud.put(name, delAnnotations=["a", "not there"]).json()
    assert annotated(updated) == {"b": 2, "provide-api-key": False, "exec": "python:3"}


def test_an_update_merges_limits_one_by_one(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, limits={"timeout": 1000, "memory": 128})
    assert cloud.put(name, limits={"memory": 512}).json()["limits"] == {
        **LIMITS,
        "timeout": 1000,
        "memory": 512,
    }


def test_each_update_counts_the_version_up_and_deleting_begins_anew(cloud: Cloud, name: str):
    versions = [cloud.deploy(name, code)["version"] for code in (SOURCE, OTHER, OTHER)]
    assert versions == ["0.0.1", "0.0.2", "0.0.3"]
    cloud.call("DELETE", f"actions/{name}")
    assert cloud.deploy(name, SOURCE, annotations=WEB)["version"] == "0.0.1"
    assert cloud.web(name).text == "first"


def test_new_code_answers_at_once(cloud: Cloud, name: str):
    for text in ("first", "second", "first", "second"):
        cloud.deploy(name, SOURCE.replace("first", text), annotations=WEB)
        assert [cloud.web(name).text for _ in range(2)] == [text, text]


def test_an_action_that_exists_is_not_overwritten_unasked(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, annotations=WEB)
    answer = cloud.put(name, OTHER, overwrite=False)
    assert (answer.status_code, answer.json()["error"]) == (409, "resource already exists")
    assert cloud.web(name).text == "first"


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
@pytest.mark.parametrize("missing", ["no-such-thing", "no-such-package/thing", "{package}/thing"])
def test_an_action_that_is_not_there_is_a_404(cloud: Cloud, package: str, method: str, missing: str):
    answer = cloud.call(method, f"actions/{missing.format(package=package)}")
    assert (answer.status_code, answer.json()["error"]) == (404, "The requested resource does not exist.")


def test_an_action_cannot_be_put_into_a_package_that_is_not_there(cloud: Cloud):
    answer = cloud.put("no-such-package/a", SOURCE)
    assert (answer.status_code, answer.json()["error"]) == (404, "The requested resource does not exist.")


def test_a_new_action_needs_code(cloud: Cloud, name: str):
    answer = cloud.put(name, parameters={"p": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "exec undefined")


def test_a_zip_is_told_by_nothing_but_its_base64(cloud: Cloud, name: str):
    code = zipped(
        {
            "__main__.py": "import words\ndef main(args):\n    return {'body': words.TEXT}\n",
            "words.py": "TEXT = 'zip'\n",
        }
    )
    made = cloud.deploy(name, code, annotations=WEB)
    assert made["exec"] == {"kind": "python:3", "binary": True, "code": code}
    assert cloud.web(name).text == "zip"
    assert get(cloud, name)["exec"] == made["exec"]
    assert get(cloud, name, "?code=false")["exec"] == {"kind": "python:3", "binary": True}


def test_source_in_base64_is_binary_too(cloud: Cloud, name: str):
    code = base64.b64encode(SOURCE.encode()).decode()
    assert cloud.deploy(name, code, annotations=WEB)["exec"]["binary"] is True
    assert cloud.web(name).text == "first"
    assert get(cloud, name)["exec"]["code"] == code


def test_a_probe_gets_no_code(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE)
    assert get(cloud, name, "?code=false")["exec"] == {"kind": "python:3", "binary": False}
    assert get(cloud, name, "?code=true")["exec"]["code"] == SOURCE


def test_a_get_shows_the_packages_parameters_below_the_actions_own(cloud: Cloud):
    package = f"contract_{secrets.token_hex(4)}"
    cloud.call(
        "PUT", f"packages/{package}", json={"parameters": key_values({"a": "package", "b": "package"})}
    )
    try:
        assert parameters(cloud.deploy(f"{package}/x", SOURCE, parameters={"b": "action"})) == {"b": "action"}
        assert parameters(get(cloud, f"{package}/x")) == {"a": "package", "b": "action"}
    finally:
        cloud.call("DELETE", f"packages/{package}?force=true")


def test_an_action_can_be_in_no_package(cloud: Cloud):
    name = f"contract_{secrets.token_hex(4)}"
    made = cloud.deploy(name, SOURCE, annotations=WEB)
    try:
        assert (made["namespace"], made["name"]) == (cloud.user, name)
        assert cloud.web(f"default/{name}").text == "first"
        assert cloud.invoke(name, blocking=True, result=True).json() == {"body": "first"}
    finally:
        assert cloud.call("DELETE", f"actions/{name}").json()["name"] == name
    assert cloud.call("GET", f"actions/{name}").status_code == 404


def test_a_list_shows_annotations_but_neither_code_nor_parameters(cloud: Cloud, package: str, name: str):
    made = cloud.deploy(name, SOURCE, annotations=WEB, parameters={"secret": "x"})
    listed = cloud.call("GET", "actions?limit=1").json()[0]
    expected = {key: made[key] for key in made if key not in ("parameters", "exec")}
    assert listed == {**expected, "exec": {"binary": False}}
    assert annotated(listed)["exec"] == "python:3"
    assert listed["namespace"] == f"{cloud.user}/{package}"


def test_lists_are_cut_and_counted_newest_first(cloud: Cloud, package: str):
    for each in "abc":
        cloud.deploy(f"{package}/list_{each}", SOURCE)
    cloud.deploy(f"{package}/list_b", OTHER)
    names = [each["name"] for each in cloud.call("GET", "actions?limit=3&skip=0").json()]
    assert names == ["list_b", "list_c", "list_a"]
    assert [each["name"] for each in cloud.call("GET", "actions?limit=1&skip=1").json()] == ["list_c"]
    inside = cloud.call("GET", f"actions/{package}/?limit=0&skip=0").json()
    assert [each["name"] for each in inside][:3] == names
    count = cloud.call("GET", "actions?count=true").json()["actions"]
    assert cloud.call("GET", "actions?count=true&skip=1").json() == {"actions": count - 1}


def test_a_list_without_a_limit_shows_thirty(cloud: Cloud, package: str):
    for number in range(31):
        cloud.deploy(f"{package}/many_{number}", SOURCE)
    assert len(cloud.call("GET", "actions").json()) == 30
    assert len(cloud.call("GET", "actions?limit=0").json()) > 30


def test_the_list_of_a_package_that_is_not_there_is_a_404(cloud: Cloud):
    assert cloud.call("GET", "actions/no-such-package/?limit=30").status_code == 404


def test_deleting_answers_what_was_deleted(cloud: Cloud, name: str):
    cloud.deploy(name, SOURCE, annotations=WEB)
    assert cloud.call("DELETE", f"actions/{name}").json()["version"] == "0.0.1"
    assert cloud.call("GET", f"actions/{name}").status_code == 404
    assert cloud.web(name).status_code == 404


@pytest.mark.parametrize(
    "kind", ["python:3", "python:default", "Python:Default", "python:3.11", "python:3.12", "python:3.13"]
)
def test_kinds_of_python_are_taken(cloud: Cloud, name: str, kind: str):
    made = cloud.deploy(name, SOURCE, exec={"kind": kind})
    resolved = "python:3" if "default" in kind.lower() else kind
    assert made["exec"]["kind"] == resolved
    assert annotated(made)["exec"] == resolved


def test_an_unknown_kind_is_refused_with_those_that_are_known(cloud: Cloud, name: str):
    answer = cloud.put(name, SOURCE, exec={"kind": "cobol:1"})
    assert answer.status_code == 400
    text = "The specified runtime 'cobol:1' is not supported by this platform. Valid values are: '"
    assert answer.json()["error"].startswith("The request content was malformed:\n" + text)
    assert "'python:3'" in answer.json()["error"]


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"timeout": 99}, "duration 99 milliseconds below allowed threshold of 100 milliseconds"),
        (
            {"timeout": 300_001},
            "duration 300001 milliseconds exceeds allowed threshold of 300000 milliseconds",
        ),
        ({"memory": 127}, "memory size 127 MB below allowed threshold of 128 MB"),
        ({"memory": 513}, "memory size 513 MB exceeds allowed threshold of 512 MB"),
        ({"logs": 11}, "log size 11 MB exceeds allowed threshold of 10 MB"),
        ({"concurrency": 0}, "concurrency 0 below allowed threshold of 1"),
        ({"timeout": "soon"}, "The request content was malformed:\ntime limit malformed"),
    ],
)
def test_a_limit_out_of_range_is_refused(cloud: Cloud, name: str, limits: dict[str, Any], text: str):
    answer = cloud.put(name, SOURCE, limits=limits)
    assert (answer.status_code, answer.json()["error"]) == (400, text)


@pytest.mark.parametrize(
    ("body", "part"),
    [
        ("{", ""),
        ("[]", ""),
        ('{"exec": "code"}', ""),
        ('{"exec": {}}', "'kind' must be a string defined in 'exec'"),
        ('{"exec": {"kind": "python:3"}}', "'code' must be a string or attachment object defined in 'exec'"),
        ('{"exec": {"kind": "python:3", "code": 1}}', ""),
        ('{"exec": {"kind": "blackbox", "code": "x"}}', "'image' must be a string defined in 'exec'"),
        ('{"parameters": [1]}', "parameters malformed!"),
        ('{"annotations": "web"}', "parameters malformed!"),
        ('{"version": "1"}', "semantic version malformed"),
        ('{"delAnnotations": [1]}', ""),
    ],
)
def test_a_body_that_is_no_action_is_refused(cloud: Cloud, name: str, body: str, part: str):
    headers = {"content-type": "application/json"}
    answer = cloud.call("PUT", f"actions/{name}?overwrite=true", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"The request content was malformed:\n{part}")


def test_what_is_sent_must_be_json(cloud: Cloud, name: str):
    answer = cloud.call("PUT", f"actions/{name}", data="{}", headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert answer.json()["error"].endswith("is not supported. Expected:\napplication/json")


def test_code_above_the_limit_is_refused(cloud: Cloud, name: str):
    code = "#" * (48 * 1024 * 1024 + 1)
    answer = cloud.put(name, code)
    assert (answer.status_code, answer.json()["error"]) == (
        413,
        "exec larger than allowed: 50331649 > 50331648 bytes.",
    )
