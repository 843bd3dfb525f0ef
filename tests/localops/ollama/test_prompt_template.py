"""`template` of /api/generate: what Ollama's own package makes of the same templates and conversations.

go_templates.jsonl holds what `template.Parse` and `Execute` of Ollama 0.32.15, built with Go 1.26, made of
each template: the text, or that it was refused.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fuzzing import Fuzz, odd_text

from localops.ollama.engine import Message
from localops.ollama.errors import TemplateFailure
from localops.ollama.prompt_template import rendered

RECORDED = [
    json.loads(line)
    for line in Path(__file__).with_name("go_templates.jsonl").read_text(encoding="utf-8").splitlines()
]
HELLO = (Message("user", "Hello"),)
LONG = (Message("system", "Be brief."), *HELLO, Message("assistant", "Hi"), Message("user", "Who?"))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case["template"][:60])
def test_a_template_gives_what_it_gives_in_ollama(case: dict[str, Any]):
    messages = [Message(role, content) for role, content in case["turns"]]
    if "text" in case:
        assert rendered(case["template"], messages, case["think"]) == case["text"]
    else:
        with pytest.raises(TemplateFailure):
            rendered(case["template"], messages, case["think"])


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ .Prompt ", "template: :1: unclosed action"),
        ("\n{{ if .Prompt }}x", "template: :2: unexpected EOF"),
        ("{{ end }}", "template: :1: unexpected {{end}}"),
        ("{{ else }}", "template: :1: unexpected {{else}}"),
        ("{{ foo }}", 'template: :1: function "foo" not defined'),
        ("{{ $x }}", 'template: :1: undefined variable "$x"'),
        ("{{ }}", "template: :1: missing value for command"),
        ("{{ (1 }}", "template: :1: unclosed left paren"),
        ("{{ /* }}", "template: :1: unclosed comment"),
        ('{{ "a }}', "template: :1: unterminated quoted string"),
        ("{{ break }}", "template: :1: {{break}} outside {{range}}"),
        ("{{ 1 | 2 }}", "template: :1: non executable command in pipeline stage 2"),
        ("{%- for m in messages -%}{{ '<|' + m }}", "template: :1: malformed character constant: '<|'"),
    ],
)
def test_what_is_no_template_is_refused_in_gos_words(template: str, words: str):
    with pytest.raises(TemplateFailure) as refusal:
        rendered(template, HELLO, None)
    assert (refusal.value.status, refusal.value.message) == (500, words)


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ .Prompt.More }}", "can't evaluate field More in type string"),
        (
            "{{ range .Messages }}{{ .Nope }}{{ end }}",
            "can't evaluate field Nope in type *template.templateMessage",
        ),
        ("{{ .Nope.More }}", "nil pointer evaluating interface {}.More"),
        ("{{ index .Messages 9 }}{{ range .Messages }}{{ end }}", "index out of range: 9"),
        ("{{ eq 1 `1` }}", "incompatible types for comparison"),
        ("{{ len 3 }}", "error calling len: len of type int"),
        ("{{ .Prompt 1 }}", "can't give argument to non-function .Prompt 1"),
        ("{{ not 1 2 }}", "wrong number of args for not: want 1 got 2"),
        ("{{ range .Prompt }}x{{ end }}", "range can't iterate over Hello"),
        ('{{ template "x" . }}', 'template "x" not defined'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused_with_its_place(template: str, words: str):
    with pytest.raises(TemplateFailure) as refusal:
        rendered(template, (*HELLO, Message("assistant", "Hi"), *HELLO), None)
    assert refusal.value.message.startswith('template: :1: executing "" at <')
    assert refusal.value.message.endswith(words)


@pytest.mark.parametrize(
    "template",
    [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range 1000000000 }}x{{ end }}",
        '{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}',
        "{{ $x := `a` }}{{ range 1000 }}{{ $x = print $x $x }}{{ end }}",
        '{{ printf "%999999999d" 1 }}',
        "{{" + "(" * 5_000,
        "{{ if 1 }}" * 5_000,
        "{{ .Prompt }}" * 10_000,
    ],
)
def test_a_template_that_would_never_end_is_given_up(template: str):
    with pytest.raises(TemplateFailure):
        rendered(template, HELLO, None)


PARTS = [
    "{{", "}}", "{{-", "-}}", "if", "range", "with", "else", "end", "define", "template", "break", "$x", ":=",
    "=", "|", "(", ")", ".", ".Messages", ".Prompt", ".Response", "print", "index", "printf", "and", '"%s"',
    "'a'", "`r`", "1", "-2", "nil", "true", "/*", "*/", "text",
]  # fmt: skip


def refusal_of(template: str, think: bool | str | None) -> str | None:
    """Return why a template is refused; None where it is not."""
    try:
        rendered(template, LONG, think)
    except TemplateFailure as refusal:
        return refusal.message
    return None


@pytest.mark.fuzz
def test_whatever_a_template_says_it_is_written_or_refused_with_a_sentence(fuzz: Fuzz):
    for random in fuzz:
        parts = random.choices(PARTS, k=random.randrange(1, 40))
        if random.random() < 0.2:
            parts.insert(random.randrange(len(parts)), odd_text(random))
        template = random.choice([" ", "", "\n"]).join(parts)
        refusal = refusal_of(template, random.choice([None, True, "high"]))
        assert refusal is None or refusal.startswith("template: :"), template
        assert refusal is None or "\n" not in refusal, template
