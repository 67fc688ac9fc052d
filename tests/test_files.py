"""A file is written whole or not at all; a link is followed; a device, a pipe or a descriptor is written into."""

import os
import socket
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rewards_analytics import files
from rewards_analytics.errors import RewardsError
from rewards_analytics.files import is_stream, whole_file, writable_folder

posix_only = pytest.mark.skipif(os.name != "posix", reason="links, pipes and permissions of POSIX")
pytestmark = posix_only


@pytest.fixture(params=["nameless", "named"], autouse=True)
def kind(request, monkeypatch):
    """The data has no name until it is complete; or it has one, as on file systems that need it."""
    if request.param == "named":
        monkeypatch.setattr(files, "_nameless", lambda _: None)
    return request.param


def write(path, data=b"new"):
    with whole_file(path) as file:
        file.write(data)


def mode_of(path):
    return stat.S_IMODE(path.lstat().st_mode)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- Regular files ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a", "a.csv", ".hidden", "with blanks", "日" * 85, "x" * 255])
def test_a_new_file_appears_when_it_is_complete(tmp_path, name):
    with whole_file(tmp_path / name) as file:
        file.write(b"new")
        assert not (tmp_path / name).exists()

    assert (tmp_path / name).read_bytes() == b"new"
    assert names(tmp_path) == [name]


def test_an_old_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    with path.open() as reader:
        with whole_file(path) as file:
            file.write(b"new")
            file.flush()
            assert path.read_text() == "old"

        assert path.read_text() == "new"
        assert reader.read() == "old"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, MemoryError])
def test_after_an_error_nothing_has_changed(tmp_path, error):
    path = tmp_path / "a"
    path.write_text("old")

    with pytest.raises(error), whole_file(path) as file:  # noqa: PT012
        file.write(b"new")
        raise error

    assert path.read_text() == "old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755, 0o400])
def test_a_replaced_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "a"
    path.write_text("old")
    path.chmod(mode)

    write(path)

    assert path.read_text() == "new"
    assert mode_of(path) == mode


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664), (0o000, 0o666)])
def test_a_new_file_gets_the_permissions_of_the_umask(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(before)

    assert mode_of(tmp_path / "a") == mode


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
def test_a_replaced_file_keeps_its_owner(tmp_path):
    path = tmp_path / "a"
    path.write_text("old")
    os.chown(path, 1234, 2345)

    write(path)

    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_unfinished_data_is_readable_only_by_its_owner(tmp_path, kind):
    with whole_file(tmp_path / "a") as file:
        file.write(b"new")
        unfinished = [mode_of(path) for path in tmp_path.iterdir()]

    assert unfinished == ([] if kind == "nameless" else [0o600])


KIND = "if sys.argv[2] == 'named': files._nameless = lambda folder: None\n"


def test_a_killed_process_leaves_nothing_that_others_can_read(tmp_path, kind):
    program = (
        f"import os, signal, sys\nfrom rewards_analytics import files\n{KIND}"
        "with files.whole_file(sys.argv[1] + '/a') as file:\n"
        "    file.write(b'new'), file.flush(), os.kill(os.getpid(), signal.SIGKILL)"
    )

    ended = subprocess.run([sys.executable, "-c", program, tmp_path, kind], check=False)

    assert ended.returncode == -9
    left = [] if kind == "nameless" and files._nameless(tmp_path) else [0o600]
    assert [mode_of(path) for path in tmp_path.glob(files.UNFINISHED)] == left
    assert not (tmp_path / "a").exists()


def test_a_process_that_ends_early_removes_what_it_was_writing(tmp_path, kind):
    program = (
        f"import os, sys\nfrom rewards_analytics import files\n{KIND}"
        "with files.whole_file(sys.argv[1] + '/a') as file, files.temporary_folder('rewards-') as folder:\n"
        "    file.write(b'new'), (folder / 'data').write_text('data')\n"
        "    assert folder.stat().st_mode & 0o777 == 0o700\n"
        "    files.remove_temporary()\n"
        "    os._exit(os.path.exists(folder) + 2)"
    )

    ended = subprocess.run([sys.executable, "-c", program, tmp_path, kind], check=False)

    assert ended.returncode == 2
    assert names(tmp_path) == []


def test_a_folder_is_removed_again_at_the_end_if_a_thread_made_it_anew_after_an_error():
    program = (
        "from pathlib import Path\nfrom rewards_analytics import files\n"
        "try:\n"
        "    with files.temporary_folder('rewards-') as folder:\n"
        "        raise OSError\n"
        "except OSError:\n"
        "    assert not folder.exists()\n"
        "folder.mkdir(), (folder / 'late').touch(), print(folder)"
    )

    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert not Path(ended.stdout.strip()).exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("end", ["sys.exit()", "files.remove_temporary()", "pass"])
@pytest.mark.parametrize("kind", ["nameless", "named"])
def test_a_fork_leaves_what_its_parent_is_writing(tmp_path, kind, end):
    program = (
        f"import os, sys\nfrom rewards_analytics import files\n{KIND}"
        "with (\n"
        "    files.whole_file(sys.argv[1] + '/file') as file,\n"
        "    files.whole_folder(sys.argv[1] + '/folder') as folder,\n"
        "    files.temporary_folder('rewards-') as scratch,\n"
        "):\n"
        "    if not (child := os.fork()):\n"
        f"        {end}\n"
        "        sys.exit()\n"
        "    os.waitpid(child, 0)\n"
        "    file.write(b'new'), (folder / 'data').write_text('data'), (scratch / 'data').write_text('data')\n"
    )

    subprocess.run([sys.executable, "-c", program, tmp_path, kind], check=True)

    assert names(tmp_path) == ["file", "folder"]
    assert (tmp_path / "folder" / "data").exists()


# --- Symbolic links ---------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["a", "./a", "folder/../a", "{tmp}/a", "second"])
def test_a_link_is_followed_and_stays(tmp_path, target):
    (tmp_path / "folder").mkdir()
    (tmp_path / "second").symlink_to("a")
    (tmp_path / "a").write_text("old")
    (tmp_path / "a").chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(target.format(tmp=tmp_path))

    write(link)

    assert link.is_symlink()
    assert (tmp_path / "a").read_text() == "new"
    assert mode_of(tmp_path / "a") == 0o640
    assert names(tmp_path) == ["a", "folder", "link", "second"]


def test_a_link_into_another_folder_is_replaced_there(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to("../there/a")

    write(tmp_path / "here" / "link")

    assert (tmp_path / "there" / "a").read_text() == "new"
    assert names(tmp_path / "here") == ["link"]


def test_a_link_through_a_linked_folder_is_followed_from_where_it_is(tmp_path):
    (tmp_path / "deep" / "folder").mkdir(parents=True)
    (tmp_path / "short").symlink_to("deep/folder")
    (tmp_path / "deep" / "folder" / "link").symlink_to("../a")

    write(tmp_path / "short" / "link")

    assert (tmp_path / "deep" / "a").read_text() == "new"


def test_a_dangling_link_creates_its_target(tmp_path):
    (tmp_path / "link").symlink_to("a")

    write(tmp_path / "link")

    assert (tmp_path / "a").read_text() == "new"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("links", [{"a": "a"}, {"a": "b", "b": "a"}, {"a": "b", "b": "./c", "c": "../folder/a"}])
def test_a_loop_of_links_is_an_error(tmp_path, links):
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, target in links.items():
        (folder / name).symlink_to(target)

    with pytest.raises(RewardsError, match=r"Cannot write .*/a: Too many levels of symbolic links"):
        write(folder / "a")

    assert all(path.is_symlink() for path in folder.iterdir())


def test_a_link_to_a_folder_is_a_folder(tmp_path):
    (tmp_path / "link").symlink_to(".")

    with pytest.raises(RewardsError, match="it is a folder"):
        write(tmp_path / "link")


# --- Devices, pipes and descriptors -----------------------------------------------------------------


@pytest.fixture
def device(tmp_path):
    """Make a character device of our own: 3 is that of /dev/null, 7 that of /dev/full."""

    def make(minor):
        path = tmp_path / "device"
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, minor))
            path.open("rb").close()
        except OSError:
            pytest.skip("no right to make a device here")
        return path

    return make


def test_a_device_is_written_into_and_stays(device, tmp_path):
    path = device(3)
    (tmp_path / "link").symlink_to("device")

    write(path)
    write(tmp_path / "link")

    assert path.is_char_device()
    assert names(tmp_path) == ["device", "link"]


def test_a_full_device_is_an_error(device, tmp_path):
    path = device(7)

    with pytest.raises(RewardsError, match=r"Cannot write .*/device: No space left on device\.$"):
        write(path)

    assert path.is_char_device()
    assert names(tmp_path) == ["device"]


def test_a_pipe_is_written_into_and_stays(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()

    write(pipe, b"x" * 200_000)
    reader.join()

    assert read == [b"x" * 200_000]
    assert pipe.is_fifo()
    assert names(tmp_path) == ["pipe"]


def test_the_position_in_a_pipe_is_the_number_of_bytes(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = threading.Thread(target=(tmp_path / "pipe").read_bytes)
    reader.start()

    with whole_file(tmp_path / "pipe") as file:
        file.write(b"four")
        file.write(memoryview(b"more"))
        position = file.tell()
    reader.join()

    assert position == 8


@pytest.mark.parametrize("path", ["/dev/fd/{}", "/proc/self/fd/{}"])
def test_a_descriptor_is_written_from_where_it_is(tmp_path, path):
    if not Path("/dev/fd").exists():
        pytest.skip("this system does not name descriptors")
    with (tmp_path / "a").open("wb") as file:
        file.write(b"before ")
        file.flush()
        write(path.format(file.fileno()))
        file.write(b" after")

    assert (tmp_path / "a").read_bytes() == b"before new after"


def test_a_socket_is_written_to_by_its_descriptor():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        write(f"/dev/fd/{ours.fileno()}")

        assert theirs.recv(10) == b"new"


def test_a_descriptor_that_is_not_open_is_an_error():
    with pytest.raises(RewardsError, match=r"Cannot write /dev/fd/987: Bad file descriptor\.$"):
        write("/dev/fd/987")


def test_only_what_cannot_be_replaced_is_a_stream(tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    (tmp_path / "loop").symlink_to("loop")

    streams = [path.name for path in (*tmp_path.iterdir(), tmp_path / "absent", tmp_path) if is_stream(path)]

    assert sorted(streams) == ["link", "pipe"]


# --- Paths that are none ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "the path is empty"),
        (".", "it is a folder"),
        ("absent/a", "No such file or directory"),
        ("file/a", "Not a directory"),
        ("x" * 256, "File name too long"),
        ("a/" * 3000 + "a", "File name too long"),
        ("nul\0", "NUL"),
    ],
)
def test_a_path_that_cannot_be_written_is_named_with_the_reason(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")

    with pytest.raises(RewardsError, match=said):
        write(name)

    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize(("name", "said"), [("file", "File exists"), ("file/a", "Not a directory"), ("nul\0", "null")])
def test_a_folder_that_cannot_be_written_to_is_named_with_the_reason(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("old")

    with pytest.raises(RewardsError, match=rf"Cannot write to the folder .*{said}"):
        writable_folder(name)
