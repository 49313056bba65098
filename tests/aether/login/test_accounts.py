"""Tests of the accounts and roles of people who come from the provider."""

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from pytest_django.fixtures import Settings

from aether.login import accounts
from aether.login.failures import INACTIVE, NO_ROLE, LoginFailed
from tests.aether.login.conftest import Visitor
from tests.notifications.conftest import make_roles
from tests.support.openid import OpenIdProvider

pytestmark = pytest.mark.django_db
ISSUER = "https://id.example.org"


@pytest.fixture(autouse=True)
def mapped(settings: Settings, db: None) -> None:
    """Three groups of the provider have a role."""
    make_roles()
    settings.OIDC_ROLES = {"admins": "Admin", "desk": "Writer", "staff": "Reader"}
    settings.OIDC_ROLES_CLAIM, settings.OIDC_DEFAULT_ROLE = "groups", ""


def admit(subject: str = "s-1", issuer: str = ISSUER, **claims: object) -> User:
    """Admit *subject*, who is in the group `staff` unless *claims* say otherwise."""
    return accounts.admit(issuer, {"sub": subject, "groups": ["staff"], **claims})


def roles(user: User) -> set[str]:
    """Return the names of the user's groups, as the database has them."""
    return set(User.objects.get(pk=user.pk).groups.values_list("name", flat=True))


@pytest.mark.parametrize(
    ("claim", "value", "expected"),
    [
        ("groups", ["staff"], {"Reader"}),
        ("groups", ["desk", "unknown", 7, None], {"Writer"}),
        ("groups", ["admins", "staff"], {"Admin", "Reader"}),
        ("groups", "desk", {"Writer"}),
        ("roles", {"desk": {"org": 1}}, {"Writer"}),
    ],
)
def test_claims_become_roles(settings: Settings, claim: str, value: object, expected: set[str]) -> None:
    """A list, one text and an object's keys are values; those that are mapped bring their roles, others nothing."""
    settings.OIDC_ROLES_CLAIM = claim
    assert roles(admit(**{"groups": [], claim: value})) == expected


@pytest.mark.parametrize(
    ("name", "claims"),
    [
        ("realm_access.roles", {"realm_access": {"roles": ["desk"]}}),
        ("https://example.org/roles", {"https://example.org/roles": ["desk"]}),
    ],
)
def test_claim_may_be_inside_another(settings: Settings, name: str, claims: dict[str, object]) -> None:
    """A name with dots is a claim's own name where there is one, and a path otherwise."""
    settings.OIDC_ROLES_CLAIM = name
    assert roles(admit(**claims)) == {"Writer"}


def test_admin_opens_the_admin(settings: Settings) -> None:
    """The role Admin makes somebody staff, and its loss takes that away; a superuser is never made."""
    user = admit(groups=["admins"])
    assert (user.is_staff, user.is_superuser) == (True, False)
    user = admit(groups=["desk"])
    assert (user.is_staff, roles(user)) == (False, {"Writer"})


def test_lost_claims_take_the_roles_and_the_way_in() -> None:
    """Whoever is in no mapped group any more loses every role, and is not let in; other groups stay theirs."""
    user = admit(groups=["admins"])
    user.groups.add(Group.objects.create(name="on call"))
    with pytest.raises(LoginFailed) as failed:
        admit(groups=["elsewhere"])
    assert failed.value.page is NO_ROLE
    assert roles(user) == {"on call"}
    assert not User.objects.get(pk=user.pk).is_staff


@pytest.mark.parametrize("claims", [{"groups": []}, {"groups": None}, {"groups": 7}, {"groups": ["Admin"]}])
def test_nobody_without_a_role_gets_an_account(claims: dict[str, object]) -> None:
    """No account is created for whoever has no role; with a mapping of one's own, a role's name is no value."""
    with pytest.raises(LoginFailed):
        admit(**claims)
    assert not User.objects.exists()


def test_default_role_lets_everyone_in(settings: Settings) -> None:
    """With a default role whoever has no other gets that one."""
    settings.OIDC_DEFAULT_ROLE = "Reader"
    assert roles(admit(groups=[])) == {"Reader"}
    assert roles(admit(groups=["desk"])) == {"Writer"}


def test_same_subject_is_the_same_account() -> None:
    """A person stays the same under a new name, and another issuer's subject of that number is another person."""
    user = admit(preferred_username="ann")
    again = admit(preferred_username="anna", given_name="Anna")
    assert (again.pk, again.username, again.first_name) == (user.pk, "ann", "Anna")
    assert admit(issuer="https://other.example.org").pk != user.pk
    assert admit(subject="s-2").pk != user.pk


@pytest.mark.parametrize("taken", ["root", "ROOT", "root@example.org"])
def test_local_account_is_never_taken_over(taken: str) -> None:
    """A name or an address that a local account has leads to an account of its own, beside that one."""
    root = User.objects.create_superuser(taken, email="root@example.org", password="kept")
    user = admit(preferred_username="root", email="root@example.org", email_verified=True)
    assert user.pk != root.pk
    assert not user.is_superuser
    assert not user.has_usable_password()
    root.refresh_from_db()
    assert (root.check_password("kept"), root.groups.count()) == (True, 0)


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"preferred_username": "ann"}, "ann"),
        ({"preferred_username": "Ann Lee/x"}, "Ann-Lee-x"),
        ({"preferred_username": "   ", "email": "ann@example.org"}, "ann@example.org"),
        ({"preferred_username": 7}, "s-1"),
        ({"preferred_username": "x" * 300}, "x" * 150),
        ({"preferred_username": "operator"}, "operator-2"),
        ({"preferred_username": "Operator"}, "Operator-2"),
    ],
)
def test_name_of_a_new_account(claims: dict[str, object], name: str) -> None:
    """The name is the person's own as far as it can be one, and never that of the local operator."""
    assert admit(**claims).username == name


def test_names_that_are_taken_get_a_number() -> None:
    """Several people of one name get accounts of their own."""
    names = [admit(subject=f"s-{number}", preferred_username="x" * 150).username for number in range(3)]
    assert names == ["x" * 150, "x" * 148 + "-2", "x" * 148 + "-3"]


def test_closed_account_stays_closed() -> None:
    """Whoever was deactivated here is not let in by the provider."""
    User.objects.filter(pk=admit().pk).update(is_active=False)
    with pytest.raises(LoginFailed) as failed:
        admit()
    assert failed.value.page is INACTIVE


def test_login_that_changes_nothing_writes_no_account(django_assert_max_num_queries) -> None:
    """The second login of an unchanged person reads three times, inside one savepoint."""
    admit(given_name="Ann")
    with django_assert_max_num_queries(6) as found:
        admit(given_name="Ann")
    assert [query["sql"] for query in found if query["sql"].startswith(("UPDATE", "INSERT", "DELETE"))] == []


def test_roles_change_with_each_login(visitor: Visitor, second: Visitor, provider: OpenIdProvider) -> None:
    """Over the wire: the claims of each login decide, up to the page that says that there is no role any more."""
    provider.person("w-1", preferred_username="wim", groups=["admins"])
    assert visitor.log_in("w-1").status_code == 302
    assert visitor.client.get("/admin/").status_code == 200
    provider.person("w-1", preferred_username="wim", groups=[])
    page = second.log_in("w-1")
    assert (page.status_code, "You have no role here" in page.text) == (403, True)
    assert second.username() is None
    assert visitor.client.get("/admin/").status_code == 302
    assert visitor.client.get("/api/v1/notifications").status_code == 200


def test_session_ends_in_time(visitor: Visitor, provider: OpenIdProvider) -> None:
    """The session lasts half a day, after which the provider is asked for the roles again."""
    provider.person("w-2", groups=["staff"])
    cookie = visitor.log_in("w-2").headers["Set-Cookie"]
    assert f"Max-Age={settings.OIDC_SESSION_AGE}" in cookie or f"Max-Age={settings.OIDC_SESSION_AGE - 1}" in cookie
