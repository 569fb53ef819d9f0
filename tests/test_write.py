"""A written folder holds what was asked for, whatever was there and whatever broke off before."""

from __future__ import annotations

import gc
import itertools
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mistersmith_k8s.write import INDEX, WriteError, WriteReport, diff, write

if TYPE_CHECKING:
    from types import FrameType

    from _typeshed import TraceFunction

Files = Mapping[str, str | bytes]

FIRST = {"a.yaml": "a: 1\n", "plain/b.yaml": "b: 1\n", "plain/old/c.yaml": "c: 1\n"}
SECOND = {"a.yaml": "a: 2\n", "plain/b.yaml": "b: 1\n", "new/d.yaml": "d: 1\n" * 9999, "e": ""}
THIRD = {"a.yaml": "a: 3\n", "new": "a file now\n", "plain/b.yaml/f.yaml": "f: 1\n"}


def test_the_folder_holds_the_files_and_an_index_of_them(tmp_path: Path) -> None:
    """The index has each path with the hash of what was written; missing folders are made."""
    root = tmp_path / "some" / "dist"

    report = write(root, {"b/c.yaml": "ü\r\n", "a.bin": b"\xff"})

    assert report == WriteReport(("a.bin", "b/c.yaml"), (), (), ())
    assert tree(root) == {"a.bin": b"\xff", "b/c.yaml": b"\xc3\xbc\r\n"}
    assert (root / INDEX).read_text() == (
        "{\n"
        '  "written-by": "mistersmith-k8s",\n'
        '  "files": {\n'
        '    "a.bin": "a8100ae6aa1940d0b663bb31cd466142ebbdbd5187131b92d93818987832eb89",\n'
        '    "b/c.yaml": "992ec2a46da99aa00c19af2df453d0e3328a348e1011e55fe12d17b1a8e24463"\n'
        "  }\n"
        "}\n"
    )


def test_a_second_run_writes_nothing(tmp_path: Path) -> None:
    """Modification times stay, that of the index too, so nothing downstream wakes up."""
    write(tmp_path, FIRST)
    for file in tmp_path.rglob("*"):
        os.utime(file, (1, 1))

    report = write(tmp_path, FIRST)

    assert report == WriteReport((), (), tuple(FIRST), ())
    assert {file.stat().st_mtime for file in tmp_path.rglob("*")} == {1.0}


def test_only_what_changed_is_written_and_what_nobody_wants_goes(tmp_path: Path) -> None:
    """A folder that this leaves empty goes too."""
    write(tmp_path, FIRST)
    os.utime(tmp_path / "plain/b.yaml", (1, 1))

    report = write(tmp_path, SECOND)

    assert report == WriteReport(
        ("a.yaml", "e", "new/d.yaml"), ("plain/old/c.yaml",), ("plain/b.yaml",), ()
    )
    assert tree(tmp_path) == as_bytes(SECOND)
    assert (tmp_path / "plain/b.yaml").stat().st_mtime == 1
    assert not (tmp_path / "plain/old").exists()


def test_a_file_may_become_a_folder_and_a_folder_a_file(tmp_path: Path) -> None:
    """What is ours makes room for what is ours."""
    write(tmp_path, SECOND)

    write(tmp_path, THIRD)

    assert tree(tmp_path) == as_bytes(THIRD)


def test_files_of_others_stay(tmp_path: Path) -> None:
    """Neither a run that writes nor one that removes touches what it did not write."""
    write(tmp_path, FIRST)
    (tmp_path / "plain/old/mine.yaml").write_text("mine")
    (tmp_path / "mine").mkdir()

    write(tmp_path, {})

    assert tree(tmp_path) == {"plain/old/mine.yaml": b"mine"}
    assert (tmp_path / "mine").is_dir()


def test_a_file_that_somebody_changed_is_kept_and_reported(tmp_path: Path) -> None:
    """Each run says so until somebody removes it or puts it back; then it goes."""
    write(tmp_path, FIRST)
    (tmp_path / "a.yaml").write_text("mine")
    wanted = {"plain/b.yaml": "b: 1\n"}

    first, second = write(tmp_path, wanted), write(tmp_path, wanted)

    assert first == WriteReport((), ("plain/old/c.yaml",), ("plain/b.yaml",), ("a.yaml",))
    assert second == WriteReport((), (), ("plain/b.yaml",), ("a.yaml",))
    (tmp_path / "a.yaml").write_text("a: 1\n")
    assert write(tmp_path, wanted) == WriteReport((), ("a.yaml",), ("plain/b.yaml",), ())


def test_a_wanted_file_that_somebody_changed_is_written_again(tmp_path: Path) -> None:
    """The folder is the output of a rendering; the source of truth is its input."""
    write(tmp_path, FIRST)
    (tmp_path / "a.yaml").write_text("mine")

    assert write(tmp_path, FIRST).written == ("a.yaml",)
    assert tree(tmp_path) == as_bytes(FIRST)


def test_a_file_of_others_with_the_right_content_is_adopted(tmp_path: Path) -> None:
    """An index that got lost costs nothing where the files are right."""
    write(tmp_path, FIRST)
    index = (tmp_path / INDEX).read_bytes()
    (tmp_path / INDEX).unlink()

    assert write(tmp_path, FIRST).written == ()
    assert (tmp_path / INDEX).read_bytes() == index


def test_a_file_of_others_with_other_content_is_refused(tmp_path: Path) -> None:
    """Nothing is written, not even the index; each file in the way is named, up to ten."""
    for number in range(12):
        (tmp_path / f"f{number:02}").write_text("mine")
    before = tree(tmp_path)

    with pytest.raises(WriteError) as error:
        write(tmp_path, {f"f{number:02}": "ours" for number in range(12)} | FIRST)

    lines = [
        f"{tmp_path}/f{number:02} has other content and was not written by this tool. "
        "Move it away, or choose another folder."
        for number in range(10)
    ]
    assert str(error.value) == "\n".join([*lines, "And 2 more."])
    assert (tree(tmp_path), (tmp_path / INDEX).exists()) == (before, False)


@pytest.mark.parametrize(
    "path", ["", ".", "..", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a\\b", "a\0b", INDEX]
)
def test_a_path_that_leaves_the_folder_is_refused(tmp_path: Path, path: str) -> None:
    """A path has one spelling, and the index is not for others to write."""
    with pytest.raises(WriteError) as error:
        write(tmp_path / "dist", {path: ""})

    assert (
        str(error.value) == f"{path!r} is no path of a file. Use a relative path such as a/b.yaml."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("paths", "problem"),
    [
        (("A.yaml", "a.yaml"), "a.yaml collides with the file A.yaml. Rename one of them."),
        (("a", "a/b"), "a/b collides with the file a. Rename one of them."),
        (("A/b", "a/c"), "a/c collides with the folder A. Rename one of them."),
        (("a/b", "A"), "a/b collides with the file A. Rename one of them."),
        (
            ("straße/a", "STRASSE/b"),
            "straße/a collides with the folder STRASSE. Rename one of them.",
        ),
    ],
)
def test_paths_that_are_one_on_some_machines_are_refused(
    tmp_path: Path, paths: tuple[str, str], problem: str
) -> None:
    """A tree looks the same on file systems that ignore case."""
    with pytest.raises(WriteError) as error:
        write(tmp_path, dict.fromkeys(paths, ""))

    assert str(error.value) == problem


def linked_out(root: Path) -> str:
    """A link to a folder of others."""
    (root.parent / "outside").mkdir()
    (root / "plain").symlink_to(root.parent / "outside")
    return f"{root}/plain is a symbolic link in the way of plain/b.yaml."


def linked_file(root: Path) -> str:
    """A link to nowhere."""
    (root / "a.yaml").symlink_to(root.parent / "elsewhere")
    return f"{root}/a.yaml is a symbolic link in the way of a.yaml."


def folder_for_file(root: Path) -> str:
    """A folder of others."""
    (root / "a.yaml").mkdir()
    return f"{root}/a.yaml is a folder in the way of a.yaml."


def file_for_folder(root: Path) -> str:
    """A file of others."""
    (root / "plain").write_text("mine")
    return f"{root}/plain is a file in the way of plain/b.yaml."


def pipe(root: Path) -> str:
    """What would block a reader."""
    os.mkfifo(root / "a.yaml")
    return f"{root}/a.yaml is a file in the way of a.yaml."


@pytest.mark.parametrize("place", [linked_out, linked_file, folder_for_file, file_for_folder, pipe])
def test_what_is_in_the_way_is_refused(tmp_path: Path, place: Callable[[Path], str]) -> None:
    """No link is followed and nothing of others is replaced; nothing is written at all."""
    root = tmp_path / "dist"
    root.mkdir()
    problem = place(root)

    with pytest.raises(WriteError) as error:
        write(root, {"a.yaml": "a", "plain/b.yaml": "b"})

    assert str(error.value) == f"{problem} Move it away, or choose another folder."
    assert tree(tmp_path / "outside") == {}
    assert not (root / INDEX).exists()


def test_a_stale_file_behind_a_link_stays(tmp_path: Path) -> None:
    """A folder that was replaced by a link leads to files of others."""
    root = tmp_path / "dist"
    write(root, FIRST)
    (root / "plain").rename(tmp_path / "outside")
    (root / "plain").symlink_to(tmp_path / "outside")

    write(root, {})

    assert tree(tmp_path / "outside") == {"b.yaml": b"b: 1\n", "old/c.yaml": b"c: 1\n"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """The folder to write to is a folder."""
    (tmp_path / "dist").write_text("mine")

    for action in (write, diff):
        with pytest.raises(WriteError) as error:
            action(tmp_path / "dist", FIRST)
        assert str(error.value) == f"{tmp_path}/dist is a file. Choose a folder to write to."


def test_an_error_of_the_file_system_names_the_file(tmp_path: Path) -> None:
    """A name that no file system takes is the example: it holds for every user."""
    name = "x" * 300

    with pytest.raises(WriteError) as error:
        write(tmp_path, {name: ""})

    assert str(error.value) == (
        f"{tmp_path}/{name} cannot be written: File name too long. "
        "Make it writable, or choose another folder."
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        "<<<<<<< HEAD\n",
        "[" * 100_000,
        '{"written-by": "another tool", "files": {}}',
        '{"written-by": "mistersmith-k8s", "files": []}',
        '{"written-by": "mistersmith-k8s", "files": {"a": 1}}',
        '{"written-by": "mistersmith-k8s", "files": {"../a": "x"}}',
        '{"written-by": "mistersmith-k8s", "folders": {}}',
        b"\xff\xfe",
    ],
)
def test_a_broken_index_is_refused(tmp_path: Path, content: str | bytes) -> None:
    """What is ours is unknown then, so nothing is written and nothing removed."""
    (tmp_path / INDEX).write_bytes(content if isinstance(content, bytes) else content.encode())

    for action in (write, diff):
        with pytest.raises(WriteError) as error:
            action(tmp_path, FIRST)
        assert str(error.value) == (
            f"{tmp_path}/{INDEX} is no index of this tool. Restore it, or remove it together with "
            "the files that it should name."
        )
    assert tree(tmp_path) == {}


def test_a_folder_in_place_of_the_index_is_refused(tmp_path: Path) -> None:
    """The index is a file."""
    (tmp_path / INDEX).mkdir()

    with pytest.raises(WriteError, match="is no index of this tool"):
        write(tmp_path, FIRST)


def test_an_index_that_names_files_outside_removes_nothing_there(tmp_path: Path) -> None:
    """An index comes with a checkout: it is input like any other."""
    (tmp_path / "outside").write_text("a: 1\n")
    root = tmp_path / "dist"
    write(root, {"a.yaml": "a: 1\n"})
    index = (root / INDEX).read_text()
    (root / INDEX).write_text(index.replace("a.yaml", "../outside"))

    with pytest.raises(WriteError, match="is no index of this tool"):
        write(root, {})

    assert (tmp_path / "outside").exists()


PATHS = st.sampled_from(["a", "b", "c/d", "c/e", "c/f/g", "h/i"])
FILES = st.dictionaries(PATHS, st.sampled_from(["", "x", "y\n"]))


@settings(max_examples=100, deadline=None)
@given(st.lists(FILES, min_size=1, max_size=5))
def test_after_each_run_the_folder_holds_just_what_was_asked(runs: list[dict[str, str]]) -> None:
    """Runs leave no trace of each other: tree and index are those of the last run alone."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        root, fresh = Path(one), Path(other)
        (root / "c").mkdir()
        (root / "c/mine").write_text("mine")
        for files in runs:
            pending = diff(root, files)
            before = tree(root)
            report = write(root, files)
            assert tree(root) == as_bytes(files) | {"c/mine": b"mine"}
            assert diff(root, files) == ""
            assert bool(pending) >= (before != tree(root))
            assert sorted(report.written + report.unchanged) == sorted(files)
        write(fresh, runs[-1])
        assert (root / INDEX).read_bytes() == (fresh / INDEX).read_bytes()


def test_the_difference_is_a_unified_diff(tmp_path: Path) -> None:
    """Sorted by path; new, changed and stale files, the index last; nothing is touched."""
    root = tmp_path / "dist"
    write(root, {"a": "1\n2\n", "stale": "x\n", "kept": "x\n", "same": "", "bin": b"\xff"})
    (root / "kept").write_text("mine")
    before = tree(root)

    found = diff(root, {"a": "1\n3", "same": "", "new": "\n", "empty": "", "bin": b"\xfe\n"})

    index = f"--- {root}/{INDEX}\n+++ {root}/{INDEX}\n"
    assert found.partition(index)[0] == (
        f"--- {root}/a\n+++ {root}/a\n@@ -1,2 +1,2 @@\n 1\n-2\n+3\n\\ No newline at end of file\n"
        f"--- {root}/bin\n+++ {root}/bin\n"
        "@@ -1 +1 @@\n-\\xff\n\\ No newline at end of file\n+\\xfe\n"
        f"--- /dev/null\n+++ {root}/empty\n"
        f"--- {root}/kept\n+++ /dev/null\n@@ -1 +0,0 @@\n-mine\n\\ No newline at end of file\n"
        f"--- /dev/null\n+++ {root}/new\n@@ -0,0 +1 @@\n+\n"
        f"--- {root}/stale\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    )
    assert tree(root) == before


def test_the_difference_to_a_missing_folder_is_everything(tmp_path: Path) -> None:
    """A folder that is not there is not made either."""
    assert diff(tmp_path / "dist", FIRST).count("--- /dev/null\n") == len(FIRST) + 1
    assert list(tmp_path.iterdir()) == []


CHANGING = {"_carry_out", "sweep", "prune", "put"}
"""The functions of the writer that change a folder, or run while it is being changed."""


def at_line(number: int, act: Callable[[], object]) -> None:
    """Acts when the writer comes to the Nth line that it runs to change a folder."""
    lines = itertools.count()

    def trace(frame: FrameType, event: str, _: object) -> TraceFunction | None:
        if frame.f_code.co_name not in CHANGING:
            return None
        if event == "line" and next(lines) == number:
            sys.settrace(None)
            act()
        return trace

    sys.settrace(trace)


def killed(root: Path, files: Files, number: int) -> None:
    """A run that dies before its Nth line, as by kill -9."""
    at_line(number, lambda: os.kill(os.getpid(), signal.SIGKILL))
    write(root, files)


FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def dies(root: Path, files: Files, number: int) -> bool:
    """Whether the run got as far as its Nth line and was killed there."""
    process = FORKS.Process(target=killed, args=(root, files, number))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


@pytest.mark.parametrize("then", [SECOND, THIRD, {}])
def test_a_run_killed_anywhere_leaves_whole_files_and_the_next_completes(
    tmp_path: Path, then: Files
) -> None:
    """Each file is the old one or the new one; the next run may want something else again."""
    clean = written(tmp_path / "clean", then)
    for number in itertools.count():
        root = tmp_path / str(number)
        write(root, FIRST)
        if not dies(root, SECOND, number):
            break
        assert unfinished(root) <= {*as_bytes(FIRST).items(), *as_bytes(SECOND).items()}
        assert written(root, then) == clean
    assert number > 50


@pytest.mark.parametrize("then", [THIRD, {"new/d.yaml": "d: 2\n", "e": "e: 2\n"}])
def test_runs_killed_one_after_the_other_lose_no_file(tmp_path: Path, then: Files) -> None:
    """What a run left and the next one left is still known as ours to the third."""
    clean = written(tmp_path / "clean", FIRST)
    for numbers in itertools.product(range(8, 90, 9), range(0, 90, 9)):
        root = tmp_path / "-".join(map(str, numbers))
        write(root, FIRST)
        dies(root, SECOND, numbers[0])
        dies(root, then, numbers[1])
        assert written(root, FIRST) == clean


def test_a_run_killed_in_an_empty_folder_owns_what_it_wrote(tmp_path: Path) -> None:
    """The index names each file before it appears."""
    for number in itertools.count():
        root = tmp_path / str(number)
        if not dies(root, FIRST, number):
            break
        assert written(root, {}) == {INDEX: b'{\n  "written-by": "mistersmith-k8s"\n}\n'}


# a file whose `with` is interrupted as it ends is closed by the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_interrupted_run_leaves_no_temporary_file(tmp_path: Path) -> None:
    """Ctrl-C is heard at once, and the next run completes the tree."""

    def interrupt() -> None:
        raise KeyboardInterrupt

    for number in itertools.count():
        root = tmp_path / str(number)
        write(root, FIRST)
        at_line(number, interrupt)
        try:
            write(root, SECOND)
        except KeyboardInterrupt:
            assert [name for name in tree(root) if name.endswith(".tmp")] == []
        else:
            break
        finally:
            sys.settrace(None)
        write(root, SECOND)
        assert tree(root) == as_bytes(SECOND)
    gc.collect()
    assert number > 50


def test_two_runs_at_once_leave_the_tree_of_one(tmp_path: Path) -> None:
    """One waits for the other; the index is that of the tree."""
    outcomes = [written(tmp_path / "first", FIRST), written(tmp_path / "second", SECOND)]
    for number in range(20):
        root = tmp_path / str(number)
        processes = [FORKS.Process(target=write, args=(root, files)) for files in (FIRST, SECOND)]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
        assert [process.exitcode for process in processes] == [0, 0]
        assert everything(root) in outcomes


def written(root: Path, files: Files) -> dict[str, bytes]:
    """The folder after a run, with its index and its empty folders."""
    write(root, files)
    return everything(root)


def everything(root: Path) -> dict[str, bytes]:
    """All that is in a folder; a name that ends in / is a folder with nothing in it."""
    found = {}
    for place in root.rglob("*"):
        name = place.relative_to(root).as_posix()
        if place.is_file():
            found[name] = place.read_bytes()
        elif not any(place.iterdir()):
            found[name + "/"] = b""
    return found


def tree(root: Path) -> dict[str, bytes]:
    """The files of a folder without the index."""
    return {
        name: content
        for name, content in everything(root).items()
        if name != INDEX and not name.endswith("/")
    }


def unfinished(root: Path) -> set[tuple[str, bytes]]:
    """The files that somebody could take for finished."""
    return {item for item in tree(root).items() if not item[0].endswith(".tmp")}


def as_bytes(files: Files) -> dict[str, bytes]:
    """The files as they stand in the folder."""
    return {
        path: content.encode() if isinstance(content, str) else content
        for path, content in files.items()
    }
