"""Demonstrations by name: what is found, and what a refusal tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from osil.demonstrations.library import Library, absolute, recovered
from osil.errors import DemonstrationError


@pytest.fixture
def library(tmp_path: Path) -> Library:
    for name in ("first.mcap", "second.mcap", ".hidden.mcap", ".third.partial", "note.txt"):
        (tmp_path / name).write_bytes(b"")
    return Library(tmp_path)


def test_a_name_is_found_with_and_without_the_suffix_of_its_file(library: Library) -> None:
    assert library.find("first") == library.find("first.mcap") == library.folder / "first.mcap"


def test_what_has_a_slash_is_a_path(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(library.folder.parent)
    assert library.find(f"{library.folder.name}/first.mcap") == library.folder / "first.mcap"
    assert library.find(str(library.folder / "note.txt")) == library.folder / "note.txt"


@pytest.mark.parametrize("wanted", ["third", "third.mcap", "./third.mcap", "hidden"])
def test_a_refusal_says_where_it_looked_and_which_names_there_are(
    library: Library, wanted: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(library.folder)
    with pytest.raises(DemonstrationError) as refused:
        library.find(wanted)
    assert f"{library.folder}/{wanted.removeprefix('./').removesuffix('.mcap')}.mcap" in str(refused.value)
    assert str(refused.value).endswith(f"names in {library.folder}: first, second")


def test_only_files_are_listed_and_a_few_of_them(library: Library) -> None:
    (library.folder / "folder.mcap").mkdir()
    (library.folder / "dangling.mcap").symlink_to("nowhere")
    os.mkfifo(library.folder / "pipe.mcap")
    with pytest.raises(DemonstrationError, match=": first, second$"):
        library.find("third")
    for number in range(100):
        (library.folder / f"more{number:02}.mcap").touch()
    with pytest.raises(DemonstrationError, match=r": first, more00, .* and 82 more$") as refused:
        library.find("third")
    assert len(str(refused.value)) < 600


def test_the_folder_is_absolute_whatever_the_working_folder_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DemonstrationError, match=f"{tmp_path}/demonstrations/first.mcap.*record one first"):
        Library(absolute("demonstrations")).find("first")


@pytest.mark.parametrize("name", ["", "\ud800", "a\0b", "a\nb", ".mcap", "x" * 300, "x.mcap.mcap"])
def test_what_cannot_be_a_name_is_refused_by_name(library: Library, name: str) -> None:
    with pytest.raises(DemonstrationError, match="choose another"):
        library.find(name)


@pytest.mark.parametrize("path", ["/\ud800", "/a\0b", "/" + "x" * 5000, "~nobody/x"])
def test_what_cannot_be_a_path_is_refused_by_name(library: Library, path: str) -> None:
    with pytest.raises(DemonstrationError):
        library.find(path)


def test_a_symbolic_link_to_itself_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert Library(tmp_path / "loop").files() == []
    with pytest.raises(DemonstrationError, match="there is no such demonstration"):
        Library(tmp_path / "loop").find("first")


def test_what_is_recovered_replaces_nothing(library: Library) -> None:
    first = recovered(library.path("first"), "first")
    assert first.name == "first-recovered.mcap"
    first.symlink_to("nowhere")
    second = recovered(library.path("first"), "first")
    assert second.name == "first-recovered-2.mcap"
    assert not os.path.lexists(second)


def test_a_file_in_the_place_of_the_folder_is_refused(library: Library) -> None:
    with pytest.raises(DemonstrationError, match="expected a folder"):
        Library(library.folder / "note.txt")
