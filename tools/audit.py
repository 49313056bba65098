"""`make audit`: known vulnerabilities of what is installed; a package that could not be audited is a failure."""

import json
import re
import subprocess
from typing import Any

from commands import BIN, ROOT


def main() -> None:
    """Audit both lists of Python packages and npm's, and end with 1 where one of them is not clean."""
    problems = [*audit_python("requirements.txt"), *audit_python("requirements-dev.txt"), *audit_npm()]
    for problem in problems:
        print(problem)
    if problems:
        raise SystemExit(f"make audit failed: {len(problems)} problems")
    print("Everything was audited, and nothing is known to be vulnerable.")


def audit_python(requirements: str) -> list[str]:
    """Return the vulnerable and the unaudited packages of a requirements file."""
    command = [str(BIN / "pip-audit"), "--no-deps", "--disable-pip", "--format=json", "--progress-spinner=off"]
    print(f"── {requirements}", flush=True)
    # Its closing sentence would say that nothing is vulnerable, also where it looked at nothing.
    done = subprocess.run([*command, "-r", requirements], cwd=ROOT, check=False, capture_output=True, text=True)
    if not (packages := parsed(done.stdout).get("dependencies")):
        return [f"{requirements}: pip-audit gave no answer: {done.stderr.strip() or done.returncode}"]
    problems = unaudited(requirements, packages)
    for package in packages:
        problems += [f"{requirements}: {package['name']}: {known['id']}" for known in package.get("vulns", [])]
    return problems


def unaudited(requirements: str, packages: list[dict[str, Any]]) -> list[str]:
    """Return the packages that were skipped, under each reason once: many are skipped for the same one."""
    reasons: dict[str, list[str]] = {}
    for package in packages:
        if reason := package.get("skip_reason"):
            # pip-audit ends its sentence with the package; without that, equal reasons are equal.
            reasons.setdefault(re.sub(r": \S+ \(\S+\)$", "", reason), []).append(package["name"])
    return [f"{requirements}: {why}: {', '.join(names)}" for why, names in reasons.items()]


def audit_npm() -> list[str]:
    """Return the vulnerable npm packages, or that npm could not tell."""
    print("── package-lock.json", flush=True)
    done = subprocess.run(["npm", "audit", "--json"], cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
    answer = parsed(done.stdout)
    if "vulnerabilities" not in answer:
        return [f"package-lock.json: npm audit gave no answer: {answer.get('message') or done.returncode}"]
    return [f"package-lock.json: {name} is {found['severity']}" for name, found in answer["vulnerabilities"].items()]


def parsed(text: str) -> dict[str, Any]:
    """Return the JSON object that a tool printed, or an empty one."""
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


if __name__ == "__main__":
    main()
