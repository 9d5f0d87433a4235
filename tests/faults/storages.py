"""A storage that does as it likes."""

from pathlib import PurePosixPath

from django.core.files.storage import FileSystemStorage


class Renaming(FileSystemStorage):
    """A storage that gives every sprite another name than it is asked for."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """Return the name with a word of its own in it."""
        path = PurePosixPath(name)
        if path.suffix == ".probe":
            return name
        return str(path.with_name(f"{path.stem}-renamed{path.suffix}"))
