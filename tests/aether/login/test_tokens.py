"""Tests of which ID tokens count, with keys of our own."""

import json
import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from aether.login import tokens
from aether.login.failures import LoginFailed

ISSUER, CLIENT = "https://id.example.org", "aether"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())


def jwk(key: Any, kid: str | None = "one") -> dict[str, Any]:
    """Return the public half of *key* as a provider lists it, without the optional `alg`."""
    algorithm = jwt.algorithms.RSAAlgorithm if key is RSA else jwt.algorithms.ECAlgorithm
    listed = json.loads(algorithm.to_jwk(key.public_key())) | {"use": "sig"}
    return listed | ({"kid": kid} if kid else {})


def token(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "one", **claims: Any) -> str:
    """Return a token that is fine but for *claims*; None leaves one out."""
    now = int(time.time())
    body = {"iss": ISSUER, "sub": "s", "aud": CLIENT, "iat": now, "exp": now + 300} | claims
    kept = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": kid} if kid else None)


def verified(text: str, *keys: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of the token."""
    return tokens.verified(text, {"keys": list(keys or (jwk(RSA),))}, issuer=ISSUER, client_id=CLIENT)


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (RSA, "RS512"), (RSA, "PS256"), (EC, "ES256")])
def test_signature_of_a_listed_key_counts(key: Any, algorithm: str) -> None:
    """A token counts with any public-key signature by the key that it names."""
    assert verified(token(key, algorithm), jwk(key), jwk(RSA, "other"))["sub"] == "s"


def test_only_key_needs_no_name() -> None:
    """Where the provider has one key, neither it nor the token has to name it."""
    assert verified(token(kid=None), jwk(RSA, None))["sub"] == "s"


@pytest.mark.parametrize("late", [-50, 50])
def test_clocks_may_differ_a_little(late: int) -> None:
    """A provider whose clock is up to a minute off is understood."""
    now = int(time.time()) + late
    assert verified(token(iat=now, nbf=now, exp=now + 1 if late > 0 else now + 20))["sub"] == "s"


@pytest.mark.parametrize(("iat", "exp"), [(-900, -600), (600, 900)])
def test_clocks_that_differ_more_are_named(iat: int, exp: int) -> None:
    """A token of another time is refused, and the reason tells to compare the clocks."""
    now = int(time.time())
    with pytest.raises(LoginFailed, match="Compare this machine's clock with the provider's"):
        verified(token(iat=now + iat, exp=now + exp))


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"}, {"iss": None}, {"aud": "another"}, {"aud": None}, {"sub": None}, {"exp": None},
        {"aud": ["another", "third"]}, {"aud": [CLIENT, "another"], "azp": "another"},
    ],
)  # fmt: skip
def test_claims_of_somebody_else_are_refused(claims: dict[str, Any]) -> None:
    """Another issuer, another audience, another client, or a claim that is missing: the token does not count."""
    with pytest.raises(LoginFailed):
        verified(token(**claims))


def test_public_key_is_no_shared_secret() -> None:
    """A token signed with the public key as if it were a secret does not count (algorithm confusion)."""
    forged = token("x" * 32, "HS256")
    with pytest.raises(LoginFailed, match="InvalidAlgorithmError"):
        verified(forged)


@pytest.mark.parametrize("key", [RSA, EC])
def test_key_of_another_kind_is_refused(key: Any) -> None:
    """A token whose algorithm does not belong to the key that it names does not count, and is no server error."""
    other, algorithm = (EC, "ES256") if key is RSA else (RSA, "RS256")
    with pytest.raises(LoginFailed, match="does not count"):
        verified(token(other, algorithm), jwk(key))


@pytest.mark.parametrize("nonce", ["other", "", None, 7, "nöß"])
def test_nonce_must_be_ours(nonce: object) -> None:
    """Only the very nonce of the request is an answer to it; none at all is none."""
    tokens.check_nonce({"nonce": "ours"}, "ours")
    for claims in ({"nonce": nonce}, {}):
        with pytest.raises(LoginFailed, match="nonce"):
            tokens.check_nonce(claims, "ours")
    with pytest.raises(LoginFailed, match="nonce"):
        tokens.check_nonce({}, None)
