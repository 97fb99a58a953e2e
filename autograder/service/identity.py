"""Who somebody is: signed sign-in links, sessions and notebook keys, which expire or are revoked.

Each holds the person's handle and epoch; to revoke somebody's is to raise the epoch. Nothing is
signed for two purposes: a notebook's key opens no page.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from itsdangerous import BadSignature, URLSafeTimedSerializer

from autograder.model import Person
from autograder.service.people import People

DAY = 24 * 60 * 60
LONGEST = 1_000  # letters of a token; ours have fewer


class Purpose(StrEnum):
    """What a token is for."""

    LINK = "sign-in link"
    SESSION = "session"
    NOTEBOOK = "notebook key"


_DAYS = {Purpose.LINK: 200, Purpose.SESSION: 14, Purpose.NOTEBOOK: 200}


@dataclass(frozen=True)
class Identity:
    """Signs tokens and reads them."""

    secret: str
    people: People

    def token(self, person: Person, purpose: Purpose) -> str:
        """A token of one person, for one purpose."""
        signed = self._signer(purpose).dumps([person.student, self.people.epoch(person.student)])
        return str(signed)

    def person(self, token: str, purpose: Purpose) -> Person | None:
        """Whose token it is; None where it is forged, expired, revoked or of a stranger."""
        if len(token) > LONGEST:
            return None
        try:
            handle, epoch = self._signer(purpose).loads(token, max_age=_DAYS[purpose] * DAY)
        except (BadSignature, ValueError, TypeError):
            return None
        person = self.people.find(handle)
        return person if person and self.people.epoch(handle) == epoch else None

    def _signer(self, purpose: Purpose) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(self.secret, salt=purpose)
