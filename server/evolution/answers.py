"""What a chat model answered. It is not trusted: only a mapping of the columns that were asked about gets through,
and no message repeats it, for it may say anything. Pure."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from server.errors import AnswerUnusable
from server.evolution.asking import cast_types
from server.evolution.diff import Column
from server.evolution.rules import Rule
from server.evolution.subject import Subject
from server.evolution.types import comparable

CONFIDENCE_MAX = 0.75  # below what the rules give to names of the same words
ANSWER_CHARS_MAX = 200_000


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Choice(_Part):
    confidence: float = Field(ge=0, le=1, allow_inf_nan=False)


class Renamed(Choice):
    old: str
    new: str


class Cast(Choice):
    column: str
    type: str


class Dropped(Choice):
    column: str


class Answer(_Part):
    renames: tuple[Renamed, ...] = ()
    casts: tuple[Cast, ...] = ()
    adds: tuple[str, ...] = ()
    drops: tuple[Dropped, ...] = ()


def read_answer(text: str) -> Answer:
    """Raises AnswerUnusable."""
    if len(text) > ANSWER_CHARS_MAX:
        raise _unusable(f"has {len(text)} characters, {ANSWER_CHARS_MAX} are read")
    try:
        return Answer.model_validate_json(text)
    except ValidationError as error:
        raise _unusable(f"is not the JSON that was asked for ({error.error_count()} faults)") from None


def rules_of(answer: Answer, subject: Subject) -> list[Rule]:
    """The steps, without their effect: types first under the old names, and columns are added before others go. What
    the answer leaves open stays as the rules proposed it. Raises AnswerUnusable."""
    _check_names(answer, subject)
    renames = {rename.old: rename for rename in answer.renames}
    casts = {cast.column: cast for cast in answer.casts}
    arriving = _arriving_of(answer, subject)
    table = {column.name: column for column in subject.columns}
    for old in renames:
        if old not in casts and not comparable(table[old].type, arriving[old].type):
            raise _unusable("renames a column to one of a type that does not go together with its own")
    if not (renames or casts or answer.drops):
        raise _unusable("changes nothing but the columns that are added anyway")
    kept = [rule for rule in subject.rules if rule.kind in ("retype", "widen") and rule.column not in casts]
    taken = {rename.new for rename in answer.renames}
    return [
        *(_cast(cast, table[cast.column], arriving[cast.column]) for cast in answer.casts),
        *(rule for rule in kept if rule.kind == "retype"),
        *(_rename(rename, table[rename.old], subject.rules) for rename in answer.renames),
        *(rule for rule in kept if rule.kind == "widen"),
        *(Rule("add", column.name, column.type_text) for column in subject.added if column.name not in taken),
        *(_drop(drop, table[drop.column]) for drop in answer.drops),
    ]


def _check_names(answer: Answer, subject: Subject) -> None:
    """Every column is one that was asked about, on the side that it is on, and has one fate."""
    missing = {column.name for column in subject.missing}
    added = {column.name for column in subject.added}
    old = [rename.old for rename in answer.renames]
    new = [rename.new for rename in answer.renames]
    castable = {pair.table.name for pair in subject.retyped} | set(old)
    drops, casts = [drop.column for drop in answer.drops], [cast.column for cast in answer.casts]
    for names, known, what in (
        (old + drops, missing, "renames or drops a column that is none of the table's missing ones, or one twice"),
        ([*new, *answer.adds], added, "names an added column that the new data do not add, or one twice"),
        (casts, castable, "casts a column that is neither renamed nor of two types, or one twice"),
    ):
        if len(set(names)) != len(names) or not known.issuperset(names):
            raise _unusable(what)


def _arriving_of(answer: Answer, subject: Subject) -> dict[str, Column]:
    """The column of the new data by the name that the table has for it, of those that may be cast."""
    added = {column.name: column for column in subject.added}
    kept = {pair.table.name: pair.new for pair in subject.retyped}
    return kept | {rename.old: added[rename.new] for rename in answer.renames}


def _cast(cast: Cast, column: Column, new: Column) -> Rule:
    if cast.type not in cast_types(new) or cast.type == column.type_text:
        raise _unusable("casts a column to a type that it has, or that does not take the new data")
    return Rule("retype", column.name, column.type_text, cast.type, confidence=_bounded(cast))


def _rename(rename: Renamed, column: Column, rules: Iterable[Rule]) -> Rule:
    """What the rules found too is as likely as they say."""
    found = {(rule.column, rule.new_name): rule.confidence for rule in rules if rule.kind == "rename"}
    confidence = found.get((rename.old, rename.new), _bounded(rename))
    return Rule("rename", column.name, column.type_text, new_name=rename.new, confidence=confidence)


def _drop(drop: Dropped, column: Column) -> Rule:
    return Rule("drop", column.name, column.type_text, confidence=_bounded(drop))


def _bounded(choice: Choice) -> float:
    return round(min(choice.confidence, CONFIDENCE_MAX), 2)


def _unusable(why: str) -> AnswerUnusable:
    return AnswerUnusable(f"the model's answer {why}: nothing is proposed; call again, or set another chat_model")
