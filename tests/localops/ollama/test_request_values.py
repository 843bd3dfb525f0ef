"""Options, keep_alive, model names, contexts and settings: pure functions, as tables."""

from __future__ import annotations

import math

import pytest

from localops.ollama import keep_alive
from localops.ollama.continuation import Continued, context_of, continued
from localops.ollama.engine import Ask, Message
from localops.ollama.errors import BadRequest, RequestFailure, StartFailure
from localops.ollama.model import Model, canonical_name
from localops.ollama.options import Options
from localops.ollama.settings import Settings
from localops.ollama.shortening import without_oldest_turn


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, Options()),
        ({"temperature": 0, "top_k": 5.0, "unknown": "x"}, Options(temperature=0.0, top_k=5)),
        ({"stop": ["a", "", "b"], "seed": None}, Options(stop=("a", "b"))),
        ({"num_ctx": 1}, Options(num_ctx=4)),
    ],
)
def test_options_are_laid_over_ollamas_defaults(values: dict[str, object], expected: Options):
    assert Options().with_values(values) == expected


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"num_predict": "5"}, 'option "num_predict" must be of type integer'),
        ({"seed": True}, 'option "seed" must be of type integer'),
        ({"temperature": "hot"}, 'option "temperature" must be of type float32'),
        ({"stop": "x"}, 'option "stop" must be of type array'),
        ({"stop": [1]}, 'option "stop" must be of an array of strings'),
        ({"num_ctx": []}, 'option "num_ctx" must be of type integer'),
    ],
)
def test_an_option_of_the_wrong_type_is_named(values: dict[str, object], text: str):
    with pytest.raises(RequestFailure) as refusal:
        Options().with_values(values)
    assert (refusal.value.status, refusal.value.message) == (500, text)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 300.0), (0, 0.0), (90, 90.0), (1.5, 1.5), (-1, math.inf), ("5m", 300.0), ("1h30m", 5400.0),
        ("1.5s", 1.5), ("250ms", 0.25), ("0", 0.0), ("-1m", math.inf), ("+2s", 2.0),
    ],
)  # fmt: skip
def test_keep_alive_is_a_number_of_seconds_or_a_go_duration(value: object, seconds: float):
    assert keep_alive.seconds(value) == seconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("soon", 'time: invalid duration "soon"'),
        ("", 'time: invalid duration ""'),
        ("5", 'time: missing unit in duration "5"'),
        ("5 m", 'time: invalid duration "5 m"'),
        ("--5m", 'time: invalid duration "--5m"'),
        (True, "Unsupported type: 'bool'"),
        ([], "Unsupported type: 'array'"),
    ],
)
def test_any_other_keep_alive_is_refused_in_gos_words(value: object, text: str):
    with pytest.raises(BadRequest) as refusal:
        keep_alive.seconds(value)
    assert refusal.value.message == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("llama3.2", "llama3.2:latest"),
        ("Llama3.2:Latest", "llama3.2"),
        ("library/llama3.2", "llama3.2"),
        ("registry.ollama.ai/library/llama3.2:latest", "llama3.2"),
        ("someone/llama3.2", "registry.ollama.ai/someone/llama3.2:latest"),
    ],
)
def test_a_models_names_are_the_same_model(one: str, other: str):
    assert canonical_name(one) == canonical_name(other)


@pytest.mark.parametrize("name", ["a b", "x:", ":x", "a/b/c/d", "-x", "x" * 81, "è", "a//b", "x:y:z"])
def test_what_is_no_models_name_is_refused(name: str):
    with pytest.raises(BadRequest, match=r"^invalid model name$"):
        canonical_name(name)


def test_a_context_brings_the_conversation_back_without_the_system_message():
    turns = (Message("system", "be brief"), Message("user", "perché\U0001f600 " * 500))
    ask = Ask(Model("x"), turns, before=(7, 8))
    context = context_of(ask, "answer")
    assert continued(context) == Continued((*ask.messages[1:], Message("assistant", "answer")), (7, 8))
    assert max(context) < 2**53


@pytest.mark.parametrize(
    ("ask", "text"),
    [
        (Ask(Model("x"), raw="r"), "r"),
        (Ask(Model("x"), (Message("user", "a"), Message("assistant", "b"))), "a"),
        (Ask(Model("x"), (Message("system", "s"),)), ""),
    ],
)
def test_what_the_person_said_last_is_found(ask: Ask, text: str):
    assert ask.last_user_text() == text


SYSTEM, ONE, TWO, THREE = (
    Message("system", "s"),
    Message("user", "1"),
    Message("assistant", "2"),
    Message("user", "3"),
)


@pytest.mark.parametrize(
    ("messages", "left"),
    [
        ([SYSTEM, ONE, TWO, THREE], (SYSTEM, TWO, THREE)),
        ([ONE, SYSTEM, THREE], (SYSTEM, THREE)),
        ([SYSTEM, THREE], ()),
        ([THREE], ()),
        ([], ()),
    ],
)
def test_the_oldest_turn_goes_first_and_the_question_stays(
    messages: list[Message], left: tuple[Message, ...]
):
    assert without_oldest_turn(messages) == left


@pytest.mark.parametrize("context", [[], [1, 2, 3], [-1], [2**60], [120, 156]])
def test_another_servers_context_is_the_models_tokens(context: list[int]):
    assert continued(context) == Continued(tokens=tuple(context))


def test_the_environment_sets_what_ollamas_own_variables_set():
    environment = {
        "OLLAMA_MAX_QUEUE": "3",
        "OLLAMA_MAX_LOADED_MODELS": "2",
        "OLLAMA_KEEP_ALIVE": "-1",
        "OLLAMA_ORIGINS": "http://a.example,,http://b",
    }
    assert Settings.read(environment) == Settings(3, 2, math.inf, ("http://a.example", "http://b"))
    assert Settings.read({}) == Settings()
    assert Settings.read({"OLLAMA_KEEP_ALIVE": "10m"}).keep_alive_s == 600


@pytest.mark.parametrize("environment", [{"OLLAMA_MAX_QUEUE": "many"}, {"OLLAMA_KEEP_ALIVE": "long"}])
def test_an_environment_that_makes_no_sense_is_named(environment: dict[str, str]):
    with pytest.raises(StartFailure, match=next(iter(environment))):
        Settings.read(environment)
