"""Finds the sentences of a text, for the chunker and for extractive answers.

Rules, no model: fast enough for a whole dataset and the same everywhere. Where the rules are unsure they keep text
together, as half a sentence reads worse than two.
"""

# ruff: noqa: RUF001 - the marks of other scripts are meant

import re

_CLOSERS = r"[\"'”’»)\]}]"

# Where a sentence may end. Repetitions are possessive and start only where a run starts, so that no text, however
# made, takes more than linear time.
_END = re.compile(
    rf"(?<![.!?…])[.!?…]++{_CLOSERS}*+(?=\s)"  # a stop needs white space after it: 3.14 and a.b.c have none
    r"|[。！？｡]++[」』”’）]*+"  # Chinese and Japanese write no white space after a stop
    r"|\n"
)
_BLANK_LINE = re.compile(r"[^\S\n]*+\n")
# A line that starts like this is no continuation of a wrapped sentence: list items, headings, quotes, table rows, code.
_NEW_LINE = re.compile(r"[^\S\n]*+(?:[-*+•‣–—][^\S\n]|\d{1,3}[.)][^\S\n]|#{1,6}[^\S\n]|[>|`~}]|@\w)|\t|[ ]{4}")
_VISIBLE = re.compile(r"\S")
_OPENERS = "([{\"'“‘«"
_ABBREVIATION_CHARS_MAX = 12

# Lower case, without the last dot. The names say when a dot after such a word ends no sentence.
_ALWAYS_INSIDE = frozenset(
    "mr mrs ms mx dr prof rev hon gen col maj capt lt sgt st vs viz cf e.g i.e eg ie al ca approx resp messrs gov sen "
    "rep supt dept univ assn bros".split()
)
_INSIDE_BEFORE_DIGIT = frozenset(
    "no nos nr fig figs vol p pp sec ch art eq tab ver v max min "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_INSIDE_BEFORE_LOWER = frozenset("etc inc ltd corp co jr sr a.m p.m am pm ed eds est ave blvd rd".split())


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Return the (start, end) of each sentence, in order, without the white space around it.

    Every character that is not white space is in exactly one span. Headings, list items and lines of code come out
    as sentences of their own.
    """
    spans: list[tuple[int, int]] = []
    start = skip_space(text, 0)
    for match in _END.finditer(text):
        end = match.end()
        if end <= start or not _ends_sentence(text, start, match):
            continue
        stop = end - 1 if text[end - 1] == "\n" else end
        spans.append((start, start + len(text[start:stop].rstrip())))
        start = skip_space(text, end)
    if start < len(text):
        spans.append((start, start + len(text[start:].rstrip())))
    return spans


def skip_space(text: str, position: int) -> int:
    """Return where the next character that is not white space stands, or the length of the text."""
    match = _VISIBLE.search(text, position)
    return match.start() if match else len(text)


def _ends_sentence(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether the sentence that starts at `start` ends with `match`, a stop or a line break."""
    at = match.start()
    if text[at] == "\n":
        return _line_ends(text, start, at)
    if text[at] in "。！？｡":
        return True
    place = skip_space(text, match.end())
    following = text[place : place + 1]
    if match.group().startswith(".") and not match.group().startswith(".."):
        return _dot_ends(text, start, at, following)
    return not following.islower()  # "Really?" she asked


def _line_ends(text: str, start: int, at: int) -> bool:
    """Whether the line break at `at` ends a sentence: wrapped prose goes on, structure doesn't."""
    last = text[at - 2] if text[at - 1] == "\r" else text[at - 1]
    return (
        text[start] in "#|"
        or last in (":", ";", "{", "}")
        or _BLANK_LINE.match(text, at + 1) is not None
        or _NEW_LINE.match(text, at + 1) is not None
    )


def _dot_ends(text: str, start: int, at: int, following: str) -> bool:
    """Whether the single dot at `at` ends a sentence, and not an abbreviation, an initial or a list number."""
    before = text[max(start, at - _ABBREVIATION_CHARS_MAX) : at]
    if before[-1:].isspace():
        return True
    word = before.split()[-1].lstrip(_OPENERS) if before else ""
    lower = word.lower()
    if lower in _INSIDE_BEFORE_DIGIT:
        return not following.isdigit()
    if lower in _INSIDE_BEFORE_LOWER:
        return not following.islower()
    if lower in _ALWAYS_INSIDE or _is_initials(word):
        return False
    if word.isdigit() and at - len(word) == start:
        return False
    return not following.islower() or len(word) > 3


def _is_initials(word: str) -> bool:
    """Whether a dot follows initials: J, J.R.R or U.S, but not the pronoun I."""
    return word != "I" and word != "" and all(len(part) == 1 and part.isalpha() for part in word.split("."))
