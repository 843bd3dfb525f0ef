"""Invocation over REST, and the activation that remains of it."""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

import pytest
from cloud import Cloud, key_values, zipped

SOURCES = {
    "echo": "def main(args):\n    print('out ü')\n    return args\n",
    "lists": "def main(args):\n    return [1, args]\n",
    "raises": "def main(args):\n    raise ValueError('no such luck')\n",
    "errs": "def main(args):\n    return {'error': {'code': 7}}\n",
    "exits": "import os\ndef main(args):\n    os._exit(1)\n",
    "scalar": "def main(args):\n    return 42\n",
    "syntax": "def main(args:\n",
    "imports": "import nothing_of_this_name\ndef main(args):\n    return {}\n",
    "waits": "import time\ndef main(args):\n    time.sleep(args['seconds'])\n    return {'waited': True}\n",
    "logs": "import sys\ndef main(a):\n    print('one')\n    print('two', file=sys.stderr)\n    return {}\n",
}
NOT_ALLOWED = "Request defines parameters that are not allowed (e.g., reserved properties)."


@pytest.fixture(scope="module")
def deployed(cloud: Cloud, package: str) -> str:
    """Deploy a package with all actions of SOURCES."""
    for name, source in SOURCES.items():
        cloud.deploy(f"{package}/{name}", source, limits={"timeout": 3000})
    return package


def activation(cloud: Cloud, activation_id: str) -> dict[str, Any]:
    """Return an activation's record, once it is there."""
    deadline = time.monotonic() + 20
    while True:
        answer = cloud.call("GET", f"activations/{activation_id}")
        if answer.status_code == 200 or time.monotonic() > deadline:
            assert answer.status_code == 200, answer.text
            return answer.json()
        time.sleep(0.05)


def test_a_blocking_call_answers_the_whole_activation(cloud: Cloud, deployed: str):
    answer = cloud.invoke(f"{deployed}/echo", {"a": [1, None]}, blocking=True)
    assert answer.status_code == 200
    record = answer.json()
    assert answer.headers["x-openwhisk-activation-id"] == record["activationId"]
    assert re.fullmatch("[0-9a-f]{32}", record["activationId"])
    assert record["response"] == {
        "status": "success",
        "success": True,
        "size": record["response"]["size"],
        "result": {"a": [1, None]},
    }
    assert record["end"] - record["start"] == record["duration"]
    assert (record["namespace"], record["name"], record["subject"]) == (cloud.user, "echo", cloud.user)
    assert (record["version"], record["publish"]) == ("0.0.1", False)


def test_the_record_is_annotated_with_how_it_ran(cloud: Cloud, deployed: str):
    cloud.deploy(f"{deployed}/fresh", SOURCES["echo"])
    records = [cloud.invoke(f"{deployed}/fresh", blocking=True).json() for _ in range(2)]
    cold, warm = [{each["key"]: each["value"] for each in record["annotations"]} for record in records]
    assert cold["path"] == f"{cloud.user}/{deployed}/fresh"
    assert cold["kind"] == "python:3"
    assert cold["limits"] == {"timeout": 60_000, "memory": 256, "logs": 10, "concurrency": 1}
    assert cold["timeout"] is False
    assert cold["waitTime"] >= 0
    assert cold["initTime"] > 0
    assert "initTime" not in warm


def test_only_the_result_is_answered_on_request(cloud: Cloud, deployed: str):
    answer = cloud.invoke(f"{deployed}/echo", {"a": 1}, blocking=True, result=True)
    assert (answer.status_code, answer.json()) == (200, {"a": 1})
    assert "x-openwhisk-activation-id" in answer.headers


@pytest.mark.parametrize("result", [True, False])
def test_a_list_is_answered_bare(cloud: Cloud, deployed: str, result: bool):
    answer = cloud.invoke(f"{deployed}/lists", {"a": 1}, blocking=True, result=result)
    assert (answer.status_code, answer.json()) == (200, [1, {"a": 1}])


def test_a_call_that_does_not_block_answers_the_activations_id(cloud: Cloud, deployed: str):
    answer = cloud.invoke(f"{deployed}/echo", {"a": 1})
    assert answer.status_code == 202
    assert set(answer.json()) == {"activationId"}
    assert answer.headers["x-openwhisk-activation-id"] == answer.json()["activationId"]
    assert activation(cloud, answer.json()["activationId"])["response"]["result"] == {"a": 1}


def test_an_empty_body_is_no_arguments(cloud: Cloud, deployed: str):
    answer = cloud.call("POST", f"actions/{deployed}/echo?blocking=true&result=true")
    assert (answer.status_code, answer.json()) == (200, {})


def test_arguments_come_over_the_actions_parameters_and_those_over_the_packages(cloud: Cloud):
    package = f"contract_{secrets.token_hex(4)}"
    shared = {"a": "package", "b": "package", "c": "package"}
    cloud.call("PUT", f"packages/{package}", json={"parameters": key_values(shared)})
    try:
        cloud.deploy(f"{package}/echo", SOURCES["echo"], parameters={"b": "action", "c": "action"})
        answer = cloud.invoke(f"{package}/echo", {"c": "call"}, blocking=True, result=True)
        assert answer.json() == {"a": "package", "b": "action", "c": "call"}
        cloud.call("PUT", f"packages/{package}?overwrite=true", json={"parameters": key_values({"a": "new"})})
        answer = cloud.invoke(f"{package}/echo", blocking=True, result=True)
        assert answer.json() == {"a": "new", "b": "action", "c": "action"}
    finally:
        cloud.call("DELETE", f"packages/{package}?force=true")


@pytest.mark.parametrize(
    ("value", "final", "status"),
    [("set", True, 400), ("", True, 400), (None, True, 200), ("set", False, 200)],
)
def test_final_parameters_cannot_be_overridden(
    cloud: Cloud, package: str, value: str | None, final: bool, status: int
):
    name = f"{package}/final_{secrets.token_hex(4)}"
    cloud.deploy(name, SOURCES["echo"], parameters={"key": value}, annotations={"final": final})
    answer = cloud.invoke(name, {"key": "mine"}, blocking=True, result=True)
    assert answer.status_code == status
    assert answer.json().get("error") == (NOT_ALLOWED if status == 400 else None)


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("raises", "application error", "no such luck"),
        ("errs", "application error", {"code": 7}),
        ("scalar", "action developer error", "The action did not return a dictionary or array."),
        ("exits", "action developer error", None),
        (
            "syntax",
            "action developer error",
            "The action failed to generate or locate a binary. See logs for details.",
        ),
        ("imports", "action developer error", "Cannot start action. Check logs for details."),
    ],
)
def test_a_failed_call_is_a_502_with_the_reason(
    cloud: Cloud, deployed: str, name: str, status: str, error: object
):
    answer = cloud.invoke(f"{deployed}/{name}", blocking=True)
    assert answer.status_code == 502
    response = answer.json()["response"]
    assert (response["status"], response["success"]) == (status, False)
    assert error is None or response["result"] == {"error": error}
    bare = cloud.invoke(f"{deployed}/{name}", blocking=True, result=True)
    assert (bare.status_code, bare.json()) == (502, response["result"])


def test_a_call_beyond_the_actions_time_is_ended(cloud: Cloud, deployed: str):
    cloud.deploy(f"{deployed}/short", SOURCES["waits"], limits={"timeout": 2000})
    answer = cloud.invoke(f"{deployed}/short", {"seconds": 30}, blocking=True)
    assert answer.status_code == 502
    text = "The action exceeded its time limits of 2000 milliseconds."
    assert answer.json()["response"]["result"] == {"error": text}
    assert {"key": "timeout", "value": True} in answer.json()["annotations"]


def test_who_waits_no_longer_gets_the_id_and_the_action_goes_on(cloud: Cloud, deployed: str):
    answer = cloud.invoke(f"{deployed}/waits", {"seconds": 1.5}, blocking=True, timeout=100)
    assert (answer.status_code, set(answer.json())) == (202, {"activationId"})
    assert activation(cloud, answer.json()["activationId"])["response"]["result"] == {"waited": True}


@pytest.mark.parametrize("timeout", ["0", "-1", "60001", "soon"])
def test_a_wait_out_of_range_is_refused(cloud: Cloud, deployed: str, timeout: str):
    answer = cloud.invoke(f"{deployed}/echo", blocking=True, timeout=timeout)
    text = "The query parameter 'timeout' was malformed:\nTimeout must be number of milliseconds up to 60000."
    assert (answer.status_code, answer.json()["error"]) == (400, text)


@pytest.mark.parametrize("body", ["[1]", '"text"', "{", "nothing", '{"a": NaN}'])
def test_arguments_must_be_an_object(cloud: Cloud, deployed: str, body: str):
    headers = {"content-type": "application/json"}
    answer = cloud.call("POST", f"actions/{deployed}/echo?blocking=true", data=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("The request content was malformed:\n")


def test_a_body_over_a_mebibyte_is_refused(cloud: Cloud, deployed: str):
    answer = cloud.invoke(f"{deployed}/echo", {"a": "x" * 1024 * 1024}, blocking=True)
    text = "Request larger than allowed: 1048585 > 1048576 bytes."
    assert (answer.status_code, answer.json()["error"]) == (413, text)


def test_a_body_just_below_a_mebibyte_is_taken(cloud: Cloud, deployed: str):
    text = "x" * (1024 * 1024 - 9)
    answer = cloud.invoke(f"{deployed}/scalar", {"a": text}, blocking=True)
    assert answer.status_code == 502


def test_logs_stand_in_the_record_when_it_is_to_be_seen(cloud: Cloud, deployed: str):
    record = activation(cloud, cloud.invoke(f"{deployed}/logs").json()["activationId"])
    lines = {line.split(" ", 1)[1] for line in record["logs"]}
    assert {"stdout: one", "stderr: two"} <= lines
    stamp = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z"
    assert all(re.fullmatch(rf"{stamp} (stdout|stderr): .*", line) for line in record["logs"])
    assert cloud.call("GET", f"activations/{record['activationId']}/logs").json() == {"logs": record["logs"]}
    result = cloud.call("GET", f"activations/{record['activationId']}/result").json()
    assert result == record["response"]


def test_the_trace_of_an_exception_is_in_the_logs(cloud: Cloud, deployed: str):
    record = activation(cloud, cloud.invoke(f"{deployed}/raises", blocking=True).json()["activationId"])
    assert any("stderr: ValueError: no such luck" in line for line in record["logs"])


@pytest.mark.parametrize(
    ("activation_id", "status", "text"),
    [
        ("0123456789abcdef0123456789abcdef", 404, "The requested resource does not exist."),
        ("0123456789ABCDEF0123456789ABCDEF", 400, "The activation id is not valid."),
        ("0123", 400, "Activation id length is 4 but must be 32."),
    ],
)
@pytest.mark.parametrize("part", ["", "/logs", "/result"])
def test_an_activation_that_is_not_there(cloud: Cloud, activation_id: str, status: int, text: str, part: str):
    answer = cloud.call("GET", f"activations/{activation_id}{part}")
    assert (answer.status_code, answer.json()["error"]) == (status, text)


def test_activations_are_listed_newest_first(cloud: Cloud, deployed: str):
    ids = [cloud.invoke(f"{deployed}/echo", {"n": n}, blocking=True).json()["activationId"] for n in range(3)]
    query = f"activations?name={deployed}/echo"
    listed = cloud.call("GET", f"{query}&limit=3").json()
    assert [each["activationId"] for each in listed] == ids[::-1]
    assert set(listed[0]) >= {"activationId", "namespace", "name", "version", "publish", "annotations"}
    assert set(listed[0]) >= {"start", "end", "duration", "statusCode"}
    assert not set(listed[0]) & {"logs", "response"}
    assert listed[0]["statusCode"] == 0
    skipped = cloud.call("GET", f"{query}&limit=1&skip=1").json()
    assert [each["activationId"] for each in skipped] == [ids[1]]
    full = cloud.call("GET", f"{query}&limit=1&docs=true").json()
    assert full[0]["response"]["result"] == {"n": 2}


def test_activations_can_be_asked_for_by_time_and_counted(cloud: Cloud, deployed: str):
    first, second = (cloud.invoke(f"{deployed}/echo", blocking=True).json() for _ in range(2))
    query = f"activations?name={deployed}/echo&limit=0"
    since = cloud.call("GET", f"{query}&since={second['start']}").json()
    assert second["activationId"] in [each["activationId"] for each in since]
    assert first["start"] == second["start"] or first["activationId"] not in [
        each["activationId"] for each in since
    ]
    upto = cloud.call("GET", f"{query}&upto={first['start']}").json()
    assert first["activationId"] in [each["activationId"] for each in upto]
    assert cloud.call("GET", f"{query}&since={second['end'] + 10_000}").json() == []
    counted = cloud.call("GET", f"{query}&count=true&since={first['start']}").json()["activations"]
    assert counted >= 2


def test_a_failed_activation_has_its_status_code_in_the_list(cloud: Cloud, deployed: str):
    cloud.invoke(f"{deployed}/errs", blocking=True)
    cloud.invoke(f"{deployed}/scalar", blocking=True)
    codes = [
        cloud.call("GET", f"activations?name={deployed}/{name}&limit=1").json()[0]["statusCode"]
        for name in ("errs", "scalar")
    ]
    assert codes == [1, 2]


def test_a_simple_name_asks_for_an_action_in_no_package(cloud: Cloud, deployed: str):
    cloud.invoke(f"{deployed}/echo", blocking=True)
    name = f"contract_{secrets.token_hex(4)}"
    cloud.deploy(name, SOURCES["echo"])
    try:
        expected = cloud.invoke(name, blocking=True).json()["activationId"]
        listed = cloud.call("GET", f"activations?name={name}").json()
        assert [each["activationId"] for each in listed] == [expected]
        assert cloud.call("GET", f"activations?name={name}-not").json() == []
    finally:
        cloud.call("DELETE", f"actions/{name}")


@pytest.mark.parametrize(
    ("query", "text"),
    [
        (
            "name=a/b/c",
            "The query parameter 'name' was malformed:\n"
            "Parameter may be a 'simple' name or 'package-name/simple' name: a/b/c",
        ),
        (
            "since=today",
            "The query parameter 'since' was malformed:\n"
            "Parameter is not a valid value for epoch seconds: today",
        ),
        ("docs=true&count=true", "The parameter 'docs' is not permitted with 'count'."),
    ],
)
def test_a_bad_filter_is_refused(cloud: Cloud, query: str, text: str):
    answer = cloud.call("GET", f"activations?{query}")
    assert (answer.status_code, answer.json()["error"]) == (400, text)


def test_a_zip_runs_in_its_folder_under_the_runtimes_names(cloud: Cloud, package: str):
    name = f"{package}/folder_{secrets.token_hex(4)}"
    main = (
        "import os, sys, json, helper\n"
        "def main(args):\n"
        "    return {'names': sorted(os.listdir('.')), 'data': json.load(open('data/x.json')),\n"
        "            'module': __name__, 'helper': helper.NAME, 'first': sys.path[0] == os.getcwd()}\n"
    )
    files = {"__main__.py": main, "helper.py": "NAME = __name__\n", "data/x.json": "[1]"}
    cloud.deploy(name, zipped(files))
    found = cloud.invoke(name, blocking=True, result=True).json()
    assert {"data", "helper.py", "main__.py"} <= set(found.pop("names"))
    assert found == {"data": [1], "module": "main__", "helper": "helper", "first": True}


def test_another_entry_function_can_be_named(cloud: Cloud, package: str):
    name = f"{package}/entry_{secrets.token_hex(4)}"
    cloud.deploy(name, "def other(args):\n    return {'other': True}\n", exec={"main": "other"})
    assert cloud.invoke(name, blocking=True, result=True).json() == {"other": True}


def test_a_zip_without_a_main_file_cannot_run(cloud: Cloud, package: str):
    name = f"{package}/mainless_{secrets.token_hex(4)}"
    cloud.deploy(name, zipped({"other.py": "def main(args): return {}\n"}))
    answer = cloud.invoke(name, blocking=True)
    assert answer.status_code == 502
    text = "The action failed to generate or locate a binary. See logs for details."
    assert answer.json()["response"]["result"] == {"error": text}
