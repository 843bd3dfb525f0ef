"""The Python packages that the cloud's runtime has and this machine may lack.

An action may import them without asking for them in a `requirements.txt`. They are installed when an action
first needs them: together they are hundreds of megabytes, and most projects import two or three.
Source: apache/openserverless-runtimes runtime/python/v3.12/requirements.txt.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from localops.openwhisk.entities import Code
from localops.project.scan import files
from localops.reading import python_source

# Remembered, so that a cold start need not read them again.
_MAX_FILES = 4096

# By the module that an action imports, what pip calls it; versions are the current ones.
PACKAGES = {
    "auth0": "auth0-python",
    "bcrypt": "bcrypt",
    "boto3": "boto3",
    "botocore": "boto3",
    "bs4": "beautifulsoup4",
    "chess": "chess",
    "chevron": "chevron",
    "dateutil": "python-dateutil",
    "feedparser": "feedparser",
    "httplib2": "httplib2",
    "httpx": "httpx",
    "joblib": "joblib",
    "kafka": "kafka-python",
    "langchain": "langchain",
    "langchain_anthropic": "langchain-anthropic",
    "langchain_core": "langchain",
    "langchain_milvus": "langchain-milvus",
    "langchain_ollama": "langchain-ollama",
    "langchain_openai": "langchain-openai",
    "langchain_postgres": "langchain-postgres",
    "langchain_together": "langchain-together",
    "langdetect": "langdetect",
    "lightgbm": "lightgbm",
    "minio": "minio",
    "netifaces": "netifaces",
    "nltk": "nltk",
    "numpy": "numpy",
    "ollama": "ollama",
    "openai": "openai",
    "PIL": "pillow",
    "plotly": "plotly",
    "psycopg": "psycopg[binary]",
    "pymilvus": "pymilvus",
    "pymongo": "pymongo",
    "redis": "redis",
    "requests": "requests",
    "scrapy": "scrapy",
    "simplejson": "simplejson",
    "sklearn": "scikit-learn",
    "twisted": "twisted",
    "yaml": "pyyaml",
}


def missing_packages(code: Code) -> list[str]:
    """Return those that an action's files import and this Python lacks; sorted, each once."""
    sources = [file for file in files(code) if file.suffix == ".py"]
    wanted = {module for file in sources for module in _imported_modules(file, file.stat().st_mtime_ns)}
    own = {file.stem for file in sources}
    lacking = [
        module for module in wanted & PACKAGES.keys() - own if importlib.util.find_spec(module) is None
    ]
    return sorted({PACKAGES[module] for module in lacking})


@lru_cache(maxsize=_MAX_FILES)
def _imported_modules(file: Path, changed_ns: int) -> frozenset[str]:  # noqa: ARG001 - tells versions apart
    """Return the top names of what a file imports unconditionally; none of a file that is not Python."""
    try:
        return frozenset(_unconditional(python_source.parse(file)))
    except (SyntaxError, OSError):
        return frozenset()


def _unconditional(tree: ast.AST) -> Iterator[str]:
    """Yield the modules that are imported outside of `try`, inside which an action can do without."""
    waiting = [tree]  # not by recursion: a source may be nested as deeply as Python's stack allows
    while waiting:
        for child in ast.iter_child_nodes(waiting.pop()):
            yield from python_source.imported_names(child)
            if not isinstance(child, ast.Try):
                waiting.append(child)
