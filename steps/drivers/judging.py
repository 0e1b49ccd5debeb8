"""Whether an answer is right, and in words what is wrong about it."""

from __future__ import annotations

from steps.drivers.connection import Answer


def judge(answer: Answer, expect: bytes) -> tuple[bool, str]:
    """Whether an answer is right, and in words what is right or wrong about it."""
    if answer.status is None:
        return False, f"expected {len(expect):,} bytes with status 200, got none: {answer.how}"
    if answer.status == 200 and answer.body == expect:
        return True, f"200, {len(expect):,} bytes as expected"
    if answer.status != 200:
        return False, f"expected {len(expect):,} bytes with status 200, got {len(answer.body):,} with status {answer.status}"
    return False, f"expected {len(expect):,} bytes, got {len(answer.body):,}, {first_difference(expect, answer.body)}"


def first_difference(expect: bytes, got: bytes) -> str:
    """Where two texts begin to differ, with what each has there."""
    at = next((n for n, (one, other) in enumerate(zip(expect, got, strict=False)) if one != other), min(len(expect), len(got)))
    ours, theirs = (ascii(text[at : at + 12].decode(errors="replace")) if at < len(text) else "the end" for text in (expect, got))
    return f"first difference at byte {at:,}: {theirs} instead of {ours}"
