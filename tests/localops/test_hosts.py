"""One port, several names: who answers under which, through a proxy setting too, and what is refused."""

from __future__ import annotations

import base64
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import requests
from localops_process import ROOT, LocalopsProcess
from waiting import PATIENCE_S

from localops.errors import StartError
from localops.routes.login import PATH as OPS_LOGIN_PATH
from localops.routes.site import security_headers
from localops.serving.hosts import own_names, service_of, shown_name
from localops.serving.listening import Listening

# A busy machine may be slow to start an action; what is right comes long before this.
TIMEOUT_S = 60

HELLO = "#--web true\ndef main(args): return {'body': {'answer': 'one'}}\n"
STREAM = """#--web true
import json, socket
def main(args):
    with socket.create_connection((args["STREAM_HOST"], int(args["STREAM_PORT"]))) as relay:
        relay.sendall(json.dumps({"output": "hi"}).encode())
    return {"body": {}}
"""
PASSWORD = "correct horse"


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hosts")
    (folder / "packages" / "demo").mkdir(parents=True)
    (folder / "packages" / "demo" / "hello.py").write_text(HELLO)
    (folder / "packages" / "demo" / "stream.py").write_text(STREAM)
    (folder / "web" / "docs").mkdir(parents=True)
    (folder / "web" / "index.html").write_text("the page on disk")
    (folder / "web" / "docs" / "index.html").write_text("the page of a folder")
    return folder


@pytest.fixture(scope="session")
def server(project: Path) -> Iterator[LocalopsProcess]:
    with LocalopsProcess(project=project) as process:
        yield process


@pytest.fixture(scope="session")
def guessed_server(project: Path) -> Iterator[LocalopsProcess]:
    """Another, for those who guess: nobody's right password has to wait because of them."""
    environment = {"LOCALOPS_PASSWORD": PASSWORD}
    with LocalopsProcess("--host", "0.0.0.0", project=project, environment=environment) as process:
        process.url = f"http://127.0.0.1:{port_of(process)}"
        yield process


@pytest.fixture(scope="session")
def open_server(project: Path) -> Iterator[LocalopsProcess]:
    """Provide a server that other machines could reach."""
    environment = {"LOCALOPS_PASSWORD": PASSWORD}
    with LocalopsProcess("--host", "0.0.0.0", project=project, environment=environment) as process:
        process.url = f"http://127.0.0.1:{port_of(process)}"
        yield process


def port_of(server: LocalopsProcess) -> int:
    return int(server.ready_line.rsplit(":", 1)[1])


def asked(server: LocalopsProcess, request: str) -> str:
    """Return what the server answers to the bytes of one request, up to its closing of the connection."""
    with socket.create_connection(("127.0.0.1", port_of(server)), timeout=10) as connection:
        connection.sendall(request.replace("\n", "\r\n").encode())
        parts = iter(lambda: connection.recv(65536), b"")
        return b"".join(parts).decode()


@pytest.mark.parametrize(
    ("name", "path", "status", "text"),
    [
        ("localhost", "/", 200, "the page on disk"),
        ("LOCALHOST.", "/", 200, "the page on disk"),
        ("localhost", "/api/my/demo/hello", 200, '{"answer":"one"}'),
        ("127.0.0.1", "/web/devel/demo/stream", 200, '{"output": "hi"}\n'),
        ("devel.localhost", "/", 200, "the page on disk"),
        ("devel.localhost", "/chat/any/where", 200, "the page on disk"),
        ("devel.localhost", "/docs", 200, "the page of a folder"),
        ("localhost", "/docs/", 200, "the page of a folder"),
        ("devel.localhost", "/api/my/demo/hello", 200, '{"answer":"one"}'),
        ("devel.localhost", "/api/v1/web/devel/demo/hello", 200, '{"answer":"one"}'),
        ("stream.localhost", "/", 200, "Streamer proxy running"),
        ("stream.localhost", "/web/devel/demo/stream", 200, '{"output": "hi"}\n'),
        ("stream.localhost", "/api/my/demo/hello", 404, "The streamer has nothing there; ask for /web/"),
        ("s3.localhost", "/", 403, "AccessDenied"),
        ("[::1]", "/", 200, "the page on disk"),
        ("stream.127.0.0.1", "/", 200, "Streamer proxy running"),
        ("evil.example", "/", 421, "does not answer for evil.example"),
        ("stream.evil.example", "/", 421, "does not answer for stream.evil.example"),
        ("localhost.evil.example", "/", 421, "does not answer for localhost.evil.example"),
        ("evil.localhost", "/", 421, "does not answer for evil.localhost"),
        ("", "/", 421, "does not answer for"),
    ],
)
def test_each_name_answers_its_own_part(
    server: LocalopsProcess, name: str, path: str, status: int, text: str
):
    found = httpx.get(
        server.url + path, headers={"host": f"{name}:{port_of(server)}" if name else ""}, timeout=TIMEOUT_S
    )
    assert (found.status_code, text in found.text) == (status, True), found.text


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/", 200, None),
        ("HEAD", "/", 200, None),
        ("GET", "/anything", 404, None),
        ("OPTIONS", "/", 204, None),
        ("OPTIONS", "/any/thing/at/all", 204, None),
        ("OPTIONS", "/web/devel/demo/stream", 204, None),
        ("POST", "/", 405, "GET, HEAD"),
        ("DELETE", "/anything", 405, "GET, HEAD"),
        ("DELETE", "/web/devel/demo/stream", 405, "GET, HEAD, POST, OPTIONS"),
    ],
)
def test_the_streamers_own_name_answers_pages_of_every_origin(
    server: LocalopsProcess, method: str, path: str, status: int, allow: str | None
):
    headers = {"host": "stream.localhost", "origin": "http://elsewhere"}
    found = httpx.request(method, server.url + path, headers=headers, timeout=TIMEOUT_S)
    assert (found.status_code, found.headers.get("allow")) == (status, allow)
    cors = {name: value for name, value in found.headers.items() if name.startswith("access-control-")}
    assert cors == {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, OPTIONS",
        "access-control-allow-headers": "*",
    }


def test_a_request_without_one_host_is_refused(server: LocalopsProcess):
    assert "421" in asked(server, "GET / HTTP/1.1\nConnection: close\n\n").splitlines()[0]
    two = asked(server, "GET / HTTP/1.1\nHost: localhost\nHost: evil.example\nConnection: close\n\n")
    assert "421" in two.splitlines()[0]


@pytest.mark.parametrize(
    ("target", "status", "text"),
    [
        ("http://stream.localhost/", 200, "Streamer proxy running"),
        ("http://stream.localhost:3233/web/devel/demo/stream", 200, '{"output": "hi"}'),
        ("http://devel.localhost/api/my/demo/hello?a=b", 200, '{"answer":"one"}'),
        ("http://localhost", 200, "the page on disk"),
        ("http://localhost?a=b", 200, "the page on disk"),
        ("http://someone@localhost/", 200, "the page on disk"),
        ("http://[::1]:99/", 200, "the page on disk"),
        ("http://evil.example/", 421, "does not answer for evil.example"),
        ("http://evil.example:80/api/my/demo/hello", 421, "does not answer for evil.example:80"),
        ("http:///", 400, "Invalid HTTP request"),
    ],
)
def test_the_host_of_an_absolute_target_counts_and_not_the_header(
    server: LocalopsProcess, target: str, status: int, text: str
):
    answer = asked(server, f"GET {target} HTTP/1.1\nHost: localhost\nConnection: close\n\n")
    assert str(status) in answer.splitlines()[0]
    assert text in answer


def test_the_body_of_a_request_in_absolute_form_arrives(server: LocalopsProcess):
    head = "POST http://devel.localhost/api/my/demo/hello HTTP/1.1\nHost: x\nContent-Length: 2\n"
    answer = asked(server, f"{head}Connection: close\n\n{{}}")
    assert '{"answer":"one"}' in answer


def test_both_addresses_of_localhost_answer(server: LocalopsProcess):
    for host in ("127.0.0.1", "[::1]"):
        assert httpx.get(f"http://{host}:{port_of(server)}/", timeout=TIMEOUT_S).text == "the page on disk"


def test_a_port_that_is_taken_on_either_address_is_refused():
    with Listening("127.0.0.1", 0) as first, pytest.raises(StartError, match=f"port {first.port} is taken"):
        Listening("localhost", first.port)
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"port {port} is taken"):
            Listening("127.0.0.1", port)


def test_connect_is_refused_with_a_sentence(server: LocalopsProcess):
    answer = asked(server, "CONNECT evil.example:443 HTTP/1.1\nHost: evil.example:443\n\n")
    assert "405" in answer.splitlines()[0]
    assert "localops passes nothing on" in answer
    assert httpx.get(server.url, timeout=TIMEOUT_S).status_code == 200


def test_requests_reaches_names_that_do_not_resolve_through_a_proxy_setting(server: LocalopsProcess):
    with requests.Session() as session:
        session.trust_env = False
        session.proxies = {"http": server.url}
        streamed = session.post("http://stream.localhost:3233/web/devel/demo/stream", json={}, timeout=10)
        page = session.get("http://devel.localhost/", timeout=10)
        foreign = session.get("http://evil.example/", timeout=10)
    assert (streamed.text, page.text, foreign.status_code) == ('{"output": "hi"}\n', "the page on disk", 421)


def test_answers_on_a_kept_connection_do_not_wait_for_the_readers_acknowledgement():
    with Listening("127.0.0.1", 0) as listening:
        address = ("127.0.0.1", listening.port)
        listening.sockets[0].settimeout(PATIENCE_S)
        with socket.create_connection(address, PATIENCE_S), listening.sockets[0].accept()[0] as accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/", {"origin": "http://evil.example"}, 403),
        ("/", {"origin": "null"}, 403),
        ("/", {"sec-fetch-site": "cross-site"}, 403),
        ("/_localops/anything", {"sec-fetch-site": "same-site"}, 403),
        ("/", {"sec-fetch-site": "same-origin"}, 405),
        ("/", {}, 405),
        (OPS_LOGIN_PATH, {"origin": "http://evil.example"}, 403),
        (OPS_LOGIN_PATH, {"sec-fetch-site": "cross-site"}, 403),
        (OPS_LOGIN_PATH, {}, 400),
        ("/api/my/demo/hello", {"origin": "http://evil.example"}, 200),
        ("/web/devel/demo/stream", {"origin": "http://evil.example"}, 200),
    ],
)
def test_a_page_of_another_origin_changes_only_what_cors_lets_it(
    server: LocalopsProcess, path: str, headers: dict[str, str], status: int
):
    assert httpx.post(server.url + path, headers=headers, timeout=TIMEOUT_S).status_code == status


def test_the_own_origin_may_change_things(server: LocalopsProcess):
    assert httpx.post(server.url, headers={"origin": server.url}, timeout=TIMEOUT_S).status_code == 405


@pytest.mark.parametrize("password", [None, "", "short"])
def test_other_machines_are_let_in_only_with_a_password(project: Path, password: str | None):
    words = [sys.executable, "-m", "localops", "up", "--no-open", "--host", "0.0.0.0", "--port", "0"]
    environment = {"LOCALOPS_PASSWORD": password} if password is not None else {}
    done = subprocess.run(
        [*words, "--project", project],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "set LOCALOPS_PASSWORD in the environment or in .env" in done.stderr


@pytest.mark.parametrize(
    "path", ["/", "/api/my/demo/hello", "/web/devel/demo/stream", "/api/v1/namespaces", "/_localops"]
)
def test_nothing_answers_without_the_password(guessed_server: LocalopsProcess, path: str):
    for credentials in (None, ("", "wrong"), (PASSWORD, "")):
        found = httpx.post(guessed_server.url + path, json={}, auth=credentials, timeout=TIMEOUT_S)
        refused = (found.status_code, "LOCALOPS_PASSWORD" in found.text) == (401, True)
        # After five wrong ones nobody even looks.
        waits = found.status_code == 429 and "too many wrong passwords" in found.text
        assert refused or (waits and credentials), found.text


def test_a_tool_sends_the_password_by_basic(open_server: LocalopsProcess):
    found = httpx.post(
        f"{open_server.url}/api/my/demo/hello", json={}, auth=("anybody", PASSWORD), timeout=TIMEOUT_S
    )
    assert found.text == '{"answer":"one"}'


def test_a_foreign_page_cannot_use_a_password_that_the_browser_remembers(open_server: LocalopsProcess):
    url = f"{open_server.url}/api/my/demo/hello"
    found = httpx.post(
        url, json={}, auth=("", PASSWORD), headers={"origin": "http://evil.example"}, timeout=TIMEOUT_S
    )
    assert found.status_code == 401


def test_a_browser_logs_in_once_with_a_form(open_server: LocalopsProcess):
    with httpx.Client(base_url=open_server.url, headers={"accept": "text/html,*/*;q=0.8"}) as browser:
        form = browser.get("/chat/somewhere")
        assert (form.status_code, 'type="password"' in form.text) == (401, True)
        assert "Basic" not in form.headers["www-authenticate"]
        wrong = browser.post("/_localops/login", data={"password": "wrong"})
        assert (wrong.status_code, "not the password" in wrong.text) == (403, True)
        right = browser.post("/_localops/login", data={"password": PASSWORD})
        assert right.status_code == 303
        cookie = right.headers["set-cookie"]
        assert re.match(r"localops_\d+=[\w-]{40,};", cookie)
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert browser.get("/").text == "the page on disk"
        session = browser.get("/api/my/demo/hello", headers={"authorization": "Bearer a-token-of-the-page"})
        assert session.text == '{"answer":"one"}'


def test_the_login_form_takes_nothing_from_another_origin(open_server: LocalopsProcess):
    url = f"{open_server.url}/_localops/login"
    found = httpx.post(
        url, data={"password": PASSWORD}, headers={"origin": "http://evil.example"}, timeout=TIMEOUT_S
    )
    assert found.status_code == 403
    assert "set-cookie" not in found.headers


def test_the_key_of_the_rest_api_opens_without_the_password(open_server: LocalopsProcess, project: Path):
    text = (project / ".localops" / "credentials.json").read_text()
    auth = re.search(r'"auth": "([^"]+)"', text)
    assert auth is not None
    basic = base64.b64encode(auth[1].encode()).decode()
    found = httpx.get(
        f"{open_server.url}/api/v1/namespaces", headers={"authorization": f"Basic {basic}"}, timeout=TIMEOUT_S
    )
    assert found.json() == ["devel"]


def test_a_foreign_name_is_refused_with_the_password_too(open_server: LocalopsProcess):
    found = httpx.get(
        open_server.url, auth=("", PASSWORD), headers={"host": "evil.example"}, timeout=TIMEOUT_S
    )
    assert found.status_code == 421


def test_no_secret_is_printed(open_server: LocalopsProcess, project: Path):
    text = (project / ".localops" / "credentials.json").read_text()
    secrets = [PASSWORD, *re.findall(r'": "([^"]{16,})"', text)]
    assert len(secrets) > 3
    httpx.post(f"{open_server.url}/_localops/login", data={"password": PASSWORD + "x"}, timeout=TIMEOUT_S)
    open_server.wait_for_line("a wrong password was sent from 127.0.0.1")
    printed = "\n".join([open_server.ready_line, *open_server.log])
    assert not [secret for secret in secrets if secret in printed]


TELLS_ALL = """#--web true
#--param S3_SECRET_KEY "$S3_SECRET_KEY"
#--param REDIS_URL "$REDIS_URL"
#--param MODEL_TOKEN "$MODEL_TOKEN"
def main(args):
    print("args", args)
    raise ValueError(args["S3_SECRET_KEY"])
"""


def test_what_an_action_prints_of_its_secrets_is_not_shown(tmp_path: Path):
    (tmp_path / "packages" / "demo").mkdir(parents=True)
    (tmp_path / "packages" / "demo" / "tells.py").write_text(TELLS_ALL)
    (tmp_path / ".env").write_text("MODEL_TOKEN=a-token-of-the-model\n")
    with LocalopsProcess(project=tmp_path) as process:
        httpx.post(f"{process.url}/api/my/demo/tells", json={}, timeout=TIMEOUT_S)
        assert "•••" in process.wait_for_line("demo/tells | args")
        process.wait_for_line("demo/tells application error")
        kept = re.findall(r'": "([^"]{16,})"', (tmp_path / ".localops" / "credentials.json").read_text())
        printed = "\n".join(process.log)
    assert not [secret for secret in [*kept, "a-token-of-the-model"] if secret in printed]


@pytest.mark.parametrize(
    ("listening_on", "shown", "own", "foreign"),
    [
        ("127.0.0.1", "localhost", "localhost:80", "127.0.0.2"),
        ("localhost", "localhost", "[::1]:3233", "example.org"),
        ("0.0.0.0", socket.gethostname(), f"{socket.gethostname()}:1", "example.org"),
        ("2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:1", "[2001:db8::8]"),
        ("192.0.2.7", "192.0.2.7", "s3.192.0.2.7:1", "192.0.2.8"),
    ],
)
def test_a_server_knows_its_own_names(listening_on: str, shown: str, own: str, foreign: str):
    names = own_names(listening_on)
    assert shown_name(listening_on) == shown
    assert service_of(own, names) is not None
    assert service_of(foreign, names) is None


def test_a_page_has_its_own_policy_as_a_header_too(server: LocalopsProcess, project: Path):
    policy = "default-src 'self'; img-src 'self' data:"
    page = project / "web" / "with-policy.html"
    page.write_text(f'<meta http-equiv="Content-Security-Policy"\n content="{policy}"><title>x</title>')
    found = httpx.get(f"{server.url}/with-policy.html", timeout=TIMEOUT_S)
    assert found.headers["content-security-policy"] == f"{policy}; frame-ancestors 'self'"
    assert found.headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in httpx.get(server.url, timeout=TIMEOUT_S).headers


def test_the_page_of_this_project_states_a_policy():
    headers = security_headers(ROOT / "web" / "index.html")
    assert headers["content-security-policy"].startswith("default-src 'self';")


@pytest.mark.parametrize("host", ["localhost", "devel.localhost"])
def test_files_are_sent_uncompressed_as_in_a_cluster(server: LocalopsProcess, host: str):
    headers = {"host": host, "accept-encoding": "gzip, br"}
    found = httpx.get(server.url, headers=headers, timeout=TIMEOUT_S)
    assert (found.status_code, found.headers.get("content-encoding")) == (200, None)
