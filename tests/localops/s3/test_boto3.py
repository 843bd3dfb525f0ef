"""What boto3 does with a bucket, as actions and `ops ai chat` use it."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterable
from typing import Any

import pytest
import requests
from botocore.client import BaseClient
from botocore.exceptions import ClientError

BUCKET = "devel-data"
MIB = 1024 * 1024
ODD_KEYS = [
    "plain.txt",
    "/upload/26-1121-101112/photo.png",
    "a//b",
    "//",
    "/",
    "..",
    "../../../etc/passwd",
    "a/../b",
    ".",
    "a",
    "a/b",
    "a/",
    "sp ace+plus&amp;<>\"'.js",
    "%2e%2e%2f",
    "für 漢字 🎈",
    "back\\slash",
    "tab\tline\nend\r",
    "?query#fragment",
    "x" * 1024,
]


def md5(content: bytes) -> bytes:
    return hashlib.md5(content, usedforsecurity=False).digest()


def put(s3: BaseClient, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key, Body=key.encode())


def keys(answer: dict[str, Any]) -> list[str]:
    return [each["Key"] for each in answer.get("Contents", [])]


def code_of(error: pytest.ExceptionInfo[ClientError]) -> tuple[str, int]:
    response = error.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_key_is_taken_as_it_is(s3: BaseClient, key: str):
    s3.put_object(Bucket=BUCKET, Key=key, Body=b"content")
    assert s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == b"content"
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == [key]
    assert s3.delete_object(Bucket=BUCKET, Key=key)["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == []


def test_an_object_keeps_what_was_said_of_it(s3: BaseClient):
    said = {
        "ContentType": "text/csv; charset=utf-8",
        "CacheControl": "max-age=60",
        "ContentDisposition": 'attachment; filename="x.csv"',
        "ContentEncoding": "gzip",
        "Metadata": {"owner": "someone"},
    }
    put_answer = s3.put_object(Bucket=BUCKET, Key="x", Body=b"1,2", **said)
    etag = f'"{md5(b"1,2").hex()}"'
    assert put_answer["ETag"] == etag
    for found in (s3.get_object(Bucket=BUCKET, Key="x"), s3.head_object(Bucket=BUCKET, Key="x")):
        assert {name: found[name] for name in said} == said
        assert (found["ETag"], found["ContentLength"], found["AcceptRanges"]) == (etag, 3, "bytes")
    assert s3.get_object(Bucket=BUCKET, Key="x")["ChecksumCRC32"] == put_answer["ChecksumCRC32"]


def test_an_empty_object_is_an_object(s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="empty", Body=b"")
    assert s3.get_object(Bucket=BUCKET, Key="empty")["Body"].read() == b""
    assert s3.head_object(Bucket=BUCKET, Key="empty")["ContentType"] == "binary/octet-stream"


def test_a_second_put_replaces_the_first_and_leaves_nothing_behind(server: Any, s3: BaseClient):
    put(s3, "x")
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"new")
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"new"
    assert len(server.stored_files()) == 1


@pytest.mark.parametrize(
    ("operation", "arguments", "expected"),
    [
        ("get_object", {"Bucket": BUCKET, "Key": "none"}, ("NoSuchKey", 404)),
        ("head_object", {"Bucket": BUCKET, "Key": "none"}, ("404", 404)),
        ("get_object", {"Bucket": "other", "Key": "none"}, ("NoSuchBucket", 404)),
        ("list_objects_v2", {"Bucket": "other"}, ("NoSuchBucket", 404)),
        ("head_bucket", {"Bucket": "other"}, ("404", 404)),
        ("put_object", {"Bucket": "other", "Key": "x", "Body": b""}, ("AccessDenied", 403)),
        ("create_bucket", {"Bucket": "other"}, ("AccessDenied", 403)),
        ("create_bucket", {"Bucket": BUCKET}, ("BucketAlreadyOwnedByYou", 409)),
        ("get_object_tagging", {"Bucket": BUCKET, "Key": "x"}, ("NotImplemented", 501)),
        ("get_object", {"Bucket": BUCKET, "Key": "x", "PartNumber": 1}, ("NotImplemented", 501)),
        ("get_bucket_policy", {"Bucket": BUCKET}, ("NotImplemented", 501)),
        ("delete_bucket", {"Bucket": BUCKET}, ("NotImplemented", 501)),
        ("put_object", {"Bucket": BUCKET, "Key": "x" * 1025, "Body": b""}, ("KeyTooLongError", 400)),
    ],
)
def test_a_refusal_has_its_code(
    s3: BaseClient, operation: str, arguments: dict[str, Any], expected: tuple[str, int]
):
    with pytest.raises(ClientError) as error:
        getattr(s3, operation)(**arguments)
    assert code_of(error) == expected


def test_removing_what_is_not_there_is_no_error(s3: BaseClient):
    assert s3.delete_object(Bucket=BUCKET, Key="none")["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_the_buckets_are_those_of_the_user(s3: BaseClient):
    assert [each["Name"] for each in s3.list_buckets()["Buckets"]] == ["devel-data", "devel-web"]
    assert s3.head_bucket(Bucket=BUCKET)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] is None
    assert "Status" not in s3.get_bucket_versioning(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("asked", "expected_keys", "expected_prefixes"),
    [
        ({}, ["/a", "a/1", "a/2", "a/b/3", "b", "ü"], []),
        ({"Prefix": "a/"}, ["a/1", "a/2", "a/b/3"], []),
        ({"Delimiter": "/"}, ["b", "ü"], ["/", "a/"]),
        ({"Delimiter": "/", "Prefix": "a/"}, ["a/1", "a/2"], ["a/b/"]),
        ({"Prefix": "none"}, [], []),
        ({"MaxKeys": 0}, [], []),
    ],
)
@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
def test_a_listing_knows_prefix_and_delimiter(
    s3: BaseClient,
    operation: str,
    asked: dict[str, Any],
    expected_keys: list[str],
    expected_prefixes: list[str],
):
    put(s3, "b", "a/2", "a/1", "a/b/3", "/a", "ü")
    found = getattr(s3, operation)(Bucket=BUCKET, **asked)
    assert keys(found) == expected_keys
    assert [each["Prefix"] for each in found.get("CommonPrefixes", [])] == expected_prefixes
    assert found["IsTruncated"] is False


@pytest.mark.parametrize("operation", ["list_objects", "list_objects_v2"])
@pytest.mark.parametrize("delimiter", ["", "/"])
@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_listing_in_pages_shows_each_thing_once(s3: BaseClient, operation: str, delimiter: str, size: int):
    names = ["a", "b/1", "b/2", "b/\U0010ffff\U0010ffffx", "c", "c/", "d//e", "z"]
    put(s3, *names)
    pages = s3.get_paginator(operation).paginate(
        Bucket=BUCKET, Delimiter=delimiter, PaginationConfig={"PageSize": size}
    )
    found = list(shown(pages))
    assert found == (["a", "b/", "c", "c/", "d/", "z"] if delimiter else sorted(names))


def shown(pages: Iterable[dict[str, Any]]) -> Iterable[str]:
    for page in pages:
        yield from sorted(keys(page) + [each["Prefix"] for each in page.get("CommonPrefixes", [])])


def test_start_after_begins_after_a_key(s3: BaseClient):
    put(s3, "a", "b", "c")
    assert keys(s3.list_objects_v2(Bucket=BUCKET, StartAfter="a")) == ["b", "c"]
    assert keys(s3.list_objects(Bucket=BUCKET, Marker="b")) == ["c"]


def test_many_keys_are_removed_at_once(server: Any, s3: BaseClient):
    put(s3, *ODD_KEYS)
    wanted = [{"Key": key} for key in [*ODD_KEYS, "was never there"]]
    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": wanted})
    assert [each["Key"] for each in answer["Deleted"]] == [each["Key"] for each in wanted]
    assert "Errors" not in answer
    assert server.stored_files() == []


@pytest.mark.parametrize(
    ("asked", "status", "body", "content_range"),
    [
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=2-4", 206, b"234", "bytes 2-4/10"),
        ("bytes=8-100", 206, b"89", "bytes 8-9/10"),
        ("bytes=7-", 206, b"789", "bytes 7-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-100", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=4-2", 200, b"0123456789", None),
        ("nonsense", 200, b"0123456789", None),
    ],
)
def test_a_range_is_sent_alone(
    s3: BaseClient, asked: str, status: int, body: bytes, content_range: str | None
):
    s3.put_object(Bucket=BUCKET, Key="digits", Body=b"0123456789")
    found = s3.get_object(Bucket=BUCKET, Key="digits", Range=asked)
    assert found["ResponseMetadata"]["HTTPStatusCode"] == status
    assert (found["Body"].read(), found.get("ContentRange")) == (body, content_range)


def test_a_range_behind_the_end_is_refused(s3: BaseClient):
    put(s3, "x")
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key="x", Range="bytes=1-")
    assert code_of(error) == ("InvalidRange", 416)


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"IfMatch": "ETAG"}, 200),
        ({"IfMatch": '"other"'}, 412),
        ({"IfNoneMatch": "ETAG"}, 304),
        ({"IfNoneMatch": '"other"'}, 200),
        ({"IfModifiedSince": "2000-01-01"}, 200),
        ({"IfModifiedSince": "2100-01-01"}, 304),
        ({"IfUnmodifiedSince": "2000-01-01"}, 412),
        ({"IfUnmodifiedSince": "2100-01-01"}, 200),
    ],
)
def test_conditions_are_kept(s3: BaseClient, condition: dict[str, str], status: int):
    etag = s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")["ETag"]
    asked = {name: etag if value == "ETAG" else value for name, value in condition.items()}
    if status == 200:
        assert s3.get_object(Bucket=BUCKET, Key="x", **asked)["Body"].read() == b"x"
        return
    with pytest.raises(ClientError) as error:
        s3.get_object(Bucket=BUCKET, Key="x", **asked)
    assert code_of(error)[1] == status


def test_an_object_can_be_made_only_if_it_is_new(s3: BaseClient):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"first", IfNoneMatch="*")
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"second", IfNoneMatch="*")
    assert code_of(error) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"first"


def test_an_object_is_replaced_only_if_it_is_the_expected_one(s3: BaseClient):
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"none", IfMatch='"other"')
    assert code_of(error) == ("NoSuchKey", 404)
    first = s3.put_object(Bucket=BUCKET, Key="x", Body=b"first")["ETag"]
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"second", IfMatch=first)
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"third", IfMatch=first)
    assert code_of(error) == ("PreconditionFailed", 412)
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"second"


@pytest.mark.parametrize(
    ("condition", "is_copied"),
    [
        ({"CopySourceIfMatch": "ETAG"}, True),
        ({"CopySourceIfMatch": '"other"'}, False),
        ({"CopySourceIfNoneMatch": "ETAG"}, False),
        ({"CopySourceIfNoneMatch": '"other"'}, True),
        ({"CopySourceIfModifiedSince": "2100-01-01"}, False),
        ({"CopySourceIfUnmodifiedSince": "2000-01-01"}, False),
    ],
)
def test_conditions_on_the_source_of_a_copy_are_kept(
    s3: BaseClient, condition: dict[str, str], is_copied: bool
):
    etag = s3.put_object(Bucket=BUCKET, Key="x", Body=b"x")["ETag"]
    asked = {name: etag if value == "ETAG" else value for name, value in condition.items()}
    copy = {"Bucket": BUCKET, "Key": "copy", "CopySource": f"{BUCKET}/x", **asked}
    if is_copied:
        s3.copy_object(**copy)
        return
    with pytest.raises(ClientError) as error:
        s3.copy_object(**copy)
    assert code_of(error) == ("PreconditionFailed", 412)
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == ["x"]


@pytest.mark.parametrize(
    "wish",
    [
        {"Tagging": "a=b"},
        {"ACL": "public-read"},
        {"GrantRead": "id=somebody"},
        {"ServerSideEncryption": "AES256"},
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        {"StorageClass": "GLACIER"},
        {"ObjectLockLegalHoldStatus": "ON"},
        {"WebsiteRedirectLocation": "/x"},
    ],
    ids=lambda wish: next(iter(wish)),
)
def test_a_wish_that_would_not_come_true_is_refused(server: Any, s3: BaseClient, wish: dict[str, str]):
    for operation, more in (("put_object", {"Body": b"x"}), ("create_multipart_upload", {})):
        with pytest.raises(ClientError) as error:
            getattr(s3, operation)(Bucket=BUCKET, Key="x", **more, **wish)
        assert code_of(error) == ("NotImplemented", 501)
        assert "k" * 32 not in str(error.value)
    assert server.stored_files() == []


@pytest.mark.parametrize("wish", [{"ACL": "private"}, {"StorageClass": "STANDARD"}, {"Tagging": ""}])
def test_a_wish_for_nothing_is_granted(s3: BaseClient, wish: dict[str, str]):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"x", **wish)
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == ["x"]


def test_a_large_file_goes_up_in_parts_and_comes_back_whole(server: Any, s3: BaseClient):
    content = os.urandom(20 * MIB + 7)
    s3.upload_fileobj(io.BytesIO(content), BUCKET, "/upload/large", {"ContentType": "image/png"})
    found = s3.get_object(Bucket=BUCKET, Key="/upload/large")
    assert found["Body"].read() == content
    assert (found["ContentType"], found["ETag"][-3:]) == ("image/png", '-3"')
    assert len(server.stored_files()) == 1


def test_objects_small_and_large_are_copied(s3: BaseClient):
    content = os.urandom(9 * MIB)
    s3.upload_fileobj(io.BytesIO(content), BUCKET, "large")
    s3.copy({"Bucket": BUCKET, "Key": "large"}, "devel-web", "copy of large")
    s3.put_object(Bucket=BUCKET, Key="smäll", Body=b"1", Metadata={"a": "b"}, ContentType="text/x")
    s3.copy_object(Bucket=BUCKET, Key="kept", CopySource={"Bucket": BUCKET, "Key": "smäll"})
    replaced = {"MetadataDirective": "REPLACE", "ContentType": "text/y", "Metadata": {"c": "d"}}
    s3.copy_object(Bucket=BUCKET, Key="new", CopySource=f"{BUCKET}/smäll", **replaced)
    assert s3.get_object(Bucket="devel-web", Key="copy of large")["Body"].read() == content
    kept, new = s3.head_object(Bucket=BUCKET, Key="kept"), s3.head_object(Bucket=BUCKET, Key="new")
    assert (kept["ContentType"], kept["Metadata"]) == ("text/x", {"a": "b"})
    assert (new["ContentType"], new["Metadata"]) == ("text/y", {"c": "d"})
    with pytest.raises(ClientError) as error:
        s3.copy_object(Bucket=BUCKET, Key="no", CopySource="other/x")
    assert code_of(error) == ("AccessDenied", 403)


def begin(s3: BaseClient) -> dict[str, str]:
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="parts")
    return {"Bucket": BUCKET, "Key": "parts", "UploadId": upload["UploadId"]}


def test_an_upload_in_parts_is_nothing_until_it_is_complete(server: Any, s3: BaseClient):
    upload = begin(s3)
    first = s3.upload_part(**upload, PartNumber=1, Body=b"a" * 5 * MIB)
    s3.upload_part(**upload, PartNumber=2, Body=b"replaced")
    second = s3.upload_part(**upload, PartNumber=2, Body=b"b")
    s3.upload_part(**upload, PartNumber=7, Body=b"not wanted")
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == []
    assert [each["Size"] for each in s3.list_parts(**upload)["Parts"]] == [5 * MIB, 1, 10]
    assert [each["Key"] for each in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]] == ["parts"]
    parts = [{"PartNumber": 1, "ETag": first["ETag"]}, {"PartNumber": 2, "ETag": second["ETag"]}]
    done = s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    digests = md5(b"a" * 5 * MIB) + md5(b"b")
    assert done["ETag"] == f'"{md5(digests).hex()}-2"'
    assert s3.get_object(Bucket=BUCKET, Key="parts")["Body"].read() == b"a" * 5 * MIB + b"b"
    assert len(server.stored_files()) == 1


def test_an_aborted_upload_leaves_nothing(server: Any, s3: BaseClient):
    upload = begin(s3)
    s3.upload_part(**upload, PartNumber=1, Body=b"a")
    s3.abort_multipart_upload(**upload)
    assert server.stored_files() == []
    with pytest.raises(ClientError) as error:
        s3.upload_part(**upload, PartNumber=2, Body=b"b")
    assert code_of(error) == ("NoSuchUpload", 404)


@pytest.mark.parametrize(
    ("numbers", "etag", "code"),
    [
        ([1, 2], "", "EntityTooSmall"),
        ([2, 1], "", "InvalidPartOrder"),
        ([1, 1], "", "InvalidPartOrder"),
        ([3], "", "InvalidPart"),
        ([1], '"0"', "InvalidPart"),
    ],
)
def test_a_completion_that_makes_no_sense_is_refused(
    s3: BaseClient, numbers: list[int], etag: str, code: str
):
    upload = begin(s3)
    found = {n: s3.upload_part(**upload, PartNumber=n, Body=b"x")["ETag"] for n in (1, 2)}
    parts = [{"PartNumber": n, "ETag": etag or found.get(n, '"0"')} for n in numbers]
    with pytest.raises(ClientError) as error:
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
    assert code_of(error)[0] == code


@pytest.mark.parametrize("kind", ["CRC32", "SHA1", "SHA256"])
def test_a_checksum_is_checked_kept_and_sent_again(s3: BaseClient, kind: str):
    s3.put_object(Bucket=BUCKET, Key="x", Body=b"content", ChecksumAlgorithm=kind)
    assert s3.get_object(Bucket=BUCKET, Key="x", ChecksumMode="ENABLED")["Body"].read() == b"content"
    with pytest.raises(ClientError) as error:
        s3.put_object(Bucket=BUCKET, Key="x", Body=b"other", **{f"Checksum{kind}": "AAAA"})
    assert code_of(error) == ("BadDigest", 400)
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"content"


def test_a_body_that_does_not_fit_its_md5_is_not_stored(s3: BaseClient):
    for md5, code in (("AAAAAAAAAAAAAAAAAAAAAA==", "BadDigest"), ("nonsense", "InvalidDigest")):
        with pytest.raises(ClientError) as error:
            s3.put_object(Bucket=BUCKET, Key="x", Body=b"content", ContentMD5=md5)
        assert code_of(error) == (code, 400)
    assert keys(s3.list_objects_v2(Bucket=BUCKET)) == []


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
@pytest.mark.parametrize("key", ["/upload/a b+c.txt", "ü//x", "plain"])
def test_a_presigned_url_opens_one_object_to_anybody(server: Any, s3: BaseClient, signature: str, key: str):
    put(s3, key)
    asked = {
        "Bucket": BUCKET,
        "Key": key,
        "ResponseContentType": "text/x",
        "ResponseContentDisposition": "inline",
    }
    url = server.client(signature).generate_presigned_url("get_object", Params=asked)
    found = requests.get(url, timeout=10)
    assert (found.status_code, found.content) == (200, key.encode())
    assert (found.headers["content-type"], found.headers["content-disposition"]) == ("text/x", "inline")
    assert requests.delete(url, timeout=10).status_code == 403
    assert requests.get(url.replace("text%2Fx", "text%2Fy"), timeout=10).status_code == 403


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_a_presigned_url_can_take_an_object(server: Any, s3: BaseClient, signature: str):
    url = server.client(signature).generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "x"})
    assert requests.put(url, data=b"content", timeout=10).status_code == 200
    assert s3.get_object(Bucket=BUCKET, Key="x")["Body"].read() == b"content"


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
def test_signature_versions_sign_everything(server: Any, signature: str):
    s3 = server.client(signature)
    put(s3, "a b", "c/ü")
    assert keys(s3.list_objects_v2(Bucket=BUCKET, Prefix="a ")) == ["a b"]
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key="x", Metadata={"note": "two  blanks"})
    s3.abort_multipart_upload(Bucket=BUCKET, Key="x", UploadId=upload["UploadId"])


@pytest.mark.parametrize("signature", ["s3v4", "s3"])
@pytest.mark.parametrize(
    ("user", "secret", "code"),
    [("devel", "wrong", "SignatureDoesNotMatch"), ("someone", "wrong", "InvalidAccessKeyId")],
)
def test_a_wrong_key_is_refused(server: Any, signature: str, user: str, secret: str, code: str):
    with pytest.raises(ClientError) as error:
        server.client(signature, user, secret).list_objects_v2(Bucket=BUCKET)
    assert code_of(error) == (code, 403)
    with pytest.raises(ClientError) as error:
        server.client(signature, user, secret).put_object(Bucket=BUCKET, Key="x", Body=b"x" * MIB)
    assert code_of(error) == (code, 403)
    assert server.stored_files() == []
