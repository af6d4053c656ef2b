"""Chromium without a window, driven through its DevTools protocol."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import imageio.v3 as imageio
import numpy as np
from websockets.sync.client import connect

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

PATIENCE = 60.0
"""Seconds in which it must start and answer, on a busy machine too."""

SELDOM = """
    const draw = window.requestAnimationFrame;
    window.requestAnimationFrame = callback => setTimeout(() => draw(callback), 250);
"""
"""JavaScript that has a page drawn four times a second: without a graphics card it would take both cores."""

NEAR = 3
"""Pixels from a place that still count as there."""

COLOURED = 30.0
"""Of 255 by which the colour of an arrow stands out."""

SETTLE = 1.0
"""Seconds in which what is still moving on a page moves on."""


class Chromium:
    """One page. Leaving the ``with`` block ends the browser.

    Attributes:
        pointer: where mouse or finger is, pixels from the upper left corner.
        pressed: whether its button is pressed, or the finger touches.
    """

    def __init__(
        self,
        folder: Path,
        address: str,
        width: int = 1280,
        height: int = 800,
        touched: bool = False,
        seldom: bool = True,
    ) -> None:
        """Open a page.

        Args:
            folder: in which the browser keeps what it keeps.
            address: of the page.
            width, height: of the screen, pixels.
            touched: it is a phone's.
            seldom: draw it a few times a second only.
        """
        assert PROGRAM is not None
        self._folder, self._touched = folder, touched
        self.pointer, self.pressed = (0.0, 0.0), False
        options = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars", "--no-first-run"]
        options += ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]  # WebGL without a graphics card
        options += [f"--user-data-dir={folder}", f"--window-size={width},{height}", "--remote-debugging-port=0"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen([PROGRAM, *options, "about:blank"], **quiet)
        try:
            self._tools = connect(self._tools_address(), max_size=None, compression=None)
            self._number, self._session = 0, None
            (target,) = [one for one in self._call("Target.getTargets")["targetInfos"] if one["type"] == "page"]
            attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            self._session = attached["sessionId"]
            self._call(
                "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=touched
            )
            self._call("Emulation.setTouchEmulationEnabled", enabled=touched)
            self._call("Page.enable")
            if seldom:
                self._call("Page.addScriptToEvaluateOnNewDocument", source=SELDOM)
            self._call("Page.navigate", url=address)
        except BaseException:
            self._process.kill()
            raise

    def __enter__(self) -> Chromium:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._tools.close()
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """Close the page, but not the browser."""
        self._call("Page.navigate", url="about:blank")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression in the page."""
        answer = self._call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def move(self, x: float, y: float) -> None:
        """Move the pointer there: pixels from the upper left corner."""
        self._point("mouseMoved", x, y)

    def press(self, x: float, y: float) -> None:
        """Press the left button there."""
        self.pressed = True
        self._point("mousePressed", x, y)

    def release(self, x: float, y: float) -> None:
        """Release it there."""
        self.pressed = False
        self._point("mouseReleased", x, y)

    def click(self, text: str) -> None:
        """Click the button or tab on which ``text`` stands."""
        self.click_on(part("button, [role=tab]", text))

    def click_on(self, found: str, share: float = 0.5) -> None:
        """Click on a part of the page, once it is to be seen and does not change its place any more.

        Args:
            found: JavaScript for it, see ``part``.
            share: of its width, from the left, where it is clicked on.
        """
        deadline = time.monotonic() + PATIENCE
        before, place = None, self._seen(found, share)
        while place is None or place != before:
            assert time.monotonic() < deadline, f"{found} is not to be seen, or does not come to rest"
            time.sleep(SETTLE)
            before, place = place, self._seen(found, share)
        for act in (self.move, self.press, self.release):
            act(*place)

    def _seen(self, found: str, share: float) -> tuple[float, float] | None:
        """Where in the middle of its height (pixels) it is now that it was scrolled to; None: nowhere on the screen."""
        place = self.evaluate(f"""(part => {{
            part.scrollIntoView({{block: 'nearest'}});
            const box = part.getBoundingClientRect();
            const [x, y] = [box.x + {share} * box.width, box.y + box.height / 2];
            return part.contains(document.elementFromPoint(x, y)) ? [x, y] : null;
        }})({found})""")
        return None if place is None else (place[0], place[1])

    def shows(self, text: str) -> bool:
        """Whether the page has this text."""
        return text in self.evaluate("document.body?.innerText ?? ''")

    def screenshot(self) -> bytes:
        """A PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def has_arrow(self, x: float, y: float, axis: int) -> bool:
        """Whether an arrow along x, y or z (``axis`` 0 to 2) is near there: red, green, blue, or pointed at yellow."""
        picture = imageio.imread(self.screenshot())[..., :3]
        column, row = round(x), round(y)
        nearby = picture[max(row - NEAR, 0) : row + NEAR + 1, max(column - NEAR, 0) : column + NEAR + 1]
        colours = nearby.reshape(-1, 3).astype(float)
        own, others, blue = colours[:, axis], np.delete(colours, axis, axis=1), colours[:, 2]
        pointed_at = colours[:, :2].min(axis=1) > blue + COLOURED
        return bool(((own > others.max(axis=1) + COLOURED) | pointed_at).any())

    def key(self, key: str) -> None:
        """Press a key and let it go."""
        about = {"key": key, "code": f"Key{key.upper()}", "windowsVirtualKeyCode": ord(key.upper())}
        self._call("Input.dispatchKeyEvent", type="keyDown", **about)
        self._call("Input.dispatchKeyEvent", type="keyUp", **about)

    def _point(self, kind: str, x: float, y: float) -> None:
        """With the mouse, or with a finger, which does nothing before it touches."""
        self.pointer = x, y
        if self._touched:
            self._touch(kind, x, y)
            return
        button = "left" if self.pressed or kind == "mouseReleased" else "none"
        held = int(self.pressed)
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button=button, buttons=held, clickCount=1)

    def _touch(self, kind: str, x: float, y: float) -> None:
        kinds = {"mousePressed": "touchStart", "mouseReleased": "touchEnd"}
        if kind in kinds or self.pressed:
            points = [] if kind == "mouseReleased" else [{"x": x, "y": y}]
            self._call("Input.dispatchTouchEvent", type=kinds.get(kind, "touchMove"), touchPoints=points)

    def _tools_address(self) -> str:
        file, deadline = self._folder / "DevToolsActivePort", time.monotonic() + PATIENCE
        while not (file.exists() and file.read_text().count("\n")):
            assert self._process.poll() is None, "Chromium did not start"
            assert time.monotonic() < deadline, "Chromium takes too long to start"
            time.sleep(0.1)
        port, path = file.read_text().splitlines()
        return f"ws://127.0.0.1:{port}{path}"

    def _call(self, method: str, **parameters: Any) -> Any:
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        self._tools.send(json.dumps({**request, "sessionId": self._session} if self._session else request))
        while True:
            answer = json.loads(self._tools.recv(timeout=PATIENCE))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]


def part(selector: str, text: str) -> str:
    """JavaScript for the part of the page that a selector (CSS) finds and on which just ``text`` stands."""
    found = f"[...document.querySelectorAll({json.dumps(selector)})]"
    return f"{found}.find(part => part.innerText.trim() == {json.dumps(text)})"
