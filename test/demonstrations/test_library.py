"""Demonstrations by name: what is found, and what a refusal tells."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from osil.demonstrations import storage
from osil.demonstrations.library import LARGEST_SENT, Library, absolute, recovered
from osil.errors import DemonstrationError

from .made_up import make_demonstration


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


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """Of the file of a demonstration that is not in the library."""
    path = tmp_path / "elsewhere" / "made up"
    storage.save(make_demonstration(blocks=2), path, "made up", "ab")
    return path.read_bytes()


def test_what_is_added_is_there_as_it_was_and_can_be_read_again(tmp_path: Path, data: bytes) -> None:
    library = Library(tmp_path / "new folder")
    assert library.add("brought", data) == library.find("brought")
    assert library.read("brought") == data
    assert storage.load(library.find("brought")).block_names == ("a", "b")


@pytest.mark.parametrize("cut", [0, 1, 100, -1])
def test_what_is_no_whole_demonstration_is_not_added(library: Library, data: bytes, cut: int) -> None:
    before = sorted(library.folder.iterdir())
    with pytest.raises(DemonstrationError, match=r"^broken.* is not a whole demonstration file"):
        library.add("broken", data[:cut])
    assert sorted(library.folder.iterdir()) == before


def test_what_is_too_large_is_neither_added_nor_read(library: Library) -> None:
    with pytest.raises(DemonstrationError, match=f"at most {LARGEST_SENT} bytes, got {LARGEST_SENT + 1}"):
        library.add("large", bytes(LARGEST_SENT + 1))
    with library.path("large").open("wb") as file:
        file.truncate(LARGEST_SENT + 1)
    with pytest.raises(DemonstrationError, match=f"at most {LARGEST_SENT} bytes"):
        library.read("large")


def test_nothing_is_overwritten(library: Library, data: bytes) -> None:
    for change in (lambda: library.add("second", data), lambda: library.rename("first", "second.mcap")):
        with pytest.raises(DemonstrationError, match=r"second.mcap exists; choose another name"):
            change()
    assert [path.name for path in library.files()] == ["first.mcap", "second.mcap"]


def test_what_is_renamed_has_the_new_name_alone_and_what_is_deleted_none(library: Library) -> None:
    assert library.rename("first", "third") == library.find("third")
    library.delete("second")
    assert [path.name for path in library.files()] == ["third.mcap"]


@pytest.mark.parametrize("name", ["../first", "elsewhere/first", ".hidden", "", "third", "/etc/passwd"])
def test_of_what_is_not_in_the_library_nothing_is_read_renamed_or_deleted(library: Library, name: str) -> None:
    (library.folder.parent / "first.mcap").touch()
    for deed in (library.read, library.delete, lambda name: library.rename(name, "new")):
        with pytest.raises(DemonstrationError):
            deed(name)
    with pytest.raises(DemonstrationError):
        library.rename("first", name if name != "third" else "a/b")
    assert (library.folder / ".hidden.mcap").exists()
    assert (library.folder.parent / "first.mcap").exists()


def test_a_folder_that_cannot_be_written_is_named(library: Library, data: bytes) -> None:
    (library.folder / "folder.mcap").mkdir()
    with pytest.raises(DemonstrationError, match=r"cannot delete .*folder.mcap"):
        library.delete("folder")
