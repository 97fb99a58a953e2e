"""How easy the tutor lines of an assignment are to read, and which words have a simpler one.

The measure is LIX: words in a sentence, and words of more than six letters in a hundred. Below 30
is easy, 40 is a newspaper, above 50 is difficult. It counts letters only, so it needs no dictionary
and holds for other languages than English too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

HARD = 45.0  # LIX above which a line should be written anew
# What a learner of English may not know, or knows with another meaning, and what to say instead.
SIMPLER = {
    "amend": "change",
    "anew": "again",
    "aught": "anything",
    "bears": "has",
    "beforehand": "before",
    "betwixt": "between",
    "commence": "begin",
    "dial": "setting",
    "ere": "before",
    "forthwith": "now",
    "furnish": "give",
    "hence": "so",
    "henceforth": "from now on",
    "herein": "here",
    "hitherto": "until now",
    "lest": "so that not",
    "mend": "fix",
    "mends": "fixes",
    "mended": "fixed",
    "nought": "nothing",
    "oft": "often",
    "riddle": "question",
    "shall": "will",
    "slip": "mistake",
    "slips": "mistakes",
    "thence": "from there",
    "thereby": "so",
    "therein": "in it",
    "thereof": "of it",
    "thus": "so",
    "upon": "on",
    "utilise": "use",
    "utilize": "use",
    "whence": "from where",
    "whereby": "by which",
    "wherein": "in which",
}
_CODE = re.compile(r"`[^`]*`")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_END = re.compile(r"[.!?:](?=\s|$)")


@dataclass(frozen=True)
class Readability:
    """What is known of the tutor lines of one assignment."""

    lines: int
    lix: float  # the mean of all lines
    hard: tuple[tuple[str, float], ...]  # lines above HARD, the hardest first
    words: tuple[tuple[str, str], ...]  # words that have a simpler one, with that


def readability(lines: Iterable[str]) -> Readability:
    """Measure some tutor lines; code in backticks counts as one short word."""
    texts = sorted(set(lines))
    measured = {text: lix(text) for text in texts}
    hard = [(text, value) for text, value in measured.items() if value > HARD]
    used = {word.lower() for text in texts for word in _WORD.findall(_CODE.sub("x", text))}
    return Readability(
        lines=len(texts),
        lix=sum(measured.values()) / max(len(texts), 1),
        hard=tuple(sorted(hard, key=lambda pair: -pair[1])),
        words=tuple((word, SIMPLER[word]) for word in sorted(used & {*SIMPLER})),
    )


def lix(text: str) -> float:
    """The LIX of a text; 0 where it has no word."""
    plain = _CODE.sub("x", text)
    words = _WORD.findall(plain)
    if not words:
        return 0.0
    long = sum(len(word) > 6 for word in words)
    return len(words) / max(len(_END.findall(plain)), 1) + 100 * long / len(words)
