"""The XML that is read can neither expand nor load anything."""

from __future__ import annotations

import pytest

from localops.s3.documents import parse, text
from localops.s3.errors import S3Error

BILLION_LAUGHS = "<!DOCTYPE x [<!ENTITY a0 'ha'>{}]><Delete>&a20;</Delete>".format(
    "".join(f"<!ENTITY a{n} '&a{n - 1};&a{n - 1};'>" for n in range(1, 21))
)


@pytest.mark.parametrize(
    "document",
    [
        BILLION_LAUGHS,
        "<!DOCTYPE x [<!ENTITY file SYSTEM 'file:///etc/passwd'>]><Delete>&file;</Delete>",
        "<!DOCTYPE x SYSTEM 'http://evil.example/x.dtd'><Delete/>",
        "<!DOCTYPE Delete><Delete/>",
        "<Delete>&undefined;</Delete>",
        "<Delete>",
        "",
        "\xff",
    ],
)
def test_what_declares_something_or_is_not_xml_is_refused(document: str):
    with pytest.raises(S3Error) as error:
        parse(document.encode("latin-1"))
    assert error.value.code == "MalformedXML"


def test_the_namespace_is_taken_off_and_text_is_kept_as_it_is():
    root = parse(
        b'<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Key> a&amp;b&#13; </Key></Delete>'
    )
    assert (root.tag, root.findtext("Key")) == ("Delete", " a&b\r ")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a&<b>", "<K>a&amp;&lt;b&gt;</K>"),
        ("\x01\r", "<K>&#x1;&#xD;</K>"),
        (True, "<K>true</K>"),
        (7, "<K>7</K>"),
    ],
)
def test_text_is_written_so_that_it_is_read_again(value: object, expected: str):
    assert text("K", value) == expected
