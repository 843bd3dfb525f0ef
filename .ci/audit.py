"""Look the locked packages up among those with known vulnerabilities, and fail where one is found.

What cannot be looked up, because its data cannot be reached from here, is skipped with a word: a run must not
depend on the network. `requirements/*.txt` are looked up by pip-audit, `tests/package-lock.json` by npm.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
TIMEOUT_S = 300


@dataclass
class Report:
    """What was learnt about one lock file.

    Attributes:
        findings: a sentence for each package with a vulnerability.
        skipped: why it, or how much of it, could not be looked up.
    """

    findings: list[str] = field(default_factory=list)
    skipped: str = ""

    def lines(self, name: str) -> Iterator[str]:
        """Yield what a person is told."""
        yield from (f"{name}: VULNERABLE: {finding}" for finding in self.findings)
        if self.skipped:
            yield f"{name}: skipped: {self.skipped}"
        elif not self.findings:
            yield f"{name}: no known vulnerability"


def of_pip_audit(output: str, errors: str) -> Report:
    """Read what pip-audit printed with `--format json`; nothing, when it could not ask."""
    try:
        packages = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        return Report(skipped=_last_line(errors) or "pip-audit gave no result")
    findings = [
        f"{package['name']} {package['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for package in packages
        for vulnerability in package.get("vulns", [])
    ]
    unknown = [package for package in packages if "skip_reason" in package]
    skipped = f"{len(unknown)} of {len(packages)} packages: {unknown[0]['skip_reason']}" if unknown else ""
    return Report(findings, skipped)


def of_npm_audit(output: str, errors: str) -> Report:
    """Read what `npm audit --json` printed: the vulnerable packages, or why there is no answer."""
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        return Report(skipped=_last_line(errors) or "npm gave no result")
    if "vulnerabilities" not in answer:
        return Report(skipped=answer.get("message") or "npm gave no result")
    found = answer["vulnerabilities"].items()
    return Report([f"{name} {package['range']}: {package['severity']}" for name, package in found])


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def _run(*command: str | Path, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; one that takes too long counts as one that failed."""
    try:
        return subprocess.run(  # noqa: S603 - our own words
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, "", f"no answer came within {TIMEOUT_S} s")


def audit_python(folder: Path) -> dict[str, Report]:
    """Install pip-audit in a folder, and look up each lock file with it."""
    files = sorted((ROOT / "requirements").glob("*.txt"))
    venv.EnvBuilder(with_pip=True, symlinks=True).create(folder)
    python = folder / "bin" / "python"
    locked = ["--require-hashes", "-r", ROOT / "requirements" / "audit.txt"]
    installed = _run(python, "-m", "pip", "install", "--quiet", "--retries", "1", *locked)
    if installed.returncode:
        return {file.name: Report(skipped=_last_line(installed.stderr)) for file in files}
    command = [python, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format", "json"]
    command += ["--progress-spinner", "off", "-r"]
    return {
        file.name: of_pip_audit(done.stdout, done.stderr) for file in files for done in [_run(*command, file)]
    }


def main() -> int:
    """Print a line for each lock file, and return 1 when a package in one is vulnerable."""
    with tempfile.TemporaryDirectory() as folder:
        reports = audit_python(Path(folder))
    done = _run("npm", "audit", "--json", folder=ROOT / "tests")
    reports["package-lock.json"] = of_npm_audit(done.stdout, done.stderr)
    for name, report in reports.items():
        print(*report.lines(name), sep="\n", flush=True)  # noqa: T201 - what it is for
    return 1 if any(report.findings for report in reports.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
