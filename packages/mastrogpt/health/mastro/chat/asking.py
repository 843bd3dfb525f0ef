"""Ask a model server for a document, in a request that ends with the reply."""

from collections.abc import Callable
from typing import Any

from ..providers.exchange import Exchange, Patience
from ..providers.provider import Ask, Provider, Request

# Registers what ends a request when its reply ends.
OnEnd = Callable[[Callable[[], object]], object]


def asking(provider: Provider, on_end: OnEnd, patience: Patience | None = None) -> Ask:
    """Return what asks this provider."""

    def ask(request: Request) -> Any:
        exchange = Exchange(provider, request, patience)
        on_end(exchange.close)
        return exchange.document()

    return ask
