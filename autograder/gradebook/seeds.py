"""The seed of each attempt: nobody can tell it, and what one attempt was asked tells no other."""

from __future__ import annotations

import hashlib
import hmac

CONFIRMING = 0  # the number that no attempt has
_BITS = 31  # as all seeds of drawn inputs have


def attempt_seed(secret: bytes, assignment: str, number: int) -> int:
    """The seed of everybody's attempt of one number: another number has other inputs.

    Students are asked alike, and a warm grader has few seeds to prepare. ``CONFIRMING`` is for the
    score that counts in the end: that of the same file with a seed of which no feedback has spoken.
    """
    words = "\0".join((assignment, str(number))).encode("utf-8", "surrogatepass")
    digest = hmac.new(secret, words, hashlib.sha256).digest()
    return int.from_bytes(digest[:8]) >> (64 - _BITS)
