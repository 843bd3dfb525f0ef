"""Signatures, with the figures that Amazon's reference works out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from localops.s3.errors import S3Error
from localops.s3.request import split_path
from localops.s3.signature import caller_of, claims_signature, is_verified
from localops.s3.signature_v4 import canonical_request, sha256, signing_key
from localops.s3.signed_message import Message

# Amazon S3 API reference, "Authenticating requests: using the Authorization header", examples.
TIME = "20130524T000000Z"
SECRETS = {"AKIAIOSFODNN7EXAMPLE": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
CREDENTIAL = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
HOST = "examplebucket.s3.amazonaws.com"
NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def message(method: str, path: str, query: list[tuple[str, str]], headers: dict[str, str]) -> Message:
    return Message(method, path, tuple(query), Headers({"host": HOST, "x-amz-date": TIME, **headers}))


@pytest.mark.parametrize(
    ("sent", "payload", "expected"),
    [
        (
            message("GET", "/test.txt", [], {"range": "bytes=0-9", "x-amz-content-sha256": NOTHING}),
            NOTHING,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            message("GET", "/", [("lifecycle", "")], {"x-amz-content-sha256": NOTHING}),
            NOTHING,
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
        ),
        (
            message("GET", "/", [("prefix", "J"), ("max-keys", "2")], {"x-amz-content-sha256": NOTHING}),
            NOTHING,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
        (
            message(
                "PUT",
                "/test$file.text",
                [],
                {
                    "date": "Fri, 24 May 2013 00:00:00 GMT",
                    "x-amz-storage-class": "REDUCED_REDUNDANCY",
                    "x-amz-content-sha256": sha256("Welcome to Amazon S3."),
                },
            ),
            sha256("Welcome to Amazon S3."),
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
    ],
)
def test_the_signatures_of_the_reference_come_out(sent: Message, payload: str, expected: str):
    key = signing_key(CREDENTIAL, TIME, SECRETS, "AccessDenied")[1]
    canonical = canonical_request(sent, sent.query, sorted(sent.headers.keys()), payload)
    assert key.sign("AWS4-HMAC-SHA256", sha256(canonical)) == expected


@pytest.mark.parametrize(
    ("headers", "query", "code"),
    [
        ({"authorization": "AWS4-HMAC-SHA256 nonsense"}, [], "AuthorizationHeaderMalformed"),
        (
            {"authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=0"},
            [],
            "RequestTimeTooSkewed",
        ),
        (
            {
                "authorization": f"AWS4-HMAC-SHA256 Credential={CREDENTIAL}, SignedHeaders=host, Signature=0",
                "x-amz-date": "yesterday",
            },
            [],
            "AuthorizationHeaderMalformed",
        ),
        ({}, [("X-Amz-Algorithm", "AWS4-HMAC-SHA256")], "AuthorizationQueryParametersError"),
        (
            {},
            [("X-Amz-Algorithm", "AWS4-HMAC-SHA256"), ("X-Amz-Expires", "604801")],
            "AuthorizationQueryParametersError",
        ),
        (
            {},
            [
                ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
                ("X-Amz-Expires", "60"),
                ("X-Amz-Date", TIME),
                ("X-Amz-Credential", "too/short"),
            ],
            "AuthorizationQueryParametersError",
        ),
        ({"authorization": "AWS nobody:x"}, [], "InvalidAccessKeyId"),
        ({"authorization": "AWS AKIAIOSFODNN7EXAMPLE:x"}, [], "SignatureDoesNotMatch"),
        ({"authorization": "AWS nonsense"}, [], "InvalidAccessKeyId"),
        ({}, [("AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE"), ("Expires", "soon")], "AccessDenied"),
        ({}, [("AWSAccessKeyId", "AKIAIOSFODNN7EXAMPLE"), ("Expires", "1")], "SignatureDoesNotMatch"),
    ],
)
def test_what_is_no_signature_is_refused_by_its_code(
    headers: dict[str, str], query: list[tuple[str, str]], code: str
):
    with pytest.raises(S3Error) as error:
        caller_of(message("GET", "/b/k", query, headers), SECRETS)
    assert error.value.code == code


def test_an_unsigned_request_comes_from_nobody():
    assert caller_of(message("GET", "/b/k", [], {}), SECRETS).user is None


@pytest.mark.parametrize(
    ("method", "headers", "query", "expected"),
    [
        ("GET", {}, b"", False),
        ("GET", {"authorization": "Basic eDp5"}, b"a=b", False),
        ("GET", {"authorization": "AWS4-HMAC-SHA256 Credential=x"}, b"", True),
        ("GET", {"authorization": "AWS a:b"}, b"", True),
        ("GET", {}, b"X-Amz-Signature=0", False),
        ("GET", {}, b"X-Amz-Signature=0&X-Amz-Algorithm=AWS4-HMAC-SHA256", False),
        ("GET", {}, b"x=X-Amz-Signature=X-Amz-Algorithm=X-Amz-Credential=", False),
        ("GET", {}, b"X-Amz-Signature=0&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=x", True),
        ("GET", {}, b"X-Amz-Signature&X-Amz-Algorithm&X-Amz-Credential", True),
        ("GET", {}, b"AWSAccessKeyId=devel", False),
        ("GET", {}, b"Signature=0&Expires=1", False),
        ("GET", {}, b"AWSAccessKeyId=devel&Signature=0&Expires=1", True),
        ("OPTIONS", {"access-control-request-headers": "authorization,x-amz-date"}, b"", True),
        ("OPTIONS", {"access-control-request-headers": "content-type"}, b"", False),
    ],
)
def test_a_request_for_s3_is_known_by_all_that_a_signature_takes(
    method: str, headers: dict[str, str], query: bytes, expected: bool
):
    scope = {
        "type": "http",
        "method": method,
        "path": "/b/k",
        "raw_path": b"/b/k",
        "headers": Headers(headers).raw,
        "query_string": query,
    }
    assert claims_signature(scope) is expected
    assert not is_verified(scope, SECRETS)


@given(st.binary(max_size=40))
def test_no_header_of_any_shape_is_more_than_refused(text: bytes):
    for kind in ("AWS4-HMAC-SHA256 ", "AWS "):
        sent = message("GET", "/", [], {"authorization": kind + text.decode("latin-1")})
        with pytest.raises(S3Error):
            caller_of(sent, SECRETS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", ("", "")),
        ("/bucket", ("bucket", "")),
        ("/bucket/", ("bucket", "")),
        ("/bucket//x", ("bucket", "/x")),
        ("/bucket/a/../b", ("bucket", "a/../b")),
        ("/bucket/%2E%2E/%C3%BC+%20", ("bucket", "../ü+ ")),
    ],
)
def test_a_path_is_a_bucket_and_a_key_as_it_stands(path: str, expected: tuple[str, str]):
    assert split_path(path) == expected


@pytest.mark.parametrize(("key", "code"), [("%ff", "InvalidURI"), ("x" * 1025, "KeyTooLongError")])
def test_a_key_that_cannot_be_is_refused(key: str, code: str):
    with pytest.raises(S3Error) as error:
        split_path(f"/bucket/{key}")
    assert error.value.code == code
