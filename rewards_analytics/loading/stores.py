"""Addresses of objects in stores (`s3://`, `gs://`, `abfs://`, `hdfs://`, `file://`), and the Delta tables around them.

Arrow opens the objects. A Delta table is read by its own library, which finds the credentials in the environment as
Arrow does; the endpoint of another S3 than Amazon's is in the address, after a `?`.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pyarrow as pa

from rewards_analytics.errors import SourceError
from rewards_analytics.loading import delta

if TYPE_CHECKING:
    from pyarrow.fs import FileSystem


_KEYS: Final = re.compile("//[^/@]*@")


class Url(str):
    """The address of an object in a store that Arrow can open."""

    __slots__ = ()

    @property
    def label(self) -> str:
        """What messages call it: without the keys that it may have."""
        return _KEYS.sub("//", self)

    def split_query(self) -> tuple[str, str]:
        """The address without a slash at its end, and what follows from the `?` on."""
        address, mark, query = self.partition("?")
        return address.rstrip("/"), mark + query

    def located(self) -> tuple[FileSystem, str]:
        """The store, and the path in it."""
        from pyarrow.fs import FileSystem

        try:
            system, path = FileSystem.from_uri(self)
        except (OSError, pa.ArrowException) as error:
            raise self.unreadable(error) from error
        return system, path

    def size(self) -> int:
        """Bytes of the object, 0 if the store does not say."""
        system, path = self.located()
        try:
            return int(system.get_file_info(path).size or 0)
        except (OSError, pa.ArrowException):
            return 0  # reading it raises the error that says why

    def unreadable(self, error: Exception) -> SourceError:
        """The error for an address that cannot be opened."""
        return SourceError(f"{self.label} cannot be opened: {error}. Check the address and the access to it.")


def local_path(url: Url) -> str | None:
    """The path of a file or folder on this machine; None if the address names another store, or nothing."""
    if not url.startswith("file:"):
        return None
    path = url.located()[1]
    return path if os.path.lexists(path) else None


def table_around(url: Url) -> Url | None:
    """The Delta table that an address is, or lies in."""
    system, path = url.located()
    address, query = url.split_query()
    names = path.rstrip("/").split("/")
    for above in range(len(names)):
        folder = "/".join(names[: len(names) - above])
        try:
            if _is_folder(system, f"{folder}/{delta.LOG}"):
                return Url(address.rsplit("/", above)[0] + query)
        except (OSError, pa.ArrowException):
            return None  # whoever may open an object need not be allowed to list its folder
    return None


def table_files(table: Url) -> Iterator[tuple[Url, dict[str, str | None]]]:
    """The objects of the current version of a Delta table, and the columns that are not in them."""
    address, query = table.split_query()
    for path, given in delta.current_files(_KEYS.sub("//", address), _options(table)):
        yield Url(path if "://" in path else f"{address}/{quote(path)}{query}"), given


def require_object(url: Url) -> None:
    """Refuse a folder."""
    system, path = url.located()
    try:
        is_folder = _is_folder(system, path)
    except (OSError, pa.ArrowException) as error:
        raise url.unreadable(error) from error
    if is_folder:
        raise SourceError(
            f"{url.label} is a folder of a store, and not a Delta table. List the addresses of the files "
            "in it, or copy it and load the copy."
        )


def is_within(url: Url, folder: Url) -> bool:
    """Whether an address is that of a folder, or of something below it."""
    inner, outer = (unquote(each.split_query()[0]) for each in (url, folder))
    return f"{inner}/".startswith(f"{outer}/")


def _is_folder(system: FileSystem, path: str) -> bool:
    from pyarrow.fs import FileType

    return bool(system.get_file_info(path).type == FileType.Directory)


def _options(url: Url) -> dict[str, str]:
    """What an address of S3 says to Arrow, in the words of the library for Delta tables."""
    parts = urlsplit(url)
    said = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    options = {"AWS_REGION": said["region"]} if "region" in said else {}
    if parts.username and parts.password:
        options |= {"AWS_ACCESS_KEY_ID": unquote(parts.username), "AWS_SECRET_ACCESS_KEY": unquote(parts.password)}
    if endpoint := said.get("endpoint_override"):
        scheme = said.get("scheme", "https")
        options["AWS_ENDPOINT_URL"] = endpoint if "://" in endpoint else f"{scheme}://{endpoint}"
        options["AWS_ALLOW_HTTP"] = str(scheme == "http").lower()
    return options


TableOf = Callable[[Url], Url | None]
"""`table_around`, which may keep what it found for a folder."""
