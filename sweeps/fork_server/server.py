"""The server's own process: it imports, calls and forks what its client sends, one message after another.

It has one thread, opens no storage and holds no lock: what it forks starts from a clean state.
"""

import gc
import os
import random
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

import cloudpickle

# Libraries read them when they are loaded, so in the server: one thread.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
)


class UnfitServer(Exception):  # noqa: N818 -- what became of the server
    """A server whose forks could wait forever for a thread, or not use CUDA, which starts threads too."""


@dataclass(frozen=True)
class Child:
    """A forked process."""

    pid: int
    # the job's number, by which the client knows it
    number: int
    # gives what the job returned, or ends where the process was killed
    results: Connection


class Server:
    """Answers its client until that ends."""

    def __init__(self, client: Connection) -> None:
        self.client = client
        self.children: list[Child] = []
        self.job: Callable[[Any], Any] | None = None

    def serve(self) -> None:
        """Answer messages, and report each child's end."""
        while True:
            for connection in wait([self.client, *(child.results for child in self.children)]):
                if connection is self.client:
                    method, *arguments = self.client.recv()
                    getattr(self, method)(*arguments)
            for child in [child for child in self.children if child.results.poll()]:
                self._report(child)

    def preload(self, modules: list[str]) -> None:
        """Import modules that will be needed; one that can't be imported is an error where it is."""
        for module in modules:
            with suppress(ImportError):
                import_module(module)

    def call(self, function: bytes) -> None:
        """Call a function and answer with its outcome."""
        self.client.send_bytes(_outcome(lambda: cloudpickle.loads(function)()))

    def load(self, job: bytes) -> None:
        """Load what children will run, so that they don't import it each."""
        self.job = None

        def load() -> None:
            self.job = cloudpickle.loads(job)
            if _count_threads() > 1:
                raise UnfitServer(
                    "an import has started threads, which forks lack; write hydra/launcher=joblib"
                )

        self.client.send_bytes(_outcome(load))

    def fork(self, number: int, argument: Any, environment: dict[str, str], threads: int) -> None:
        """Start a child that calls the loaded job with an argument, in the client's environment."""
        reader, writer = Pipe(duplex=False)
        gc.freeze()  # a collection in a child would copy the memory that it shares with the others
        pid = os.fork()
        if pid == 0:
            self._run_child(writer, argument, environment, threads)
        writer.close()
        self.children.append(Child(pid, number, reader))

    def signal(self, number: int) -> None:
        """Send a signal to all children."""
        for child in self.children:
            os.kill(child.pid, number)

    def _report(self, child: Child) -> None:
        """Tell the client how a child ended."""
        outcome = None
        with suppress(EOFError, OSError):  # killed before, or in the middle of its message
            outcome = child.results.recv_bytes()
        child.results.close()
        self.children.remove(child)
        _, status = os.waitpid(child.pid, 0)
        self.client.send((child.number, outcome, os.waitstatus_to_exitcode(status)))

    def _run_child(
        self, results: Connection, argument: Any, environment: dict[str, str], threads: int
    ) -> None:
        """Run the job, send what it returned, and end this process."""
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            self.client.close()
            for child in self.children:
                child.results.close()
            # Processes that the job forks may outlive it, and its end shows by this connection's.
            os.register_at_fork(after_in_child=results.close)
            assert self.job is not None
            job = self.job
            os.environ.clear()
            os.environ.update(environment)
            _share_cores(threads)
            _reseed()
            gc.enable()
            results.send_bytes(_outcome(lambda: job(argument)))
            status = 0
        except KeyboardInterrupt:
            status = 128 + signal.SIGINT
        finally:
            with suppress(BaseException):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)


def _outcome(function: Callable[[], Any]) -> bytes:
    """Return (value, None) or (None, exception), pickled."""
    outcome: tuple[Any, BaseException | None]
    try:
        outcome = function(), None
    except (Exception, SystemExit) as error:
        error.add_note("".join(traceback.format_exception(error)))  # pickled, it loses its traceback
        outcome = None, error
    try:
        pickled: bytes = cloudpickle.dumps(outcome)
    except Exception as error:
        pickled = cloudpickle.dumps((None, RuntimeError(f"{outcome!r} can't be sent: {error}")))
    return pickled


def _share_cores(threads: int) -> None:
    """Let libraries compute with so many threads: those that are loaded, and those that will be."""
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    if threads == 1:
        return
    if (torch := sys.modules.get("torch")) is not None:
        torch.set_num_threads(threads)
    with suppress(ImportError):
        from threadpoolctl import threadpool_limits

        threadpool_limits(threads)


def _count_threads() -> int:
    """Return the threads of this process, those of its libraries included where the system tells."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.exists() else threading.active_count()


def _reseed() -> None:
    """Give this process random numbers of its own."""
    random.seed()
    if (numpy_random := sys.modules.get("numpy.random")) is not None:
        numpy_random.seed()


def main(descriptor: int) -> None:
    """Serve the client at the other end of a socket until it ends; children go on."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
    gc.disable()
    with suppress(EOFError, OSError):
        Server(Connection(descriptor)).serve()
    os._exit(0)
