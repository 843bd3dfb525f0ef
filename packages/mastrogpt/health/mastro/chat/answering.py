"""Have a question answered: by the first of several models that can."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from ..providers.answer import Answer
from ..providers.configured import Providers
from ..providers.errors import Kind, ModelError
from ..providers.exchange import Exchange, Patience
from ..providers.provider import Message, Provider, Question
from ..providers.reasoning import OUTPUT, Piece
from ..streaming.reply import Reply
from .asking import asking
from .route import Candidate, fallback_after_s

if TYPE_CHECKING:
    from .health import Health

CONNECT_S = 3.0
# After the end of the text, for the figures.
FIGURES_S = 1.0
SWITCHING: tuple[Kind, ...] = ("key", "missing", "busy", "down", "context")
NOTHING_SAID = "The model returned an empty answer: ask in other words."
CUT_OFF = "The model server ended the answer before it was whole: ask again."
NO_MODEL = "No model is chosen for {title}: set MODEL, or type @ to choose one."
FILTERED = "content_filter"
ALL_FILTERED = "The content filter lets nothing of the answer pass: ask in other words."
INSTEAD = "({failures} {title} answers.)\n\n"
TOO_LONG = "too long for {title}:"
FAILED = "{name} {brief}."


class Asked(NamedTuple):
    """What is asked of one candidate.

    Attributes:
        messages: as many as it can take.
        note: what the person is to know about them, before the answer; "" for nothing.
    """

    messages: list[Message]
    note: str = ""


# What to ask a provider's model, which it may have to be asked about first.
Fit = Callable[[Provider, str], Asked]


class Answering:
    """One question, and who answers it.

    Args:
        fit: what to ask whom.
        options: how to answer.

    Attributes:
        model: whole name of the model that was asked last.
        provider: its provider.
        asked: who was asked before, and why not them.
        ignored: the options that the one who answers does not have.
    """

    def __init__(
        self,
        args: Mapping[str, Any],
        providers: Providers,
        reply: Reply,
        fit: Fit,
        options: Mapping[str, Any],
    ) -> None:
        self.provider = self.model = ""
        self.asked: list[dict[str, str]] = []
        self.ignored: tuple[str, ...] = ()
        self._fit = fit
        self._options = options
        self._args = args
        self._providers = providers
        self._reply = reply
        self._answer: Answer | None = None
        self._errors: list[tuple[bool, ModelError]] = []
        self._has_begun = False

    def pieces(self, candidates: Sequence[Candidate]) -> Generator[Piece]:
        """Yield the answer of the first candidate that gives one.

        The next one is asked only while nothing has been said, and never when the reply has ended.

        Raises:
            ModelError: nobody answers, or somebody not to the end.
        """
        health = self._health() if len(candidates) > 1 else None
        waiting = self._in_order(candidates, health)
        while waiting:
            candidate, *waiting = waiting
            try:
                yield from self._of(candidate, has_next=bool(waiting))
            except ModelError as error:
                self._note(candidate, error, health)
                if self._has_begun or error.kind not in SWITCHING or self._reply.ended:
                    raise self._all(error) from error
                if not waiting:
                    raise self._all(error) from error
            else:
                if health:
                    health.answered(candidate.provider, candidate.title)
                return

    def figures(self) -> dict[str, Any]:
        """Return what the server counted, and who answered in place of whom."""
        figures = self._answer.figures() if self._answer else {}
        more: dict[str, Any] = {"provider": self.provider}
        if self.asked:
            more["asked"] = self.asked
        if self.ignored:
            more["ignored"] = list(self.ignored)
        return {**figures, **more}

    def _health(self) -> "Health":
        from .health import Health  # only a fallback needs it, and a cold process starts sooner

        return Health(self._args)

    def _in_order(self, candidates: Sequence[Candidate], health: "Health | None") -> list[Candidate]:
        """Put those that rest last; who rests is still asked when nobody else answers."""
        if health is None:
            return list(candidates)
        found = health.look([name for each in candidates for name in (each.provider, each.title)])
        reasons = {each: found.get(each.title) or found.get(each.provider, "") for each in candidates}
        resting = {each: why for each, why in reasons.items() if why}
        awake = [candidate for candidate in candidates if candidate not in resting]
        if awake:
            for candidate in candidates[: candidates.index(awake[0])]:
                self._skipped(candidate, resting[candidate])
        return [*awake, *resting]

    def _of(self, candidate: Candidate, *, has_next: bool) -> Generator[Piece]:
        """Yield one candidate's answer, asked a second time where the provider knows how to help."""
        provider = self._providers.get(candidate.provider)
        model = candidate.model or self._default_model(provider)
        self.provider, self.model = candidate.provider, model
        asked = self._fit(provider, model)
        question = Question(model, asked.messages, self._options)
        patience = Patience(CONNECT_S, fallback_after_s(self._args)) if has_next else Patience()
        try:
            yield from self._ask(provider, question, asked.note, patience)
        except ModelError as error:
            if self._has_begun or self._reply.ended:
                raise
            again = provider.remedy(error, question, asking(provider, self._reply.on_end))
            if again is None:
                raise
            yield from self._ask(provider, again, asked.note, patience)

    def _ask(self, provider: Provider, question: Question, note: str, patience: Patience) -> Generator[Piece]:
        request = provider.chat(question)
        self.ignored = request.ignored
        answer = self._answer = Answer(provider.wire())
        has_spoken = False
        for piece in self._read(Exchange(provider, request, patience), answer):
            if not self._has_begun:
                self._begin(note)
            has_spoken = has_spoken or piece[0] == OUTPUT
            yield piece
        if not answer.is_whole:
            raise ModelError(CUT_OFF, "down", brief="ended the answer before it was whole")
        if not has_spoken and answer.figures()["done_reason"] == FILTERED:
            raise ModelError(ALL_FILTERED, "filter")
        if not has_spoken:
            raise ModelError(NOTHING_SAID, "down", brief="returned an empty answer")

    def _read(self, exchange: Exchange, answer: Answer) -> Generator[Piece]:
        self._reply.on_end(exchange.close)
        try:
            with closing(exchange.batches()) as batches, closing(self._reply.paced(batches)) as paced:
                for lines in paced:
                    heard = answer.heard
                    yield from answer.read(lines)
                    if answer.is_over:
                        break
                    if answer.is_whole:
                        exchange.has_said(FIGURES_S)
                    elif answer.heard != heard:
                        exchange.has_said()
        except ModelError:
            # The text is whole; only its figures did not come.
            if not answer.is_whole:
                raise
        yield from answer.end()

    def _begin(self, note: str) -> None:
        """Say, once there is an answer, who gives it in place of whom, and what it does not know."""
        self._has_begun = True
        if self.asked:
            title = self._providers.full_name(self.provider, self.model)
            failures = " ".join(each["said"] for each in self.asked)
            self._reply.write(INSTEAD.format(failures=failures, title=title))
        if note:
            self._reply.write(note)

    def _default_model(self, provider: Provider) -> str:
        if provider.default_model:
            return provider.default_model
        if provider.is_local:
            # Costs nothing to guess: what runs here is what the person has started.
            known = provider.models(asking(provider, self._reply.on_end))
            if known:
                return known[0]
        raise ModelError(NO_MODEL.format(title=provider.title), "missing", brief="has no model chosen")

    def _note(self, candidate: Candidate, error: ModelError, health: "Health | None") -> None:
        # A server may repeat a key that it was sent.
        error.brief = self._providers.hide(error.brief)
        is_local = candidate.provider == self._providers.local()
        self._errors.append((is_local, error))
        if error.kind == "context":
            said = TOO_LONG.format(title=f"{candidate.provider}/{self.model}")
        else:
            said = FAILED.format(name=candidate.provider, brief=error.brief)
        if error.kind in SWITCHING and not self._has_begun:
            self.asked.append({"provider": candidate.provider, "kind": error.kind, "said": said})
            if health:
                health.failed(candidate.title if error.kind == "missing" else candidate.provider, error)

    def _skipped(self, candidate: Candidate, why: str) -> None:
        said = FAILED.format(name=candidate.provider, brief=why)
        self.asked.append({"provider": candidate.provider, "kind": "down", "said": said})

    def _all(self, error: ModelError) -> ModelError:
        """Return one error for all that failed: one sentence each, of this machine's first."""
        if len(self._errors) == 1 or self._has_begun:
            return error
        errors = sorted(self._errors, key=lambda each: not each[0])
        waits = [each.retry_after_s for _, each in errors if each.retry_after_s is not None]
        sentence = " ".join(str(each) for _, each in errors)
        return ModelError(sentence, error.kind, retry_after_s=min(waits, default=None))
