"""docs/model-server.md leaves out no address, no option and no refusal of the model server."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from localops.ollama import server
from localops.ollama.options import Options

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "model-server.md").read_text(encoding="utf-8")
ADDRESSES = re.findall(r'Route\("(/[^"{]*)', Path(server.__file__).read_text(encoding="utf-8"))


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_is_on_the_page(address: str):
    assert re.search(rf"`(GET|POST) {address}[`<]", PAGE)


@pytest.mark.parametrize("option", [option.name for option in fields(Options)])
def test_every_option_is_on_the_page(option: str):
    assert f"`{option}`" in PAGE


@pytest.mark.parametrize(("asked", "words"), [(path, words) for (_, path), words in server.NOT_HERE.items()])
def test_every_refusal_is_on_the_page_in_its_own_words(asked: str, words: str):
    assert f"| `{asked.replace('{digest}', '<digest>')}` | 501 | `{words}` |" in PAGE
