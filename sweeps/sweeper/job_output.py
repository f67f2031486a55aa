"""Write what jobs print to files of their own: the terminal belongs to the progress display."""

import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import TextIOBase
from pathlib import Path
from typing import TextIO


class Tee(TextIOBase):
    """Writes to several files."""

    def __init__(self, files: Sequence[TextIO]) -> None:
        self.files = files

    def write(self, text: str) -> int:
        """Write to all."""
        for file in self.files:
            file.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush all."""
        for file in self.files:
            file.flush()


@contextmanager
def output_to(*paths: Path) -> Iterator[None]:
    """Write what is printed and logged within the block to these files, a traceback that ends it too."""
    with ExitStack() as stack:
        files = []
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.append(stack.enter_context(path.open("a")))
        tee = Tee(files)
        stack.enter_context(redirect_stdout(tee))
        stack.enter_context(redirect_stderr(tee))
        try:
            yield
        except Exception:
            traceback.print_exc()
            raise
