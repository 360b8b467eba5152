"""Programs run one by one, each as if it were alone on the machine.

``ForkServer("torch", "cv2")`` pays those imports once. Each program then gets
a child of its own: an empty folder, its own process group, an isolated path
(``python -I``: not our repository), warnings as errors, and a time limit. The
server imports and never computes, so there are no threads or locks to inherit.

``FreshInterpreters`` does the same with ``python -I`` for each program: slow,
and right on every system. ``runner`` takes the first where Linux allows it.
"""

import contextlib
import json
import linecache
import os
import select
import signal
import subprocess
import sys
import tempfile
import traceback
import types
import warnings
from pathlib import Path

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MPLBACKEND": "agg",
}


# What the fork server imports once for all programs.
PRELOAD = (
    "cv2",
    "matplotlib.figure",
    "numpy",
    "skimage.data",
    "sklearn.datasets",
    "torch",
    "torch._dynamo",
)


class FreshInterpreters:
    def run(self, code: str, limit: float = 60) -> str:
        """What the program prints; RuntimeError if it fails or complains."""
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder, "program.py")
            program.write_text(code, encoding="utf-8")
            empty = Path(folder, "empty")
            empty.mkdir()
            try:
                done = subprocess.run(
                    [
                        sys.executable,
                        "-I",
                        "-W",
                        "error",
                        "-X",
                        "utf8",
                        program,
                    ],
                    cwd=empty,
                    env=os.environ | ONE_THREAD,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    encoding="utf-8",
                    timeout=limit,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise RuntimeError(f"longer than {limit} s") from None
        if done.returncode or done.stderr:
            raise RuntimeError(
                f"exit {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done.stdout

    def close(self) -> None:
        pass


class ForkServer:
    def __init__(self, *modules: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-X", "utf8", __file__, *modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | ONE_THREAD,
        )

    def run(self, code: str, limit: float = 60) -> str:
        """What the program prints; RuntimeError if it fails or complains."""
        assert self.process.stdin and self.process.stdout
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "empty").mkdir()
            job = {"code": code, "folder": folder, "limit": limit}
            print(json.dumps(job), file=self.process.stdin, flush=True)
            status = self.process.stdout.readline().strip()
            out, err = (
                Path(folder, name).read_text(encoding="utf-8")
                for name in ("out", "err")
            )
        if status == "timeout":
            raise RuntimeError(f"longer than {limit} s\n{out}{err}")
        if status != "0" or err:
            raise RuntimeError(f"exit {status or 'unknown'}\n{out}{err}")
        return out

    def close(self) -> None:
        with self.process:  # closes the pipes and waits
            pass


def runner(*modules: str) -> ForkServer | FreshInterpreters:
    return (
        ForkServer(*modules) if sys.platform == "linux" else FreshInterpreters()
    )


def serve(modules: list[str]) -> None:
    for module in modules:
        __import__(module)
    if (threads := len(list(Path("/proc/self/task").iterdir()))) > 1:
        raise RuntimeError(f"{threads} threads: fork would inherit their locks")
    replies = os.dup(1)
    for line in sys.stdin:
        job = json.loads(line)
        child = os.fork()
        if child == 0:
            be_a_program(**job)
        watch = os.pidfd_open(child)
        in_time, *_ = select.select([watch], [], [], job["limit"])
        if in_time:
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        kill_group(child)  # on time or not, nothing of it stays behind
        _, status = os.waitpid(child, 0)
        os.close(watch)
        verdict = os.waitstatus_to_exitcode(status) if in_time else "timeout"
        os.write(replies, f"{verdict}\n".encode())


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def be_a_program(code: str, folder: str, limit: float) -> None:
    os.setsid()
    for number, name in ((0, os.devnull), (1, "out"), (2, "err")):
        mode = os.O_RDWR | os.O_CREAT
        os.dup2(os.open(Path(folder, name), mode), number)
    os.chdir(Path(folder, "empty"))
    sys.stdin, sys.argv = open(0), ["program.py"]  # noqa: SIM115
    main = sys.modules["__main__"] = types.ModuleType("__main__")
    name = "<program>"
    linecache.cache[name] = (len(code), None, code.splitlines(True), name)
    warnings.resetwarnings()
    warnings.simplefilter("error")
    status = 0
    try:
        exec(compile(code, name, "exec"), vars(main))
    except SystemExit as stop:
        status = int(bool(stop.code))
    except BaseException:
        traceback.print_exc()
        status = 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    serve(sys.argv[1:])
