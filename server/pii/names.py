"""What the name of a column, or its path, says about the kind of its values."""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

from server.pii.hints import HINTS, VERSIONS, Words
from server.pii.kinds import Kind

STRONG, WEAK = 1.0, 0.5
PARTS_JOINED_MAX = 4  # neighbouring parts that may make one word
KNOWN_MAX = 4096  # names whose hints are remembered

_WORD = re.compile(r"[^\W\d_]+|\d+")
_CAMEL = re.compile(r"(?<=[^\W\dA-Z_])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def parts(name: str) -> list[str]:
    """The words of a name, in lower case and without accents: `homePhone_nr` has home, phone and nr."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    plain = "".join(character for character in plain if not unicodedata.combining(character))
    return [part.lower() for word in _WORD.findall(plain) for part in _CAMEL.split(word)]


@lru_cache(KNOWN_MAX)
def hints(names: tuple[str, ...]) -> dict[Kind, float]:
    """What the names say, outermost first: kind → STRONG or WEAK. What only an outer one says is weak, as for the
    number in `phones[].number`; the inner ones decide against a kind too."""
    found: dict[Kind, float] = {}
    for name in reversed(names):
        told = _of_one(name)
        for kind, strength in told.items():
            if kind not in found:
                found[kind] = strength if name is names[-1] else WEAK
        if told:
            break
    own = set(parts(names[-1]))
    return {kind: strength for kind, strength in found.items() if not own & HINTS[kind].against}


def denied(names: tuple[str, ...]) -> frozenset[Kind]:
    """Kinds that values of this name are not, whatever they look like."""
    return frozenset({"ip"}) if VERSIONS & set(parts(names[-1])) else frozenset()


def _of_one(name: str) -> dict[Kind, float]:
    single = parts(name)
    joined = {
        "".join(single[start : start + count])
        for count in range(1, PARTS_JOINED_MAX + 1)
        for start in range(len(single) - count + 1)
    }
    joined |= {word.removesuffix("s") for word in joined if len(word) > 3}
    found = ((kind, _strength(words, single, joined)) for kind, words in HINTS.items())
    return {kind: strength for kind, strength in found if strength}


def _strength(words: Words, single: Sequence[str], joined: set[str]) -> float:
    if words.strong & joined or any(part.startswith(words.inside) or part.endswith(words.inside) for part in single):
        return STRONG
    return WEAK if words.weak & joined else 0.0
