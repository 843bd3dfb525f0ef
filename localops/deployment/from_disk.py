"""Take a project's actions from disk into service, at the start and after every change."""

from __future__ import annotations

import logging

from localops.deployment.certificate import CertificateError
from localops.deployment.over_rest import Redeployment
from localops.deployment.registry import Registry
from localops.deployment.settings import Settings
from localops.project.folder import Project
from localops.project.scan import Scan, scan
from localops.project.syntax import syntax_problem
from localops.runtime.runner import Runner

_log = logging.getLogger("localops.deploy")


class Deployment:
    """A project, what of it is deployed, and what runs it.

    Args:
        settings: what the actions are given.

    Attributes:
        problems: what of the project cannot be deployed, in sentences.
        syntax_problems: by action, the first syntax error in its files.
    """

    def __init__(self, project: Project, settings: Settings, registry: Registry, runner: Runner) -> None:
        self.project = project
        self.settings = settings
        self.registry = registry
        self.runner = runner
        self.redeployment = Redeployment(project, registry, runner)
        self.problems: list[str] = []
        self.syntax_problems: dict[str, str] = {}

    def refresh(self) -> None:
        """Bring what runs in line with what is on disk, and report what changed and what is wrong."""
        found = self.look()
        if found.takes_https_for_granted:
            try:
                if self.settings.offer_https():
                    found = self.look()
            except CertificateError as error:
                found.problems.append(f"actions that call their model server by https will fail: {error}")
        self._take_over(found)

    def look(self) -> Scan:
        """Return what is on disk; nothing changes by it."""
        return scan(self.project, self.settings.values(), self.settings.values_over_https())

    def _take_over(self, found: Scan) -> None:
        changed = self.registry.deploy(found)
        self.runner.keep_only(self.registry)
        if changed:
            _log.info("deployed: %s", ", ".join(changed))
        for problem in found.problems:
            if problem not in self.problems:
                _log.warning("%s", problem)
        self.problems = found.problems
        for path in changed:
            self._check_syntax(path)

    def _check_syntax(self, path: str) -> None:
        action = self.registry.actions.get(path)
        problem = syntax_problem(action) if action else None
        self.syntax_problems.pop(path, None)
        if problem:
            self.syntax_problems[path] = problem
            _log.warning("%s", problem)
