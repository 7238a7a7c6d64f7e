"""What steps write while nobody takes it in takes bounded memory; their ends and requests to end are never lost."""

from __future__ import annotations

import re

from mlspec.engine.frontier import Task
from mlspec.engine.inbox import LAST_LINES, LINES_BYTES, Ended, Inbox, Interrupt, Line, Message

TASK, OTHER = Task("a"), Task("b")


def drained(inbox: Inbox) -> list[Message]:
    found = []
    while (message := inbox.get(0)) is not None:
        found.append(message)
    return found


def test_messages_come_in_order_and_none_when_there_is_none_in_time() -> None:
    inbox = Inbox()
    given = [Line(TASK, "1"), Line(OTHER, "2"), Ended(TASK, 0), Interrupt(), Ended(OTHER, 1)]
    for message in given:
        inbox.put(message)
    assert drained(inbox) == given
    assert inbox.get(0.01) is None


def test_lines_beyond_the_bound_become_a_note_before_the_end() -> None:
    inbox = Inbox()
    count = 3 * LINES_BYTES // 1000
    for number in range(count):
        inbox.put(Line(TASK, f"{number} ".ljust(1000, "x")))
    inbox.put(Interrupt())
    inbox.put(Ended(TASK, 0))
    found = drained(inbox)
    lines = [message.text for message in found if isinstance(message, Line)]
    assert sum(map(len, lines)) <= LINES_BYTES + 200 + LAST_LINES * 1000
    shown = len(lines) - 1 - LAST_LINES
    assert [int(text.split()[0]) for text in lines[:shown]] == list(range(shown))
    left_out = count - shown - LAST_LINES
    assert lines[shown] == f"mlspec: {left_out} lines are not shown, for nobody read them in time; the log has them"
    assert [int(text.split()[0]) for text in lines[shown + 1 :]] == list(range(count - LAST_LINES, count))
    assert found[-1] == Ended(TASK, 0)
    assert Interrupt() in found


def test_once_there_is_room_again_lines_are_shown_after_the_note() -> None:
    inbox = Inbox()
    for _ in range(LINES_BYTES // 1000):
        inbox.put(Line(TASK, "x" * 1000))
    drained(inbox)
    inbox.put(Line(TASK, "after"))
    found = drained(inbox)
    assert found[-1] == Line(TASK, "after")


def test_lines_that_come_together_are_all_shown_or_counted() -> None:
    inbox, task = Inbox(), Task("a")
    for _ in range(10):
        inbox.put_lines(task, [b"x" * 1000 + b"\r"] * 1000)
    inbox.put(Ended(task, 0))
    shown, noted = 0, 0
    while not isinstance(message := inbox.get(0), Ended):
        assert isinstance(message, Line)
        count = re.fullmatch(r"mlspec: (\d+) lines are not shown.*", message.text)
        shown, noted = (shown, noted + int(count[1])) if count else (shown + 1, noted)
        assert count or message.text == "x" * 1000
    assert shown > 1000
    assert shown + noted == 10_000


def test_the_last_lines_of_a_flood_are_shown_however_they_come() -> None:
    inbox, task = Inbox(), Task("a")
    for start in range(0, 300_000, 1000):
        inbox.put_lines(task, [b"%d" % number for number in range(start, start + 1000)])
    inbox.put_lines(task, [b"why"])
    inbox.put(Ended(task, 1))
    found = [message.text for message in drained(inbox) if isinstance(message, Line)]
    assert found[-LAST_LINES:] == [*(str(number) for number in range(300_001 - LAST_LINES, 300_000)), "why"]
