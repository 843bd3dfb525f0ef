"""The answer to a login: the addresses and secrets of everything that a cluster would offer.

Every value is a text, and no name is the beginning of another one's. For what does not run here it gives
the project's own settings, or else an address that leads nowhere: a deployment breaks where one is not set.
Source: apache/openserverless-operator nuvolaris/{couchdb,endpoint,seaweedfs_deploy,postgres_operator,
milvus_standalone,mongodb}.py; apache/openserverless-cli auth/login.go.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from localops.access.credentials import Credentials
from localops.project.variables import Variable

# RFC 2606: names below `invalid` never exist.
NOWHERE = "not-in-localops.invalid"


def login_answer(credentials: Credentials, url: str, settings: Mapping[str, Variable]) -> dict[str, str]:
    """Return the answer to a login.

    Args:
        url: where this server answers, S3 too.
        settings: the project's own variables.
    """
    user = credentials.user
    address = urlsplit(url)
    elsewhere = {name: _set_or(settings, name, default) for name, default in _not_here(user).items()}
    return {
        "AUTH": credentials.auth,
        "USER_REST_API_URL": f"{url}/api/my",
        "USER_V1_API_URL": url,
        "STATIC_CONTENT_URL": url,
        "S3_PROVIDER": "localops",
        "S3_HOST": address.hostname or "",
        "S3_PORT": str(address.port),
        "S3_API_URL": url,
        "S3_CONSOLE_URL": url,
        "S3_ACCESS_KEY": user,
        "S3_SECRET_KEY": credentials.s3_secret_key,
        "S3_BUCKET_DATA": f"{user}-data",
        "S3_BUCKET_STATIC": f"{user}-web",
        **elsewhere,
    }


def _set_or(settings: Mapping[str, Variable], name: str, default: str) -> str:
    return settings[name].value if name in settings and settings[name].value else default


def _not_here(user: str) -> dict[str, str]:
    """Return the services of a cluster that localops does not run."""
    return {
        "POSTGRES_HOST": NOWHERE,
        "POSTGRES_PORT": "5432",
        "POSTGRES_DATABASE": user,
        "POSTGRES_USERNAME": user,
        "POSTGRES_PASSWORD": "none",
        "POSTGRES_URL": f"postgresql://{user}:none@{NOWHERE}:5432/{user}",
        "MONGODB_URL": f"mongodb://{user}:none@{NOWHERE}:27017/{user}",
        "MILVUS_HOST": NOWHERE,
        "MILVUS_PORT": "19530",
        "MILVUS_TOKEN": f"{user}:none",
        "MILVUS_DB_NAME": user,
    }
