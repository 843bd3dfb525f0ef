"""What the `#--` lines of a source come to; the tables are what the real deployer does with them."""

from __future__ import annotations

import os
from typing import Any

import pytest

from localops.errors import DirectiveError
from localops.project.directives import counted_lines, read, takes_https_for_granted
from localops.project.expansion import expand
from localops.project.shell_words import words


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("#--web true", True),
        ("# --web true", True),
        ("#-a index x", True),
        ("//--web true", True),
        ("// --web true", True),
        ("#--web true\r", True),
        ("#  --web true", False),
        (" #--web true", False),
        ("#---web true", False),
        ("#-x", False),
        ("#-- web true", False),
        ("# a comment", False),
        ("x = 1  #--web true", False),
    ],
)
def test_a_line_counts_only_as_the_deployer_counts_it(line: str, counts: bool):
    assert bool(counted_lines(line)) is counts


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("$V", "a b", "a b"),
        ("${V}", "a", "a"),
        ("'$V'", "a", "'$V'"),
        ('"$V"', "a", '"a"'),
        ("$MISSING-", "a", "-"),
        ("${MISSING:-other}", "a", "other"),
        ("${MISSING:=other} $MISSING", "a", "other other"),
        ("${V:-other}", "a", "a"),
        ("${V:-other}", "", "other"),
        ("${not a name}", "a", "${not a name}"),
        ("${V", "a", "${V"),
        ("\\$V", "a", "\\a"),
        ("costs 5$", "a", "costs 5$"),
        ("$?$#", "a", "00"),
    ],
)
def test_variables_expand_as_in_the_deployer(text: str, value: str, expected: str):
    assert expand(text, {"V": value}) == expected


def test_two_dollars_are_the_process_id():
    assert expand("$$", {}) == str(os.getpid())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("--param P a  b", ["--param", "P", "a", "b"]),
        ('--param P "a  b"', ["--param", "P", "a  b"]),
        ("--param P ''", ["--param", "P", ""]),
        ("--param P '{\"a\": 1}'", ["--param", "P", '{"a": 1}']),
        ("--param P a#b --web true", ["--param", "P", "a"]),
        ('--param P "a#b" --web true', ["--param", "P", "a#b", "--web", "true"]),
        ("--param P x* y", ["--param", "P", "y"]),
        ("--param P a?b&c d", ["--param", "P", "c", "d"]),
        ("--param P a|b", ["--param", "P", "a", "b"]),
        ("--param P a;b", ["--param", "P", "a", "b"]),
        ('--param P "a\\"b"', ["--param", "P", 'a"b']),
        ("--param P a\\ b", ["--param", "P", "a b"]),
        ("a\\#b", ["a#b"]),
        ("x 'a'\"b\"c", ["x", "abc"]),
        ('--p "it\'s"', ["--p", "it's"]),
        ("--p 'unclosed x", ["--p", "unclosed", "x"]),
        ("p a<b>c (d)", ["p", "a", "b", "c", "d"]),
        ("{a,b} [x] ~ !", ["{a,b}", "[x]", "~", "!"]),
        ('"a\\nb"', ["a\\nb"]),
    ],
)
def test_text_becomes_words_as_in_shell_quote(text: str, expected: list[str]):
    assert words(text) == expected


@pytest.mark.parametrize(
    ("line", "parameters"),
    [
        ('#--param P "$V"', {"P": "a  b"}),
        ("#--param P '$V'", {"P": "$V"}),
        ('#--param P "$UNSET"', {"P": ""}),
        ("#--param P 9000", {"P": 9000}),
        ("#--param P true", {"P": True}),
        ("#--param P '[1, 2]'", {"P": [1, 2]}),
        ("#-p P x", {"P": "x"}),
        ("#--param P x\n#--param P y", {"P": "y"}),
        ("#--param P NaN", {"P": "NaN"}),
        (r"""#--param P '"C:\\data"'""", {"P": r"C:\data"}),
        ("#--param P -Infinity", {"P": "-Infinity"}),
        (r'#--param P "a\nb"', {"P": "a\nb"}),
        (r"#--param P 'a\tb'", {"P": "a\tb"}),
        (r"#--param P 'say \"hi\"'", {"P": 'say "hi"'}),
        (r"""#--param P '"say \"hi\""'""", {"P": 'say "hi"'}),
        ("""#--param P 'x", "Q": "y'""", {"P": "x", "Q": "y"}),
        ("#--param 'a\"b' x", {'a"b': "x"}),
    ],
)
def test_parameters_are_json_where_they_can_be(line: str, parameters: dict[str, Any]):
    assert read(line, {"V": "a  b"}).parameters == parameters


@pytest.mark.parametrize(
    ("word", "export", "raw", "final"),
    [
        ("true", True, False, True),
        ("YES", True, False, True),
        ("Raw", True, True, True),
        ("no", False, False, False),
        ("False", False, False, False),
    ],
)
def test_web_exports_and_protects_the_parameters(word: str, export: bool, raw: bool, final: bool):
    expected = {"web-export": export, "raw-http": raw, "final": final}
    assert read(f"#--web {word}", {}).annotations == expected


@pytest.mark.parametrize(
    ("word", "secret"),
    [("open-sesame", "open-sesame"), ("12345", "12345"), ("null", "null"), ("False", False)],
)
def test_web_secure_asks_for_a_word(word: str, secret: object):
    assert read(f"#--web-secure {word}\n#--web true", {}).annotations["require-whisk-auth"] == secret


def test_web_secure_true_asks_for_a_number_that_a_save_does_not_change():
    numbers = [read("#--web raw\n#--web-secure true", {}).annotations["require-whisk-auth"] for _ in "ab"]
    assert numbers[0] == numbers[1]
    assert 0 <= numbers[0] < 2**53
    assert not isinstance(numbers[0], bool)


def test_an_image_makes_a_blackbox():
    found = read("#--docker some/image:1\n#--web true", {})
    assert (found.kind, found.image) == ("blackbox", "some/image:1")


def test_all_options_of_an_action_are_read():
    source = "#--kind python:3.12\n#--timeout 1000\n#--memory 128\n#--main run\n#-a index '80:G:N::'\n"
    found = read(source, {})
    assert (found.kind, found.function) == ("python:3.12", "run")
    assert found.annotations == {"index": "80:G:N::"}
    assert (found.as_limits().timeout_ms, found.as_limits().memory_mb) == (1000, 128)


@pytest.mark.parametrize(
    ("line", "part"),
    [
        ("#--param P $V", "'b' is not an option"),
        ("#--param P", "--param has no value"),
        ("#--param P $UNSET", "--param has no value"),
        ("#--colour red", "'--colour' is not an option"),
        ("#--sequence a,b", "localops does not support --sequence"),
        ("#--param-file x.json", "localops does not support --param-file"),
        ("#--timeout soon", "a number from 100 to 300000"),
        ("#--timeout 300001", "a number from 100 to 300000"),
        ("#--web perhaps", "--web takes"),
        ("#--param=P x", "takes its name and its value as two words"),
        ("#--web-secure true", "--web-secure is for web actions only"),
        ("#--web no\n#--web-secure word", "--web-secure is for web actions only"),
        ("#--kind python:3\n#--docker some/image", "--kind and --docker exclude each other"),
        ("#--param P 'say \"hi\"'", "the value of 'P' cannot be sent by `ops`"),
        (r"#--param P 'C:\data'", "the value of 'P' cannot be sent by `ops`"),
        ("#--annotation P 'a\"b'", "the value of 'P' cannot be sent by `ops`"),
        (r"""#--param P '"\ud800"'""", "the value of 'P' cannot be sent by `ops`"),
        ("#--timeout ²", "a number from 100 to 300000, not '²'"),
        ("#--memory " + "9" * 5000, "a number from 128 to 512, not '9{80}…'"),
        ("#--param P " + "9" * 5000, "the value of 'P' cannot be used here: .* number with too many digits"),
        ("#--param P " + "[" * 100_000, "the value of 'P' cannot be used here: .* nested more than 900"),
    ],
)
def test_what_wsk_refuses_is_refused_with_a_sentence(line: str, part: str):
    with pytest.raises(DirectiveError, match=part):
        read(line, {"V": "a  b"})


def test_a_variable_that_is_not_set_is_named_where_its_value_lacks():
    with pytest.raises(DirectiveError, match=r"--param has no value.*; not set: UNSET"):
        read("#--param A $SET\n#--param B $UNSET\n", {"SET": "x"})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("#--param OLLAMA_HOST $OLLAMA_HOST\n#--param AUTH $AUTH\n", True),
        ("#--param URL https://${OLLAMA_HOST}/api\n", True),
        ("#--param OLLAMA_HOST $OLLAMA_HOST\n#--param OLLAMA_PROTO $OLLAMA_PROTO\n", False),
        ("#--web true\nHOST = '$OLLAMA_HOST'\n", False),
        ("", False),
    ],
)
def test_who_knows_no_protocol_takes_https_for_granted(source: str, expected: bool):
    assert takes_https_for_granted(source) is expected
