"""Checks in a process of their own, where this one must neither load CUDA nor start threads."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

import torch


def must_stay_forkable() -> bool:
    """Return whether this process forks others that use CUDA: its client has told torch to ask the driver.

    A backward pass and an optimizer's step load CUDA where there is one, whatever they compute on.
    """
    asks_driver = os.environ.get("PYTORCH_NVML_BASED_CUDA_CHECK") == "1"
    return asks_driver and torch.cuda.is_available() and not torch.cuda.is_initialized()


def check_apart(check: Callable[[], None]) -> None:
    """Call a check in a fork. Raises its ValueError here, and another where the fork was killed."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        _answer(check, writer)
    os.close(writer)
    with os.fdopen(reader, "rb") as answer:
        message = answer.read().decode()
    _, status = os.waitpid(pid, 0)
    if code := os.waitstatus_to_exitcode(status):
        raise ValueError(f"model: the process that tried it ended with status {code}; make it smaller")
    if message:
        raise ValueError(message)


def _answer(check: Callable[[], None], writer: int) -> None:
    """Write what the check refuses, and end this process."""
    message = ""
    status = 1
    try:
        check()
        status = 0
    except ValueError as error:
        message, status = str(error), 0
    finally:
        with suppress(BaseException), os.fdopen(writer, "wb") as answer:
            answer.write(message.encode())
        with suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)
