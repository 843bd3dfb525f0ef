"""How often somebody may try a password, and that nobody is locked out by others."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from localops_process import LocalopsProcess
from waiting import eventually

from localops.access.attempts import MAX_REMEMBERED, MAX_WRONG, Attempts
from localops.routes.login import PATH as OPS_LOGIN_PATH

# A busy machine may be slow; what is right comes long before this.
TIMEOUT_S = 60
PASSWORD = "correct horse"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def guess(attempts: Attempts, times: int, user: str = "devel", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        assert attempts.wait_s(user, address) == 0
        attempts.note_wrong(user, address)


def test_after_five_wrong_ones_in_a_minute_each_next_one_waits_twice_as_long(
    attempts: Attempts, clock: Clock
):
    guess(attempts, MAX_WRONG)
    waits: list[int] = []
    for _ in range(9):
        waits.append(attempts.wait_s("devel", "192.0.2.1"))
        clock.time_s += waits[-1]
        guess(attempts, 1)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_right_password_is_looked_at_as_soon_as_the_wait_is_over(attempts: Attempts, clock: Clock):
    guess(attempts, MAX_WRONG)
    assert attempts.wait_s("devel", "192.0.2.1") == 1
    clock.time_s += 0.5
    assert attempts.wait_s("devel", "192.0.2.1") == 1
    clock.time_s += 0.5
    assert attempts.wait_s("devel", "192.0.2.1") == 0


def test_asking_while_one_waits_makes_the_wait_no_longer(attempts: Attempts, clock: Clock):
    guess(attempts, MAX_WRONG)
    for _ in range(1000):
        assert attempts.wait_s("devel", "192.0.2.1") == 1
    clock.time_s += 1
    assert attempts.wait_s("devel", "192.0.2.1") == 0


def test_five_wrong_ones_in_more_than_a_minute_cost_nothing(attempts: Attempts, clock: Clock):
    for _ in range(50):
        guess(attempts, 1)
        clock.time_s += 15.1


def test_a_quiet_minute_makes_all_forgotten(attempts: Attempts, clock: Clock):
    guess(attempts, MAX_WRONG)
    clock.time_s += 61.1
    guess(attempts, MAX_WRONG)
    assert attempts.wait_s("devel", "192.0.2.1") == 1


def test_who_guesses_at_one_user_from_many_addresses_waits_too(attempts: Attempts):
    for last in range(1, 9):
        guess(attempts, 1, address=f"192.0.2.{last}")
    assert attempts.wait_s("devel", "192.0.2.1") >= 1
    assert attempts.wait_s("somebody", "192.0.2.1") == 0


def test_who_guesses_at_many_users_from_one_address_waits_too(attempts: Attempts):
    for number in range(MAX_WRONG):
        guess(attempts, 1, user=f"user{number}")
    assert attempts.wait_s("another", "192.0.2.1") == 1


def test_nobody_is_locked_out_by_the_wrong_passwords_of_others(attempts: Attempts):
    for last in range(1, 250):
        guess(attempts, 1, address=f"192.0.2.{last}")
    assert attempts.wait_s("devel", "198.51.100.7") == 0


def test_all_addresses_of_one_network_of_ipv6_are_one(attempts: Attempts):
    for last in range(MAX_WRONG):
        attempts.note_wrong(f"user{last}", f"2001:db8::{last}")
    assert attempts.wait_s("another", "2001:db8::ffff") == 1
    assert attempts.wait_s("another", "2001:db8:0:1::1") == 0


def test_what_is_remembered_has_a_bound(attempts: Attempts):
    guess(attempts, MAX_WRONG, address="198.51.100.7")
    for number in range(MAX_REMEMBERED):
        attempts.note_wrong("x" * 1000 + str(number), f"10.{number >> 8}.{number & 255}.1")
    assert attempts.wait_s("devel", "198.51.100.7") == 0
    assert attempts.wait_s("devel", "10.0.255.1") <= 60


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("attempts")
    (folder / "packages").mkdir()
    return folder


@pytest.fixture
def on_this_machine(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project) as process:
        yield process


@pytest.fixture
def for_others(project: Path) -> Iterator[LocalopsProcess]:
    environment = {"LOCALOPS_PASSWORD": PASSWORD}
    with LocalopsProcess("--host", "0.0.0.0", project=project, environment=environment) as process:
        process.url = f"http://127.0.0.1:{process.url.rsplit(':', 1)[1]}"
        yield process


def by_form(url: str, password: str) -> httpx.Response:
    return httpx.post(f"{url}/_localops/login", data={"password": password}, timeout=TIMEOUT_S)


def by_basic(url: str, password: str) -> httpx.Response:
    return httpx.get(f"{url}/api/v1/namespaces", auth=("anybody", password), timeout=TIMEOUT_S)


def by_ops(url: str, password: str) -> httpx.Response:
    members = {"login": "devel", "password": password}
    return httpx.post(url + OPS_LOGIN_PATH, json=members, timeout=TIMEOUT_S)


def guess_wrong(url: str, guess: Callable[[str, str], httpx.Response]) -> None:
    """Send as many wrong passwords as are looked at without a wait."""
    for _ in range(MAX_WRONG):
        assert guess(url, "wrong").status_code in (400, 401, 403)


def refusal_of(url: str, guess: Callable[[str, str], httpx.Response], given: str) -> httpx.Response:
    """Return the refusal to look at a password.

    On a slow machine a wait may be over before the attempt; then it is guessed on, and the wait doubles.
    """
    for _ in range(8):
        if (answer := guess(url, given)).status_code == 429:
            return answer
        guess(url, "wrong")
    raise AssertionError("nobody waits, however many wrong passwords there were")


@pytest.mark.parametrize(("try_password", "right"), [(by_form, 303), (by_basic, 401), (by_ops, 200)])
def test_every_place_that_checks_the_password_of_others_has_the_limit(
    for_others: LocalopsProcess, try_password: Callable[[str, str], httpx.Response], right: int
):
    guess_wrong(for_others.url, try_password)
    for other in (try_password, by_form):  # the places share what they count
        answer = refusal_of(for_others.url, other, PASSWORD)
        assert re.search(r"too many wrong passwords: wait \d+ seconds? and try again\.", answer.text)
        assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert eventually(lambda: try_password(for_others.url, PASSWORD).status_code != 429), (
        "the wait never ends"
    )
    found = try_password(for_others.url, PASSWORD)
    # The REST API itself then asks for its own key.
    assert found.status_code == right
    assert "LOCALOPS_PASSWORD" not in found.text


def test_the_login_of_the_ops_tools_has_the_limit_on_this_machine_too(
    on_this_machine: LocalopsProcess, project: Path
):
    password = json.loads((project / ".localops" / "credentials.json").read_text())["password"]
    guess_wrong(on_this_machine.url, by_ops)
    refusal_of(on_this_machine.url, by_ops, password)
    assert eventually(lambda: by_ops(on_this_machine.url, password).status_code == 200), "the wait never ends"


def test_a_browser_that_is_in_stays_in_while_its_address_waits(for_others: LocalopsProcess):
    with httpx.Client(base_url=for_others.url, timeout=TIMEOUT_S) as browser:
        assert browser.post("/_localops/login", data={"password": PASSWORD}).status_code == 303
        guess_wrong(for_others.url, by_form)
        refusal_of(for_others.url, by_form, "wrong")
        assert browser.get("/_localops/").status_code == 200
