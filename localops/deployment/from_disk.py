"""Takes a project's actions from disk into service, at the start and after every change."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from localops.deployment.certificate import CertificateError
from localops.deployment.https_front import HttpsFront, http_server_of_this_machine
from localops.deployment.over_rest import Redeployment
from localops.deployment.registry import Registry
from localops.project.folder import Project
from localops.project.scan import Scan, scan
from localops.project.syntax import syntax_problem
from localops.project.variables import layers
from localops.runtime.runner import Runner

# In a cluster AUTH is never unset; where it is, an unquoted `$AUTH` takes the next word for its value.
NO_CREDENTIALS = "none:none"

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
        self.https_front: HttpsFront | None = None
        self.problems: list[str] = []
        self.syntax_problems: dict[str, str] = {}

    def refresh(self) -> None:
        """Bring what runs in line with what is on disk, and say what changed and what is wrong."""
        found = self.scan()
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

    def scan(self) -> Scan:
        """Look at the project; let the model server answer by https where an action asks for that."""
        variables = {name: each.value for name, each in layers(self.project, self.login).items()}
        found = scan(self.project, variables, self.model_over_https(variables))
        target = http_server_of_this_machine(variables)
        if self.https_front or not found.takes_https_for_granted or target is None:
            return found
        try:
            self.https_front = HttpsFront(target, self.project.private / "https")
        except CertificateError as error:
            found.problems.append(f"actions that call their model server by https will fail: {error}")
            return found
        self.runner.surroundings.update(self.https_front.certificate.trust_variables())
        return scan(self.project, variables, self.model_over_https(variables))

    def model_over_https(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The model server as an action finds it that takes https and credentials for granted."""
        if self.https_front is None:
            return {}
        return {"OLLAMA_HOST": self.https_front.address, "AUTH": variables.get("AUTH") or NO_CREDENTIALS}

    def check_syntax(self, path: str) -> None:
        action = self.registry.actions.get(path)
        problem = syntax_problem(action) if action else None
        self.syntax_problems.pop(path, None)
        if problem:
            self.syntax_problems[path] = problem
            log.warning(problem)
