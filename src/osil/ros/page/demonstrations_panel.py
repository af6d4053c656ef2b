"""Demonstrations that there are: choose, look at, play back, rename, delete, take away and bring."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from functools import partial
from typing import Any

from viser import (
    ClientHandle,
    GuiApi,
    GuiButtonHandle,
    GuiDropdownHandle,
    GuiEvent,
    GuiUploadButtonHandle,
    UploadedFile,
)

from osil.demonstrations.library import LARGEST_SENT
from osil.demonstrations.names import SUFFIX
from osil.ros.page.errands import Errands
from osil.ros.page.inbox import Inbox
from osil.ros.page.pictures import html_image
from osil.ros.page.playback import Playback
from osil.ros.page.question import Question
from osil.ros.page.shelf import MOST_LOOKED_AT, READ, Shelf
from osil.ros.page.showing import Showing
from osil.ros.page.thumbnails import Thumbnails
from osil.ros.page.words import plain, write
from osil_interfaces.srv import DeleteDemonstration, ReadDemonstration, RenameDemonstration, WriteDemonstration

WRITE, RENAME, DELETE = "recorder/write", "recorder/rename", "recorder/delete"

NONE = "(none yet)"


class DemonstrationsPanel:
    """What the recorder has on its shelf, and what can be done with it."""

    def __init__(
        self,
        gui: GuiApi,
        inbox: Inbox,
        errands: Errands,
        shelf: Shelf,
        playback: Playback,
        choose: Callable[[str], object],
    ) -> None:
        """Make the controls in the current container of ``gui``; ``choose``: told the name that is chosen, or none."""
        self._inbox, self._errands, self._shelf = inbox, errands, shelf
        self._playback, self._tell_choice = playback, choose
        for service, kind in (
            (WRITE, WriteDemonstration),
            (RENAME, RenameDemonstration),
            (DELETE, DeleteDemonstration),
        ):
            errands.know(service, kind)
        self._names: tuple[str, ...] = ()
        self._choice = gui.add_dropdown("Chosen", (NONE,))
        self._choice.on_update(self._on_choice)
        self._about = gui.add_markdown("")
        self._picture = gui.add_html("")
        self._play = gui.add_button("Play", icon="player-play")
        self._stop = gui.add_button("Stop playing", icon="player-stop", visible=False)
        with gui.add_folder("Rename, delete, copy", expand_by_default=False):
            self._new_name = gui.add_text("New name", "")
            rename = gui.add_button("Rename")
            delete = gui.add_button("Delete ...", color="red")
            self._question = Question(gui, inbox, "Yes, delete", "Keep it")
            download = gui.add_button("Download", icon="download")
            upload = gui.add_upload_button("Upload", icon="upload", mime_type=SUFFIX)
        self._told = gui.add_markdown("")
        self._thumbnails = Thumbnails(gui, inbox, self._click)
        inbox.collect(self._play, self._start_playing)
        inbox.collect(self._stop, playback.stop)
        inbox.collect(rename, self._rename)
        inbox.collect(delete, self._ask_to_delete)
        download.on_click(self._on_download)
        upload.on_upload(self._on_upload)

    @property
    def chosen(self) -> str:
        """Name of the demonstration that is chosen; empty: none."""
        return self._choice.value if self._choice.value in self._shelf.entries else ""

    def look(self) -> None:
        """Show what is being played."""
        for button, visible in ((self._play, not self._playback.playing), (self._stop, self._playback.playing)):
            if button.visible != visible:
                button.visible = visible

    def show(self) -> None:
        """Show what is on the shelf now. Of new ones the newest is chosen."""
        names = tuple(self._shelf.entries)
        if names != self._names:
            new = [name for name in names if name not in self._names]
            chosen = new[0] if new else self.chosen or (names or (NONE,))[0]
            self._names, self._choice.options, self._choice.value = names, names or (NONE,), chosen
            self._choose()
        self._show_chosen()

    def _click(self, name: str) -> None:
        """Choose the demonstration whose picture was clicked on, if it is still there."""
        if name in self._names:
            self._choice.value = name
            self._choose()

    async def _on_choice(self, event: GuiEvent[GuiDropdownHandle[str]]) -> None:
        if event.client is not None:
            self._inbox.put(self._choose)

    def _choose(self) -> None:
        self._question.withdraw()
        self._playback.stop()
        write(self._told, "")
        self._show_chosen()
        self._tell_choice(self.chosen)

    def _show_chosen(self) -> None:
        newest = self._names[:MOST_LOOKED_AT]
        self._thumbnails.show([(self._shelf.entries[name], self._shelf.known(name)) for name in newest], self.chosen)
        if not self.chosen:
            write(self._about, "There is none yet: record one, or upload one.")
            self._picture.content = ""
            return
        entry, showing = self._shelf.entries[self.chosen], self._shelf.showing(self.chosen)
        seen = showing.layout if isinstance(showing, Showing) else showing
        write(
            self._about,
            f"{entry.seconds:.1f} s, blocks **{plain(' '.join(entry.blocks))}**; shown {entry.date}. {plain(seen)}",
        )
        style = "width:calc(100% - 1.5em);margin:0 .75em"
        picture = html_image(showing.picture, style) if isinstance(showing, Showing) else ""
        if self._picture.content != picture:
            self._picture.content = picture

    def _start_playing(self) -> None:
        showing = self._shelf.showing(self.chosen)
        if isinstance(showing, Showing):
            self._playback.play(showing)
        else:
            write(self._told, plain(showing))

    def _rename(self) -> None:
        self._errands.call(RENAME, self._tell, name=self.chosen, new_name=self._new_name.value)

    def _ask_to_delete(self) -> None:
        name = self.chosen
        if name:
            deed = partial(self._errands.call, DELETE, self._tell, name=name)
            self._question.ask(f"Delete **{plain(name)}** for good?", deed)

    async def _on_download(self, event: GuiEvent[GuiButtonHandle]) -> None:
        if event.client is not None:
            self._inbox.put(partial(self._download, event.client))

    def _download(self, client: ClientHandle) -> None:
        name = self.chosen

        def send(done: bool, message: str, response: ReadDemonstration.Response | None) -> None:
            if done and response is not None:
                client.send_file_download(name + SUFFIX, response.data.tobytes(), save_immediately=True)
            else:
                self._tell(done, message, response)

        self._errands.call(READ, send, name=name)

    async def _on_upload(self, event: GuiEvent[GuiUploadButtonHandle]) -> None:
        self._inbox.put(partial(self._upload, event.target.value))

    def _upload(self, file: UploadedFile) -> None:
        if len(file.content) > LARGEST_SENT:  # which is not worth the way to the recorder
            self._tell(False, f"{file.name} has more than {LARGEST_SENT >> 20} MiB; copy it to the recorder", None)
            return
        self._errands.call(WRITE, self._tell, name=file.name, data=array("B", file.content))

    def _tell(self, done: bool, message: str, response: Any) -> None:
        write(self._told, plain(message))
        self._shelf.refresh()
