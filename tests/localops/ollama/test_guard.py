from __future__ import annotations

import socket

import httpx
import pytest

from localops.ollama.guard import is_local_host


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *(
            (host, True)
            for host in ("localhost", "localhost:11434", "127.0.0.1:1", "[::1]:80", "10.1.2.3", "")
        ),
        *((host, True) for host in ("192.168.1.5:80", "0.0.0.0:80", "host.docker.internal:80", "box.local")),
        *((host, True) for host in ("a.localhost", socket.gethostname())),
        *((host, False) for host in ("evil.example", "8.8.8.8", "localhost.evil.example", "notlocalhost")),
    ],
)
def test_only_this_machine_and_its_private_network_are_local(host: str, local: bool):
    assert is_local_host(host) is local


@pytest.mark.parametrize(
    ("headers", "status", "allowed"),
    [
        ({}, 200, None),
        ({"origin": "http://localhost:3233"}, 200, "http://localhost:3233"),
        ({"origin": "https://127.0.0.1"}, 200, "https://127.0.0.1"),
        ({"origin": "app://obsidian.md"}, 200, "app://obsidian.md"),
        ({"origin": "vscode-webview://x"}, 200, "vscode-webview://x"),
        ({"origin": "https://evil.example"}, 403, None),
        ({"origin": "http://localhost.evil.example"}, 403, None),
        ({"host": "evil.example"}, 403, None),
        ({"host": "evil.example", "origin": "http://evil.example"}, 403, None),
        ({"host": "host.docker.internal"}, 200, None),
        ({"host": "box.local", "origin": "http://box.local"}, 200, None),
    ],
)
def test_a_foreign_page_gets_an_empty_403(
    scripted, headers: dict[str, str], status: int, allowed: str | None
):
    answer = scripted.http.get("/api/version", headers=headers)
    assert answer.status_code == status
    assert answer.headers.get("access-control-allow-origin") == allowed
    assert (answer.content == b"") is (status == 403)


def test_a_local_page_may_send_what_openais_client_sends(scripted):
    answer = scripted.http.options(
        "/v1/chat/completions",
        headers={
            "origin": "http://localhost:3233",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,x-stainless-lang",
        },
    )
    assert answer.status_code == 200
    assert "x-stainless-lang" in answer.headers["access-control-allow-headers"].lower()


def test_ollama_origins_lets_other_pages_in(start_model):
    with start_model(
        "--engine", "scripted", environment={"OLLAMA_ORIGINS": "https://*.friend.example"}
    ) as server:
        friend = httpx.get(server.url, headers={"origin": "https://chat.friend.example"})
        stranger = httpx.get(server.url, headers={"origin": "https://stranger.example"})
    assert (friend.status_code, stranger.status_code) == (200, 403)
