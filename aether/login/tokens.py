"""ID tokens: what makes one count (OpenID Connect Core 1.0, 3.1.3.7)."""

from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final

import jwt

from aether.login.failures import UNUSABLE, LoginFailed

ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""Signatures by the provider's own key alone: never none, and no secret that others share."""
LEEWAY: Final = 60
"""Seconds by which the clocks of the provider and of this machine may differ."""
REQUIRED: Final = ("iss", "sub", "aud", "exp", "iat")


def verified(token: str, keys: Mapping[str, Any], *, issuer: str, client_id: str) -> dict[str, Any]:
    """Return the claims of the ID *token*, which one of the provider's *keys* (a JWK set) must have signed.

    Raises: LoginFailed, with what is wrong.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            _key(token, keys),
            algorithms=list(ALGORITHMS),
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY,
            options={"require": list(REQUIRED)},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        reason = f"the ID token's time is not now ({error}). Compare this machine's clock with the provider's."
        raise LoginFailed(UNUSABLE, reason) from error
    except (jwt.PyJWTError, TypeError, ValueError) as error:  # The latter two: a key of another kind.
        raise LoginFailed(UNUSABLE, f"the ID token does not count ({type(error).__name__})") from error
    if claims.get("azp", client_id) != client_id:
        raise LoginFailed(UNUSABLE, "the ID token was made for another client (azp)")
    return claims


def check_nonce(claims: Mapping[str, Any], nonce: object) -> None:
    """Refuse an ID token that answers another login than the one that this browser began.

    Raises: LoginFailed.
    """
    answered = claims.get("nonce")
    if not (isinstance(nonce, str) and isinstance(answered, str) and compare_digest(nonce.encode(), answered.encode())):
        raise LoginFailed(UNUSABLE, "the ID token answers another login (nonce)")


def _key(token: str, keys: Mapping[str, Any]) -> Any:
    """Return the public key that *token* names; the only one of its set may go without a name."""
    name = jwt.get_unverified_header(token).get("kid")
    found = [key for key in jwt.PyJWKSet.from_dict(dict(keys)).keys if key.public_key_use in (None, "sig")]
    named = [key for key in found if key.key_id == name] if name is not None else found
    if len(named) != 1:
        raise LoginFailed(UNUSABLE, "the provider does not list the key that signed the ID token")
    return named[0].key
