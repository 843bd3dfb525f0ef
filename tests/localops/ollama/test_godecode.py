from __future__ import annotations

import json

import pytest

from localops.ollama.errors import BadRequest
from localops.ollama.godecode import MAX_DEPTH, decode


@pytest.mark.parametrize(
    "body",
    [
        b"x",
        b"NaN",
        b'{"a":-Infinity}',
        b'{"model":}',
        b"{model",
        b'{"model" "x"}',
        b'{"model":"x" "y"}',
        b'{"a":[1 2]}',
        b'{"a":["\\"]" 2]}',
        b'{"a":[1],"b":{} 2}',
        b'{"a":"\n"}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12g4"}',
        b'{"model":"x"',
        b'{"model":"x',
        b'{"model":',
        b"\xef\xbb\xbf{}",
    ],
)
def test_a_body_that_is_not_json_is_refused_with_the_place(body: bytes):
    with pytest.raises(BadRequest, match=r"^the request body is not valid JSON: ") as refusal:
        decode(body, "GenerateRequest")
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "missing request body"),
        (b"  \n", "missing request body"),
        (b"[]", "json: cannot unmarshal array into Go value of type api.GenerateRequest"),
        (b'"text"', "json: cannot unmarshal string into Go value of type api.GenerateRequest"),
        (b"1.5", "json: cannot unmarshal number into Go value of type api.GenerateRequest"),
        (b"true", "json: cannot unmarshal bool into Go value of type api.GenerateRequest"),
        (b"9" * 5000, "json: cannot unmarshal number 99999999999999999999... into Go value of type float64"),
        (b'{"a":1e999}', "json: cannot unmarshal number 1e999... into Go value of type float64"),
        (b"[" * 100_000, "exceeded max depth"),
        (b'{"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}", "exceeded max depth"),
    ],
)
def test_a_body_that_is_not_an_object_is_refused_in_gos_words(body: bytes, complaint: str):
    with pytest.raises(BadRequest) as refusal:
        decode(body, "GenerateRequest")
    assert refusal.value.message == complaint


def test_null_is_an_object_without_members():
    assert decode(b"null", "GenerateRequest").values == {}


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 10**300])
def test_a_number_beyond_64_bits_is_not_an_integer(number: int):
    fields = decode(json.dumps({"n": number}).encode(), "GenerateRequest")
    assert fields.number("n") == float(number)
    with pytest.raises(BadRequest, match=r"number into Go struct field GenerateRequest\.n of type int$"):
        fields.integer("n")


@pytest.mark.parametrize(
    ("body", "read", "complaint"),
    [
        (
            b'{"model":5}',
            lambda f: f.text("model"),
            "number into Go struct field GenerateRequest.model of type string",
        ),
        (
            b'{"model":true}',
            lambda f: f.text("model"),
            "bool into Go struct field GenerateRequest.model of type string",
        ),
        (
            b'{"stream":"no"}',
            lambda f: f.flag("stream"),
            "string into Go struct field GenerateRequest.stream of type bool",
        ),
        (b'{"n":true}', lambda f: f.integer("n"), "bool into Go struct field GenerateRequest.n of type int"),
        (b'{"n":1.5}', lambda f: f.integer("n"), "number into Go struct field GenerateRequest.n of type int"),
        (
            b'{"n":false}',
            lambda f: f.number("n"),
            "bool into Go struct field GenerateRequest.n of type float64",
        ),
        (
            b'{"options":[]}',
            lambda f: f.mapping("options"),
            "array into Go struct field GenerateRequest.options of type map[string]interface {}",
        ),
        (
            b'{"messages":{}}',
            lambda f: f.structs("messages", "api.Message"),
            "object into Go struct field GenerateRequest.messages of type []api.Message",
        ),
        (
            b'{"messages":["hi"]}',
            lambda f: f.structs("messages", "api.Message"),
            "string into Go struct field GenerateRequest.messages of type api.Message",
        ),
        (
            b'{"messages":[{"role":1}]}',
            lambda f: f.structs("messages", "api.Message")[0].text("role"),
            "number into Go struct field GenerateRequest.messages.role of type string",
        ),
    ],
)
def test_a_member_of_the_wrong_type_is_named_as_go_names_it(body: bytes, read, complaint: str):
    with pytest.raises(BadRequest) as refusal:
        read(decode(body, "GenerateRequest"))
    assert refusal.value.message == f"json: cannot unmarshal {complaint}"


def test_only_the_first_value_is_read_and_null_is_absent():
    fields = decode(b' {"model":"x","stream":null,"prompt":null} {"model":"y"} garbage', "GenerateRequest")
    assert fields.text("model") == "x"
    assert fields.flag("stream") is None
    assert fields.text("prompt") == ""
    assert not fields.has("stream")


def test_null_among_objects_is_an_empty_one():
    (first, second) = decode(b'{"messages":[null,{"role":"user"}]}', "X").structs("messages", "api.Message")
    assert (first.text("role"), second.text("role")) == ("", "user")


def test_bytes_that_are_no_text_become_replacement_characters():
    fields = decode(b'{"prompt":"\xff","system":"\\ud800"}', "GenerateRequest")
    assert fields.text("prompt") == "\ufffd"
    assert fields.text("system") == "\ufffd"


def test_halves_of_characters_are_replaced_however_deep_they_are():
    fields = decode(rb'{"format":{"\ud800":["\udfff",{"enum":["\ud83d\ude00"]}]}}', "GenerateRequest")
    assert fields.values == {"format": {"\ufffd": ["\ufffd", {"enum": ["\U0001f600"]}]}}
