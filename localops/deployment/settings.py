"""The values that a project's actions are given besides what callers send: decided here, nowhere else.

These are the values of the variables that their `#--` lines name, and the variables of their processes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from localops.deployment.https_front import HttpsFront, http_server_of_this_machine
from localops.openwhisk.namespace import USER
from localops.project.folder import Project
from localops.project.variables import Variable, layers

# In a cluster AUTH is never unset; where it is, an unquoted `$AUTH` takes the next word for its value.
_NO_CREDENTIALS = "none:none"


class Settings:
    """The settings of one project, always as they are now.

    Args:
        login: returns the variables that this server gives out as a cluster does at login.
    """

    def __init__(self, project: Project, login: Callable[[], Mapping[str, str]]) -> None:
        self._project = project
        self._login = login
        self._https_front: HttpsFront | None = None

    @property
    def login(self) -> Mapping[str, str]:
        """The variables that a login gives."""
        return self._login()

    def variables(self) -> dict[str, Variable]:
        """Return the variables that `#--` lines can name, each with the layer that set it."""
        return layers(self._project, self._login())

    def values(self) -> dict[str, str]:
        """Return the values of `variables`."""
        return {name: each.value for name, each in self.variables().items()}

    def values_over_https(self) -> dict[str, str]:
        """Return what is different for an action that takes https and credentials for granted."""
        if self._https_front is None:
            return {}
        auth = self.values().get("AUTH") or _NO_CREDENTIALS
        return {"OLLAMA_HOST": self._https_front.address, "AUTH": auth}

    def process_variables(self) -> dict[str, str]:
        """Return what the process of every action has in its environment."""
        return self._https_front.certificate.trust_variables() if self._https_front else {}

    def offer_https(self) -> bool:
        """Let a model server here that speaks http also answer by https; return whether that is new.

        Raises:
            CertificateError: there is no certificate and none can be made.
        """
        target = http_server_of_this_machine(self.values())
        if self._https_front or target is None:
            return False
        self._https_front = HttpsFront(target, self._project.private / "https")
        return True


def login_variables(login: Mapping[str, str], url: str, model: Mapping[str, str]) -> dict[str, str]:
    """Return what a login to a cluster would put into the configuration; it beats every `.env` file.

    All but AUTH: in a cluster the OpenWhisk key so hides the AUTH of a project's `.env`, which is meant for
    the model server, and goes to that server.

    Args:
        login: what a login to this server gives.
        url: where this server answers.
        model: what leads to the model server.
    """
    return {
        **{name: value for name, value in login.items() if name != "AUTH"},
        "OPSDEV_USERNAME": USER,
        "OPSDEV_APIHOST": url,
        "OPSDEV_HOST": url,
        "OPSDEV_STREAM": url,
        "OPSDEV_S3": url,
        **model,
    }
