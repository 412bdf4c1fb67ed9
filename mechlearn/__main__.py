"""``python -m mechlearn`` and the console script: the commands on the process's own arguments."""

from __future__ import annotations

import _thread
import atexit
import logging
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

INTERRUPTED = 130
CRASHED = 70
"""Exit status of a fault in mechlearn itself; EX_SOFTWARE of sysexits.h."""
_LATER = 0.01
"""When an interrupt that was lost comes again [s]."""
_SOLVER_MESSAGES = ("SUNLOGGER_WARNING_FILENAME", "SUNLOGGER_ERROR_FILENAME")
"""Where SUNDIALS writes of each step that fails; what it fails with in the end is an error of Cantera's."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command that the arguments name, those of the process if absent, and exit."""
    for name in _SOLVER_MESSAGES:
        os.environ.setdefault(name, os.devnull)
    with _terminated_as_interrupted():
        try:
            from .cli import app

            logging.basicConfig(format="%(name)s: %(message)s", level=logging.WARNING)
            logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of a cache that no one misses
            app(arguments, prog_name="mechlearn")
        except KeyboardInterrupt:
            sys.stderr.write("mechlearn: interrupted before there was a result\n")
            sys.exit(INTERRUPTED)
        except Exception as error:
            sys.stderr.write(f"mechlearn: {_crash_text(error, arguments)}\n")
            sys.exit(CRASHED)


@contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """SIGTERM, by which batch systems and containers end a process, does what Ctrl-C does.

    Where an interrupt falls into a callback that cannot raise, as that of a destructor, it comes again a moment later.
    """
    ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    def again(unraisable: sys.UnraisableHookArgs) -> None:
        if issubclass(unraisable.exc_type, KeyboardInterrupt):
            threading.Timer(_LATER, _interrupt_main).start()
        else:
            hook(unraisable)

    hook = sys.unraisablehook
    if ours:
        signal.signal(signal.SIGTERM, interrupt)
        sys.unraisablehook = again
    try:
        yield
    finally:
        if ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            sys.unraisablehook = hook


def _interrupt_main() -> None:
    """As SIGTERM would; where signals reach a thread, a call that waits in the main one ends too."""
    if sys.platform == "win32":
        _thread.interrupt_main(signal.SIGTERM)
    else:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _crash_text(error: Exception, arguments: list[str] | None) -> str:
    """What the user is told of a fault; the traceback goes into a file."""
    from . import __version__

    line = " ".join(sys.argv[1:] if arguments is None else arguments)
    trace = "".join(traceback.format_exception(error))
    text = f"mechlearn {__version__}, Python {sys.version}\nmechlearn {line}\n\n{trace}"
    what = f"a fault in mechlearn itself, {type(error).__name__}"
    try:
        handle, name = tempfile.mkstemp(prefix="mechlearn-crash-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        return f"{what}: {str(error)[:200]}. No file could be written to tell more."
    return f"{what}. {name} says where; please report it with that file."


def process() -> None:
    """As `main`, in a process that does nothing else; interrupted, it ends with 130 whatever was going on.

    Python ends as if killed by SIGINT where an interrupt once fell into code that a text was compiled to, as all
    dataclasses have it.
    """
    statuses: list[object] = []

    def end() -> None:
        if statuses == [INTERRUPTED]:
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            os._exit(INTERRUPTED)

    atexit.register(end)  # before all libraries, so that it is called after theirs
    try:
        main()
    except SystemExit as ending:
        statuses.append(ending.code)
        raise


if __name__ == "__main__":
    process()
