"""`make check`: format, lint, bandit, types, the arrows between the rooms, migrations, and production's settings."""

from commands import BIN, NODE, Commands, python, run

PRODUCTION = {
    "DEBUG": "false",
    "SECRET_KEY": "for-this-check-only-0123456789-abcdefghijklmnopqrstuvwxyz",
    "ALLOWED_HOSTS": "aether.example.org",
    "DATABASE_URL": "sqlite:///:memory:",
}
DEVELOPMENT = {"DEBUG": "true", "SECRET_KEY": PRODUCTION["SECRET_KEY"], "DATABASE_URL": PRODUCTION["DATABASE_URL"]}
PRODUCT = ("realtime", "notifications", "aether", "manage.py")
"""What is deployed; tests and tools use passwords and run commands by their nature."""
COMMANDS: Commands = {
    "Python format": [str(BIN / "ruff"), "format", "--check", "--quiet", "."],
    "Python lint": [str(BIN / "ruff"), "check", "--quiet", "."],
    "Security lint": [str(BIN / "bandit"), "--quiet", "--configfile", "pyproject.toml", "--recursive", *PRODUCT],
    "Python types": [str(BIN / "mypy")],
    "Arrows between the rooms": [str(BIN / "lint-imports"), "--no-cache"],
    "JavaScript lint and format": [str(NODE / "biome"), "ci", "--colors=off"],
    "JavaScript types": [str(NODE / "tsc"), "--project", "tsconfig.json"],
    "Migrations": python("manage.py", "makemigrations", "--check", "--dry-run"),
}
DEPLOY = python("manage.py", "check", "--deploy", "--fail-level", "WARNING")


def main() -> None:
    """Run every check, and end with 1 where one failed."""
    failed = [name for name, command in COMMANDS.items() if not run(name, command, DEVELOPMENT)]
    if not run("Production settings", DEPLOY, PRODUCTION):
        failed.append("Production settings")
    if failed:
        raise SystemExit(f"make check failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
