"""Whatever `#--` lines and a `.env` file hold, it is read or refused with a sentence, at once."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest
from fuzzing import ODD_NUMBERS, ODD_TEXTS, Fuzz, odd_bytes, odd_text

from localops.errors import DirectiveError
from localops.project import directives
from localops.project.folder import Project
from localops.project.variables import layers, layers_of_desk, read_env_file
from localops.project.wsk_options import NOT_DONE, OPTIONS

MAX_S = 1.0
NAMES = ("A", "B_2", "LONG", "EMPTY", "OLLAMA_HOST", "a-b", "1", "")
QUOTES = ("'", '"', "`", "", "", "")
VARIABLES = {"A": "a b", "B_2": "'\"$A", "LONG": "x" * 30_000, "EMPTY": "", "OLLAMA_HOST": "host:1"}
DIRECTIVES = """#--kind python:default
#--web true
#--timeout 5000
#--memory 256
#--param GREETING "$GREETING"
#--param LIST [1,2,{"a":null}]
#--param KEEP '${A:-default}'
# --annotation title "A title"
#--param OLLAMA_HOST $OLLAMA_HOST
"""
ENV = """# what the project needs
A=1
export B_2="two words"
SINGLE='it is $A'
MULTI="a
b"
REFERS=${A}-${B_2:-none}
EMPTY=
NAME_ALONE
"""


def odd_value(random: Random) -> str:
    """Return a value with quotes, variables and escapes around something odd."""
    inner = random.choice(
        [
            odd_text(random),
            str(random.choice(ODD_NUMBERS)),
            "$" + random.choice(NAMES),
            "${"
            + random.choice(NAMES)
            + random.choice(["}", ":-x}", ":=" + odd_text(random)[:50] + "}", ""]),
            random.choice(["true", "raw", "[1]", '{"a":1}', "\\", "#", "|", "a b"]),
        ]
    )
    quote = random.choice(QUOTES)
    return quote + inner + quote


def odd_directives(random: Random) -> str:
    """Return a source whose directives are a little or very wrong."""
    if random.random() < 0.3:
        return odd_bytes(random, DIRECTIVES.encode()).decode("utf-8", "replace")
    lines: list[str] = []
    for _ in range(random.randrange(1, 8)):
        option = random.choice([*OPTIONS, *NOT_DONE, "--" + odd_text(random)[:40]])
        values = [odd_value(random) for _ in range(random.randrange(4))]
        glue = random.choice([" ", " ", " ", "=", ""])
        lines.append(random.choice(["#", "# ", "//", "//  "]) + option + glue + " ".join(values))
    return random.choice(["\n", "\n", "\r\n", "\n\n"]).join(lines)


def odd_env(random: Random) -> bytes:
    """Return the bytes of a `.env` file that is a little or very wrong."""
    kind = random.randrange(4)
    if kind == 0:
        return random.choice(ODD_TEXTS).encode("utf-8", "surrogatepass") * random.choice((1, 2, 100))
    if kind == 1:
        return odd_bytes(random, ENV.encode())
    lines = [
        random.choice(["", "", "export ", " ", "#"])
        + random.choice([*NAMES, odd_text(random)[:50]])
        + random.choice(["=", "=", " = ", ":", ""])
        + odd_value(random)
        for _ in range(random.randrange(1, 12))
    ]
    return random.choice(["\n", "\r\n", "\r"]).join(lines).encode("utf-8", "surrogatepass")


def refusal_of(source: str, variables: Mapping[str, str]) -> str | None:
    """Return why the directives of a source are refused; None where they are not."""
    try:
        read = directives.read(source, variables)
    except DirectiveError as error:
        return str(error)
    for values in (read.parameters, read.annotations):
        json.dumps(values, ensure_ascii=False).encode()
    read.as_limits()
    return None


@pytest.mark.fuzz
def test_directives_come_to_arguments_or_to_a_sentence(fuzz: Fuzz):
    for random in fuzz:
        source = odd_directives(random)
        began_s = time.thread_time()
        refusal = refusal_of(source, VARIABLES)
        directives.takes_https_for_granted(source)
        assert time.thread_time() - began_s < MAX_S, source
        if refusal is not None:
            assert refusal, source
            assert refusal.isprintable(), (source, refusal)


@pytest.mark.fuzz
def test_an_env_file_comes_to_texts_and_stops_nobody(fuzz: Fuzz, tmp_path: Path):
    project = Project(tmp_path)
    (tmp_path / "packages").mkdir()
    file = tmp_path / ".env"
    for random in fuzz:
        content = odd_env(random)
        file.write_bytes(content)
        (tmp_path / "packages" / ".env").write_bytes(odd_env(random))
        began_s = time.thread_time()
        found = read_env_file(file)
        every = {name: each.value for name, each in layers(project, {"LOGIN": "1"}).items()}
        assert time.thread_time() - began_s < MAX_S, content
        for name, value in [*found.items(), *every.items()]:
            assert name, content
            (name + value).encode()
        chosen = {name: each.value for name, each in layers_of_desk(project).items() if each.source == ".env"}
        assert chosen.items() <= found.items()
        source = "".join(f'#--param P{place} "${name}"\n' for place, name in enumerate(found))
        refusal = refusal_of(source, found)
        assert refusal is None or refusal.isprintable(), content
