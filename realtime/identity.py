"""A user, the audiences that they are in, and the credential that says so."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal

from django.contrib.auth.base_user import AbstractBaseUser

from realtime import memberships, topics

Kind = Literal["operator", "session", "token"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody says to be by: a session by its key, a token by its id, or the local operator.

    The key of a session is a secret; `repr` leaves it out, and `id` is fit for a log.
    """

    kind: Kind
    key: str = field(default="", repr=False)

    @property
    def id(self) -> str:
        """Name the credential without giving it away."""
        return hashlib.sha256(self.key.encode()).hexdigest()[:16] if self.kind == "session" else self.key

    @property
    def told(self) -> dict[str, Any]:
        """What the audit says of it: its kind, and which token it is."""
        return {"credential": self.kind} | ({"token": self.id} if self.kind == "token" else {})


OPERATOR: Final = Claim("operator")


@dataclass(frozen=True, slots=True)
class Credential:
    """A claim that was found true, and until when it holds; None is for good."""

    claim: Claim = OPERATOR
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, the audiences that they are in by topic, and the credential that says so."""

    user: AbstractBaseUser
    audiences: Mapping[str, frozenset[str]]
    credential: Credential = Credential()


def identity_of(user: AbstractBaseUser, credential: Credential) -> Identity:
    """Return *user* with their audiences on every topic. Queries the database, unless the groups were prefetched."""
    memberships.prefetch([user])
    return Identity(user, topics.audiences_of(user), credential)
