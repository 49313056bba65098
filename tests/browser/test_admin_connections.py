"""The admin's page of connections, and a person whose page an administrator disconnects, in two browsers."""

import re

from playwright.sync_api import Browser, expect

from tests.browser.dashboard import log_in
from tests.conftest import StartServer

PEOPLE = """
from django.contrib.auth.models import Group, User
User.objects.create_superuser("root", password="quite-a-secret-1")
User.objects.create_user("bob", password="quite-a-secret-1").groups.add(Group.objects.get(name="Reader"))
"""
URL = "/admin/realtime/liveconnection/"


def test_an_administrator_sees_and_disconnects_a_page(browser: Browser, start_server: StartServer) -> None:
    """The page says who did it and stays away until "Retry now", misses nothing then, and others stay connected."""
    server = start_server(AUTH_ENABLED="true")
    server.python(PEOPLE)
    hers, his = browser.new_context(viewport={"width": 1400, "height": 900}), browser.new_context()
    try:
        root = log_in(hers.new_page(), server.url, "root", "quite-a-secret-1")
        bob = log_in(his.new_page(), server.url, "bob", "quite-a-secret-1")
        for dashboard in (root, bob):
            dashboard.expect_state("Connected")
        admin = hers.new_page()
        admin.goto(f"{server.url}{URL}")
        table = admin.get_by_test_id("connections")
        expect(table.locator("tbody tr")).to_have_count(2)
        row = table.get_by_role("row").filter(has=admin.get_by_role("rowheader", name="bob"))
        expect(row).to_contain_text("WebSocket")
        expect(row).to_contain_text("notifications")
        expect(row).to_contain_text("127.0.0.1")
        admin.get_by_label("User, address, topic or client id").fill("bob")
        admin.get_by_role("button", name="Search").click()
        expect(table.locator("tbody tr")).to_have_count(1)
        row.get_by_role("button", name=re.compile("Disconnect bob")).click()
        expect(admin.get_by_text("Disconnected 1 of 1: bob.")).to_be_visible()
        expect(admin.get_by_test_id("empty")).to_contain_text("Nobody who is connected matches")
        bob.expect_state("Not connected")
        expect(bob.page.get_by_test_id("connection-detail")).to_have_text("An administrator disconnected this page.")
        server.manage("notify", "Meanwhile", "m")
        root.expect_note("Meanwhile")
        root.expect_state("Connected")
        bob.page.get_by_role("button", name="Retry now").click()
        bob.expect_state("Connected")
        bob.expect_note("Meanwhile")
        admin.goto(f"{server.url}{URL}")
        expect(table.locator("tbody tr")).to_have_count(2)
    finally:
        hers.close()
        his.close()
