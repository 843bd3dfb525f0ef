"""Takes a project's actions from disk into service, at the start and after every change."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from localops.deployment.over_rest import Redeployment
from localops.deployment.registry import Registry
from localops.project.folder import Project
from localops.project.scan import scan, syntax_problem
from localops.project.variables import layers
from localops.runtime.runner import Runner

log = logging.getLogger("localops.deploy")


class Deployment:
    """A project, what of it is deployed, and what runs it.

    Args:
        login: the variables that this server gives out as a cluster does at login.

    Attributes:
        problems: what of the project cannot be deployed, in sentences.
        syntax_problems: by action, the first syntax error in its files.
    """

    def __init__(
        self, project: Project, login: Mapping[str, str], registry: Registry, runner: Runner
    ) -> None:
        self.project = project
        self.login = login
        self.registry = registry
        self.runner = runner
        self.redeployment = Redeployment(project, registry, runner)
        self.problems: list[str] = []
        self.syntax_problems: dict[str, str] = {}

    def refresh(self) -> None:
        """Bring what runs in line with what is on disk, and say what changed and what is wrong."""
        variables = layers(self.project, self.login)
        found = scan(self.project, {name: variable.value for name, variable in variables.items()})
        changed = self.registry.deploy(found)
        self.runner.keep_only(self.registry)
        if changed:
            log.info("deployed: %s", ", ".join(changed))
        for problem in found.problems:
            if problem not in self.problems:
                log.warning(problem)
        self.problems = found.problems
        for path in changed:
            self.check_syntax(path)

    def check_syntax(self, path: str) -> None:
        action = self.registry.actions.get(path)
        problem = syntax_problem(action) if action else None
        self.syntax_problems.pop(path, None)
        if problem:
            self.syntax_problems[path] = problem
            log.warning(problem)
