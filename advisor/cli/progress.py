"""A bar on standard error for work that takes longer than a second, where a person watches.

Work under a second shows nothing. A step can take seconds by itself, so a timer shows the bar, not the next step.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

PATIENCE = 1.0  # seconds without a bar


@contextmanager
def late_bar(length: int, label: str, *, quiet: bool = False) -> Iterator[LateBar]:
    """A bar of that many steps; it is gone when the work is done, before anything else is written.

    Nothing is shown where `quiet` or where standard error is no terminal.
    """
    bar = LateBar(length, label)
    if quiet or sys.stderr is None or not sys.stderr.isatty():
        yield bar
        return
    timer = threading.Timer(PATIENCE, bar.show)
    timer.daemon = True
    timer.start()
    try:
        yield bar
    finally:
        timer.cancel()
        bar.hide()


class LateBar:
    """How far the work is; on the screen between `show` and `hide`."""

    def __init__(self, length: int, label: str) -> None:
        self._length, self._label, self._done = length, label, 0
        self._started = time.monotonic()
        self._is_over = False
        self._shown: Progress | None = None
        self._lock = threading.Lock()  # the timer calls `show` from a thread of its own

    def step(self, label: str | None = None) -> None:
        """One more step is done; `label` says what comes next, where that has another name."""
        with self._lock:
            self._done += 1
            self._label = label or self._label
            if self._shown is not None:
                self._shown.update(self._shown.task_ids[0], completed=self._done, description=self._label)

    def show(self) -> None:
        """Put the bar on the screen, unless the work is over."""
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
        from rich.table import Column

        with self._lock:
            if self._is_over:
                return
            cut = Column(no_wrap=True, overflow="crop")  # in a terminal too narrow for all of it
            label = TextColumn("{task.description}", markup=False, table_column=cut)
            columns = (label, BarColumn(table_column=cut), TimeElapsedColumn(table_column=cut))
            console = Console(stderr=True, highlight=False)
            bar = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
            bar.add_task(self._label, total=self._length, completed=self._done)
            bar.tasks[0].start_time = self._started
            bar.start()
            self._shown = bar

    def hide(self) -> None:
        """Take it off the screen for good."""
        with self._lock:
            self._is_over = True
            if self._shown is not None:
                self._shown.stop()
                self._shown = None
