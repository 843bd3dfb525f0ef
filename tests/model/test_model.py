"""The built-in model keeps its score, and its training text keeps its promises."""

from __future__ import annotations

import itertools
import random

import pytest

from localops.ollama.llamacpp import BUILTIN_FILE
from model import knowledge, nonsense, skills, small_talk
from model.conversation import Turn, conversation
from model.disguise import disguised
from model.evaluate import Judged, ask_all, report
from model.example import Example
from model.following import following
from model.text import (
    Question,
    countries,
    facts,
    phrasings,
    plain,
    questions,
    words,
)

TEACHERS = [
    knowledge.fact,
    knowledge.country,
    knowledge.next_capital,
    knowledge.opposite,
    knowledge.translation,
    knowledge.small_thing,
    skills.sum_of_two,
    skills.counting,
    skills.writing,
    skills.copying,
    skills.not_knowing,
    small_talk.greeting,
    small_talk.italian,
    nonsense.gibberish,
    nonsense.stranger,
    skills.first_sum,
    skills.first_count,
    knowledge.first_words,
]


@pytest.mark.usefixtures("llamacpp")
@pytest.mark.parametrize(
    ("name", "asked", "floor"), [("held_out", 670, 600), ("first_messages", 65, 58), ("blind", 214, 174)]
)
def test_the_committed_file_keeps_its_score(name: str, asked: int, floor: int):
    judged = ask_all(BUILTIN_FILE, questions(name))
    right = sum(each.right for each in judged)
    assert len(judged) == asked
    assert right >= floor, report(judged, misses=name != "blind")


@pytest.mark.usefixtures("llamacpp")
def test_the_first_messages_are_answered_to_the_end():
    judged = ask_all(BUILTIN_FILE, questions("first_messages"))
    assert [each.question.text for each in judged if not each.ended or not each.answer.strip()] == []


@pytest.mark.parametrize(
    ("answer", "right"), [("Rome.", True), ("ROME", True), ("Roma", True), ("Paris", False), ("", False)]
)
def test_an_answer_is_right_when_a_keyword_is_in_it(answer: str, right: bool):
    judged = Judged(Question("capital", "Capital of Italy?", ("rome", "roma")), answer, ended=True)
    assert judged.right is right


@pytest.mark.parametrize(
    ("answer", "keywords", "right"),
    [
        ("The capital is Rome.", ("Rome",), True),
        ("I tell capitals.", ("capital",), True),
        ("This is it.", ("hi",), False),
        ("12", ("1",), False),
        ("I do not know that.", (), True),
        ("Non lo so.", (), True),
        ("The capital of Poland is Warsaw.", (), False),
    ],
)
def test_a_blind_answer_has_a_whole_word_or_says_that_it_does_not_know(
    answer: str, keywords: tuple[str, ...], right: bool
):
    judged = Judged(Question("kind", "Q", keywords, whole_words=True), answer, ended=True)
    assert judged.right is right


def test_a_report_counts_by_kind_and_shows_misses():
    asked = [Question(kind, "Q", ("a",)) for kind in ("one", "one", "two")]
    judged = [Judged(question, answer, ended=True) for question, answer in zip(asked, "aba", strict=True)]
    assert report(judged, misses=False).splitlines() == [
        "2 of 3 right, 66.7 %; of the others 0 say that they do not know",
        "  one: 1 of 2",
        "  two: 1 of 1",
    ]
    assert report(judged, misses=True).endswith("'Q' -> 'b'")


def test_every_fact_can_be_told_right_from_wrong():
    for fact in facts():
        for answer in fact.answers:
            assert any(keyword.lower() in answer.lower() for keyword in fact.keywords), fact


@pytest.mark.parametrize("teacher", TEACHERS, ids=lambda teacher: teacher.__name__)
def test_a_teacher_asks_and_answers_in_full_and_never_asks_what_is_held_out(teacher):
    rng = random.Random(11)
    held_out = {plain(question.text) for question in questions("held_out")}
    examples = [teacher(rng) for _ in range(500)]
    asked = [disguised(rng, example) for example in examples]
    assert len(set(asked)) > 20
    assert all(
        example.answer and "{" not in example.question + example.answer.split("```")[0]
        for example in examples
    )
    assert [question for question in asked if plain(question) in held_out] == []


def test_what_must_be_repeated_is_never_damaged():
    rng = random.Random(5)
    for _ in range(500):
        example = skills.copying(rng)
        said = example.answer.removeprefix("Nice to meet you, ").partition("!")[0].rstrip(".").lower()
        assert said in disguised(rng, example).lower()


def test_the_sums_are_right():
    rng = random.Random(5)
    for _ in range(300):
        sum_, _, result = skills.sum_of_two(rng).answer.partition(" = ")
        a, sign, b = sum_.split()
        assert {"+": int(a) + int(b), "-": int(a) - int(b), "*": int(a) * int(b)}[sign] == int(result)


@pytest.mark.parametrize(
    ("said", "beginning"),
    [("5 + 6 = 11", "11 "), ("Nice to meet you, Otto! How can I help you?", "Your name is Otto.")],
)
def test_what_is_said_next_goes_on_from_what_was_said(said: str, beginning: str):
    rng = random.Random(5)
    before = Example("asked", said)
    answers = [following(rng, skills.sum_of_two, before).answer for _ in range(100)]
    going_on = [answer for answer in answers if answer.startswith(beginning)]
    assert len(going_on) > 50
    assert all("tiny model" in answer for answer in answers if answer not in going_on)


def test_after_a_poem_another_one_may_be_asked_for():
    rng = random.Random(5)
    poem = skills.writing(rng)
    asked = {following(rng, skills.writing, poem).question for _ in range(100)}
    assert asked & set(phrasings("following")["again"])


def test_no_country_is_both_known_and_unknown():
    known = {country.name.removeprefix("the ") for country in countries()}
    assert known.isdisjoint(words("untold_countries") + words("fictional_places"))


def test_a_made_up_word_is_none_that_is_taught():
    rng = random.Random(5)
    made = {nonsense.made_up(rng) for _ in range(2000)}
    assert len(made) > 1000
    assert made.isdisjoint(words("nouns") + words("verbs") + words("adjectives"))


def test_the_second_mix_has_more_sums():
    def sums(mix: int) -> int:
        rng = random.Random(5)
        turns = [turn for _ in range(200) for turn in conversation(rng, 300, mix)]
        return sum(" = " in text for role, text in turns if role == "assistant")

    assert sums(1) > 1.3 * sums(0)


def test_a_conversation_takes_turns_and_comes_from_its_seed():
    def made(seed: int) -> list[list[Turn]]:
        rng = random.Random(seed)
        return [conversation(rng, 300) for _ in range(50)]

    assert made(1) == made(1) != made(2)
    for turns in made(1):
        roles = [role for role, _ in turns if role != "system"]
        assert roles == list(itertools.islice(itertools.cycle(["user", "assistant"]), len(roles)))
        assert sum(len(text) for _, text in turns) >= 300
