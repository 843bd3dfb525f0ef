"""What goes on beside the server: a fault ends one piece of it, is reported once, and no more."""

from __future__ import annotations

import asyncio

import pytest

from localops.background import background
from localops.errors import StartError

FAULTS = [
    OSError(24, "Too many open files"),
    ValueError("odd"),
    RecursionError("deep"),
    ExceptionGroup("several", [KeyError("x")]),
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_a_fault_is_named_with_its_cause_and_everything_else_goes_on(
    caplog: pytest.LogCaptureFixture, fault: Exception
):
    async def check() -> None:
        going, has_ended = asyncio.Event(), asyncio.Event()

        async def fails() -> None:
            raise fault

        async def goes_on() -> None:
            try:
                going.set()
                await asyncio.Event().wait()
            finally:
                has_ended.set()

        async with asyncio.timeout(10), background() as work:
            work.start("the part that fails", fails())
            work.start("the rest", goes_on())
            await going.wait()
            await asyncio.sleep(0)
            assert not has_ended.is_set()
        assert has_ended.is_set()

    asyncio.run(check())
    (record,) = caplog.records
    assert record.getMessage() == (
        f"the part that fails has ended ({type(fault).__name__}: {fault}); everything else goes on"
    )


def test_what_cannot_be_run_at_all_ends_everything():
    async def cannot() -> None:
        raise StartError("the model is damaged")

    async def check() -> None:
        async with asyncio.timeout(10), background() as work:
            work.start("the model server", cannot())
            await asyncio.Event().wait()

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(check())
    assert [str(each) for each in caught.value.exceptions] == ["the model is damaged"]
