"""Runs MiniStack, and ends it with its whole process group once standard input closes: it never outlives who started it."""

import os
import runpy
import signal
import sys
import threading


def end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with_parent, daemon=True).start()
sys.argv = ["ministack"]
runpy.run_module("ministack", run_name="__main__")
