from __future__ import annotations

import pytest

from localops.ollama.errors import BadRequest
from localops.ollama.godecode import decode


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (b"", "missing request body"),
        (b"  \n", "missing request body"),
        (b"x", "invalid character 'x' looking for beginning of value"),
        (b"NaN", "invalid character 'N' looking for beginning of value"),
        (b'{"model":}', "invalid character '}' looking for beginning of value"),
        (b"{model", "invalid character 'm' looking for beginning of object key string"),
        (b'{"model" "x"}', "invalid character '\"' after object key"),
        (b'{"model":"x" "y"}', "invalid character '\"' after object key:value pair"),
        (b'{"a":[1 2]}', "invalid character '2' after array element"),
        (b'{"a":["]" 2]}', "invalid character '2' after array element"),
        (b'{"a":["\\"]" 2]}', "invalid character '2' after array element"),
        (b'{"a":[1],"b":{} 2}', "invalid character '2' after object key:value pair"),
        (b'{"a":"\n"}', "invalid character '\\n' in string literal"),
        (b'{"a":"\\x"}', "invalid character 'x' in string escape code"),
        (b'{"a":"\\u12g4"}', "invalid character 'g' in \\u hexadecimal character escape"),
        (b'{"model":"x"', "unexpected EOF"),
        (b'{"model":"x', "unexpected EOF"),
        (b'{"model":', "unexpected EOF"),
        (b"[]", "json: cannot unmarshal array into Go value of type api.GenerateRequest"),
        (b'"text"', "json: cannot unmarshal string into Go value of type api.GenerateRequest"),
        (b"1.5", "json: cannot unmarshal number into Go value of type api.GenerateRequest"),
        (b"[" * 100_000, "exceeded max depth"),
    ],
)
def test_a_body_that_is_no_object_is_refused_in_gos_words(body: bytes, complaint: str):
    with pytest.raises(BadRequest) as refusal:
        decode(body, "GenerateRequest")
    assert refusal.value.message == complaint


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


def test_bytes_that_are_no_text_become_replacement_characters():
    fields = decode(b'{"prompt":"\xff","system":"\\ud800"}', "GenerateRequest")
    assert fields.text("prompt") == "\ufffd"
    assert fields.text("system") == "\ufffd"
