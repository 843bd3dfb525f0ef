"""The contract runs against localops; with OPSDEV_APIHOST and a login, against that OpenServerless.

    OPSDEV_APIHOST=https://host OPS_USER=me OPS_PASSWORD=secret python3 -m localops test tests/contract

Everything that a test makes there is in a package of its own, which is deleted in the end.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
from cloud import Cloud, cloud_of, logged_in
from localops_process import LocalopsProcess


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    apihost = os.environ.get("OPSDEV_APIHOST")
    if apihost:
        found = logged_in(apihost, os.environ["OPS_USER"], os.environ["OPS_PASSWORD"], is_localops=False)
        with found.session:
            yield found
        return
    project = tmp_path_factory.mktemp("contract")
    (project / "packages").mkdir()
    with LocalopsProcess(project=project) as running:
        found = cloud_of(running.url, project)
        with found.session:
            yield found


@pytest.fixture(scope="session")
def package(cloud: Cloud) -> Iterator[str]:
    """Lend a package that no other run uses."""
    name = f"contract_{secrets.token_hex(4)}"
    answer = cloud.call("PUT", f"packages/{name}", json={})
    assert answer.status_code == 200, answer.text
    yield name
    cloud.call("DELETE", f"packages/{name}", params={"force": "true"})


@pytest.fixture
def localops_only(cloud: Cloud) -> None:
    """Skip elsewhere what localops does better than production, or can only be seen on this machine."""
    if not cloud.is_localops:
        pytest.skip("production differs here, on purpose")
