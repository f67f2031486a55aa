"""The fork server as its client sees it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from typing import Any, Self

import cloudpickle

from sweeps.fork_server.server import THREAD_VARIABLES, UnfitServer

# Seconds that interrupted jobs may take to end.
GRACE = 30
# What the server runs: sys.path first, by which it finds the rest.
PROGRAM = """
import sys
sys.path[:], sys.argv[:] = {path!r}, {argv!r}
from sweeps.fork_server.server import main
main({descriptor})
"""


class JobKilled(Exception):  # noqa: N818 -- what became of a job
    """The end of a job whose process was killed, or exited by itself."""


class ForkServer:
    """A process that imports and calls what it is sent, and forks jobs. It starts with the first request."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection
        # what it has been told to import
        self._modules: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server at once, whatever it imports or calls; it has nothing to lose."""
        if self._process is not None:
            self._connection.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def preload(self, modules: Sequence[str]) -> None:
        """Let the server import modules, and don't wait for it."""
        self._modules += modules
        self._send("preload", self._modules)

    def call(self, function: Callable[[], Any]) -> Any:
        """Call a function in the server; return what it returns, or raise what it raises."""
        return self._answer("call", cloudpickle.dumps(function))

    def run(
        self, job: Callable[[Any], Any], arguments: Sequence[Any], n_jobs: int, restarts: int = 0
    ) -> list[Any]:
        """Call a job with each of the arguments, each in a process of its own, so many at a time.

        Return what each returned. Where one raises, interrupt the others and raise its exception;
        JobKilled where its process was killed, and that happened more than `restarts` times: one that was
        killed is called again, and the others go on.
        """
        self._load(cloudpickle.dumps(job))
        threads = _count_threads(n_jobs)
        values: dict[int, Any] = {}
        running: set[int] = set()
        waiting = list(range(len(arguments)))
        try:
            while waiting or running:
                while waiting and len(running) < n_jobs:
                    number = waiting.pop(0)
                    running.add(number)
                    # The server's environment is of the time when it was started.
                    self._send("fork", number, arguments[number], dict(os.environ), threads)
                number, outcome, status = self._receive(self._connection.recv)
                running.remove(number)
                if outcome is None and restarts:
                    restarts -= 1
                    waiting.insert(0, number)
                    continue
                if outcome is None:
                    raise JobKilled(f"the process of job {number} ended with {status}")
                values[number] = _result(outcome)
        except BaseException:
            self._interrupt(running)
            raise
        return [values[number] for number in range(len(arguments))]

    def _load(self, job: bytes) -> None:
        """Let the server load a job; replace it first where what it was called for left threads behind.

        Raises UnfitServer where imports alone do.
        """
        try:
            self._answer("load", job)
        except UnfitServer:
            self.close()
            self._answer("load", job)

    def _interrupt(self, running: set[int]) -> None:
        """Interrupt the jobs that run and wait until they have ended; kill those that don't.

        A Ctrl-C of the terminal has reached them already; that of `kill` has not.
        """
        if not running or self._process is None:
            return
        with suppress(ServerKilled):
            self._send("signal", signal.SIGINT)
            deadline = time.monotonic() + GRACE
            while running:
                if not self._connection.poll(max(0, deadline - time.monotonic())):
                    self._send("signal", signal.SIGKILL)
                    deadline = time.monotonic() + GRACE
                number, *_ = self._receive(self._connection.recv)
                running.discard(number)

    def _answer(self, method: str, argument: bytes) -> Any:
        """Return what the server answers to a message, or raise what it does."""
        self._send(method, argument)
        return _result(self._receive(self._connection.recv_bytes))

    def _send(self, method: str, *arguments: Any) -> None:
        if self._process is None:
            self._start()
        self._receive(lambda: self._connection.send((method, *arguments)))

    def _receive(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except (EOFError, ConnectionError):
            self.close()
            raise ServerKilled("the process that starts workers was killed") from None

    def _start(self) -> None:
        self._connection, theirs = Pipe()
        program = PROGRAM.format(path=sys.path, argv=sys.argv, descriptor=theirs.fileno())
        options = [f"-W{option}" for option in sys.warnoptions]
        environment = {
            **os.environ,
            **dict.fromkeys(THREAD_VARIABLES, "1"),
            # Asked in the usual way whether there are devices, torch would make forks of it useless.
            "PYTORCH_NVML_BASED_CUDA_CHECK": "1",
        }
        # A Ctrl-C before the server ignores it would end it.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
        try:
            self._process = subprocess.Popen(
                [sys.executable, *options, "-c", program], pass_fds=[theirs.fileno()], env=environment
            )
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        theirs.close()
        self._send("preload", self._modules)


class ServerKilled(Exception):  # noqa: N818 -- what became of the server
    """The end of the server in the middle of its work."""


_current: ForkServer | None = None


@contextmanager
def current_server() -> Iterator[ForkServer]:
    """Yield this process's server, the same for all that ask for it within the block."""
    global _current
    if _current is not None:
        yield _current
        return
    with ForkServer() as _current:
        try:
            yield _current
        finally:
            _current = None


def _result(outcome: bytes) -> Any:
    value, error = cloudpickle.loads(outcome)
    if error is not None:
        raise error
    return value


def _count_threads(n_jobs: int) -> int:
    """Return the threads of each of so many jobs: the user's number, or a share of the cores."""
    requested = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(requested) if requested.isdigit() else max(1, cores // n_jobs)
