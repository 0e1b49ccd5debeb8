"""Alarms: both kinds ring once, near their moment, and are quiet when they are closed."""

import asyncio
import time

import pytest
import uvloop

from steps.drivers.alarm import DescriptorAlarm, LoopAlarm, alarm

KINDS = pytest.mark.parametrize("kind", [DescriptorAlarm, LoopAlarm])


def ring(kind, *moments_ms, until_ms):
    """Sets an alarm to those moments, one after another at once; when it rang, in ms."""

    async def listen():
        began = time.monotonic_ns()
        rang = []
        bell = kind(asyncio.get_running_loop(), lambda: rang.append((time.monotonic_ns() - began) / 1e6))
        for moment in moments_ms:
            bell.set(began + round(moment * 1e6))
        await asyncio.sleep(until_ms / 1000)
        bell.close()
        await asyncio.sleep(0.02)
        return rang

    return uvloop.run(listen())


@KINDS
def test_alarm_rings_once_at_its_moment(kind):
    """Not a millisecond early, and not much late even on a busy machine."""
    (rang,) = ring(kind, 30, until_ms=200)

    assert 29 <= rang < 130


@KINDS
def test_last_moment_counts(kind):
    """Setting it again replaces the moment."""
    (rang,) = ring(kind, 10, 60, until_ms=200)

    assert rang >= 59


@KINDS
def test_moment_in_the_past_rings_at_once(kind):
    """A driver that is late wants to be woken now."""
    (rang,) = ring(kind, -1000, until_ms=100)

    assert rang < 100


@KINDS
def test_closed_alarm_is_quiet(kind):
    """After the load nothing calls back."""
    assert ring(kind, 50, until_ms=20) == []


def test_best_alarm_of_this_system_is_taken():
    """Linux has timer descriptors."""

    async def kind():
        chosen = alarm(asyncio.get_running_loop(), lambda: None)
        chosen.close()
        return type(chosen)

    assert uvloop.run(kind()) is DescriptorAlarm
