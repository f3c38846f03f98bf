"""Answers made of the passages' own sentences, with the real embedding model."""

from itertools import pairwise

import pytest

from server.ai.minilm import MiniLM
from server.answers.extractive import answer_from
from server.errors import Cancelled, InvalidArgument

PASSAGES = [
    "# Weather\nIt rains a lot in Bergen, more than anywhere else in Norway. Umbrellas sell well there.",
    "Capital cities\n\nThe capital of Norway is Oslo. Its harbour faces south.",
    "Paris is the capital of France. The Seine flows through it.",
]


def test_best_sentence_comes_with_its_passage_and_score(minilm: MiniLM) -> None:
    (quote,) = answer_from("What is the capital of Norway?", PASSAGES, minilm, sentences_max=1)
    assert (quote.passage, quote.text) == (1, "The capital of Norway is Oslo.")
    assert 0.7 < quote.score <= 1


def test_quotes_are_verbatim_and_in_reading_order(minilm: MiniLM) -> None:
    quotes = answer_from("Which cities are capitals, and where does it rain?", PASSAGES, minilm, sentences_max=4)
    assert len(quotes) == 3
    places = [(quote.passage, PASSAGES[quote.passage].index(quote.text)) for quote in quotes]
    assert places == sorted(places)


def test_sentences_that_say_the_same_are_quoted_once(minilm: MiniLM) -> None:
    passages = [
        "The capital of Norway is Oslo, a city.",
        "The capital of Norway is Oslo, a city!",
        "Bergen was Norway's capital long ago.",
    ]
    quotes = answer_from("What is the capital of Norway?", passages, minilm, sentences_max=3)
    assert [quote.passage for quote in quotes] == [0, 2]


def test_a_sentence_that_leans_on_the_one_before_is_quoted_with_it(minilm: MiniLM) -> None:
    passage = (
        "Every visitor signs the book at the door, even on holidays.\n\n"
        "If an error occurs in the try suite, it is kept for later. The finally clause is executed."
    )
    (quote,) = answer_from("When does a finally clause run?", [passage], minilm, sentences_max=1)
    assert quote.text == passage.split("\n\n")[1]


def test_a_leaning_sentence_at_the_start_of_a_paragraph_stays_alone(minilm: MiniLM) -> None:
    passage = "Umbrellas sell well in Bergen at any time of year.\n\nThe finally clause is executed then."
    (quote,) = answer_from("When does a finally clause run?", [passage], minilm, sentences_max=1)
    assert quote.text == "The finally clause is executed then."


def test_an_announcement_of_what_is_not_quoted_is_left_out(minilm: MiniLM) -> None:
    passage = "A dictionary can be made in several ways:\n\n* With braces around pairs of keys and values.\n"
    (quote,) = answer_from("How can a dictionary be made?", [passage], minilm)
    assert "braces" in quote.text


def test_what_has_nothing_to_do_with_the_question_is_no_answer(minilm: MiniLM) -> None:
    assert answer_from("How are submarine cables repaired?", [PASSAGES[2]], minilm) == []


def test_no_two_quotes_share_words_of_a_passage(minilm: MiniLM) -> None:
    passage = "Oslo is the capital of Norway and its largest city. It is a capital city. This is Norway's capital."
    quotes = answer_from("What is the capital of Norway?", [passage], minilm)
    spans = sorted((passage.index(quote.text), passage.index(quote.text) + len(quote.text)) for quote in quotes)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))


def test_headings_are_quoted_only_when_there_is_nothing_else(minilm: MiniLM) -> None:
    texts = [quote.text for quote in answer_from("capital cities", PASSAGES, minilm, sentences_max=9)]
    assert "Capital cities" not in texts
    assert "# Weather" not in texts
    assert [quote.text for quote in answer_from("cities", ["Capital cities"], minilm)] == ["Capital cities"]


def test_no_passages_give_no_quotes(minilm: MiniLM) -> None:
    assert answer_from("Why?", [], minilm) == []
    assert answer_from("Why?", [" \n"], minilm) == []


def test_blank_question_and_no_room_for_an_answer_are_refused(minilm: MiniLM) -> None:
    with pytest.raises(InvalidArgument, match="question is blank"):
        answer_from(" ", PASSAGES, minilm)
    with pytest.raises(InvalidArgument, match="at least 1 sentence"):
        answer_from("Why?", PASSAGES, minilm, sentences_max=0)


def test_answering_can_be_cancelled(minilm: MiniLM) -> None:
    with pytest.raises(Cancelled):
        answer_from("Why?", PASSAGES, minilm, cancelled=lambda: True)
