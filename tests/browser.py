"""Chromium without a window, driven by the DevTools protocol over a pair of pipes: no driver, no port, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

ARGUMENTS = (
    "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--lang=en",
)  # fmt: skip

KEYS = {
    "Tab": 9, "Enter": 13, "Escape": 27, " ": 32, "End": 35, "Home": 36,
    "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40,
}  # fmt: skip
"""Keys that write nothing, with the codes that Chromium wants."""


@dataclass
class Browser:
    """One page."""

    reading: int
    writing: int
    session: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    unread: bytes = b""
    sent: int = 0
    started: float = 0.0

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What DevTools answers; events that come first are kept in ``events``."""
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive(30)
            if answer is None:
                raise TimeoutError(f"Chromium did not answer {method}")
            if answer.get("id") == self.sent:
                break
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, seconds: float) -> dict[str, Any] | None:
        end = time.monotonic() + seconds
        while b"\0" not in self.unread:
            if not select.select([self.reading], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            part = os.read(self.reading, 1 << 16)
            if not part:
                raise RuntimeError("Chromium has ended")
            self.unread += part
        text, _, self.unread = self.unread.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        if "method" in message:
            self.events.append(message)
        return message

    def seen(self, *methods: str) -> list[dict[str, Any]]:
        """Parameters of the events of these names since the page was opened."""
        return [event["params"] for event in self.events if event["method"] in methods]

    def processor_seconds(self) -> float:
        """Processor time that the page's own thread has taken since it was opened, whoever else computes."""
        metrics = {each["name"]: each["value"] for each in self.command("Performance.getMetrics")["metrics"]}
        return float(metrics["TaskDuration"]) - self.started

    def open(self, page: Path) -> None:
        self.events.clear()
        self.started = 0.0
        self.started = self.processor_seconds()
        self.command("Page.navigate", url=page.as_uri())
        while not self.seen("Page.loadEventFired"):
            assert self._receive(30), "the page did not load"

    def script(self, code: str, *arguments: Any) -> Any:
        """What the body of a function returns in the page, the arguments being ``arguments``."""
        call = f"(function () {{ {code} }})(...{json.dumps(arguments)})"
        answer = self.command("Runtime.evaluate", expression=call, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"].get("description", "an error in the page"))
        return answer["result"].get("value")

    def resize(self, width: int, height: int) -> None:
        size: dict[str, Any] = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 700}
        self.command("Emulation.setDeviceMetricsOverride", **size)

    def prefer(self, scheme: str) -> None:
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, *keys: str) -> None:
        """Keys by their names, or texts to type, to whatever has the focus."""
        for key in keys:
            if key not in KEYS and len(key) > 1:
                self.press(*key)
                continue
            text = {"Enter": "\r"}.get(key, "" if len(key) > 1 else key)
            names = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS.get(key, 0), "text": text}
            self.command("Input.dispatchKeyEvent", type="keyDown", **names)
            self.command("Input.dispatchKeyEvent", type="keyUp", **{**names, "text": ""})

    def click_at(self, x: float, y: float) -> None:
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def drag(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        (x, y), (to_x, to_y) = start, end
        for kind, part in (("mouseMoved", 0.0), ("mousePressed", 0.0), ("mouseMoved", 0.5), ("mouseMoved", 1.0)):
            at = {"x": x + part * (to_x - x), "y": y + part * (to_y - y)}
            self.command("Input.dispatchMouseEvent", type=kind, **at, button="left", buttons=1, clickCount=1)
        self.command("Input.dispatchMouseEvent", type="mouseReleased", x=to_x, y=to_y, button="left", clickCount=1)

    def click(self, selector: str) -> None:
        """With the mouse, on the middle of what the selector finds."""
        code = """const box = document.querySelector(arguments[0]);
            box.scrollIntoView({ block: "nearest" });
            const { x, y, width, height } = box.getBoundingClientRect();
            return [x + width / 2, y + height / 2];"""
        self.click_at(*self.script(code, selector))

    def text(self, selector: str) -> str:
        """What people read in the first element that the selector finds."""
        found: str = self.script("return document.querySelector(arguments[0]).innerText", selector)
        return found

    def focus(self, selector: str) -> None:
        self.script("document.querySelector(arguments[0]).focus()", selector)

    def focused(self) -> str:
        """The id of what has the focus."""
        found: str = self.script("return document.activeElement.id")
        return found

    def screenshot(self) -> bytes:
        return base64.b64decode(self.command("Page.captureScreenshot")["data"])


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A page of 1280 × 800 that saves its downloads in the folder."""
    assert CHROMIUM
    to_chromium, from_chromium = os.pipe(), os.pipe()
    pipes = [(os.POSIX_SPAWN_DUP2, to_chromium[0], 3), (os.POSIX_SPAWN_DUP2, from_chromium[1], 4)]
    quiet = [(os.POSIX_SPAWN_OPEN, stream, os.devnull, os.O_WRONLY, 0) for stream in (1, 2)]
    command = [CHROMIUM, *ARGUMENTS, f"--user-data-dir={folder / 'profile'}", "about:blank"]
    process = os.posix_spawn(CHROMIUM, command, os.environ, file_actions=[*pipes, *quiet], setpgroup=0)
    os.close(to_chromium[0])
    os.close(from_chromium[1])
    try:
        window = Browser(reading=from_chromium[0], writing=to_chromium[1])
        pages = [each for each in window.command("Target.getTargets")["targetInfos"] if each["type"] == "page"]
        target = pages[0]["targetId"] if pages else window.command("Target.createTarget", url="about:blank")["targetId"]
        window.session = window.command("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            window.command(f"{domain}.enable")
        window.command("Performance.enable", timeDomain="threadTicks")
        window.command("Page.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
        window.resize(1280, 800)
        yield window
    finally:
        os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(from_chromium[0])
        os.close(to_chromium[1])


def wait_for(condition: Callable[[], Any], what: str, seconds: float = 10) -> Any:
    """The first true answer of the condition."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.05)
    raise AssertionError(f"no {what} within {seconds:g} s")
