"""Every program of every page in a fresh interpreter, two at a time.

    make test-programs-cold

Prints what fails, and how long it takes beside the fork server of ``make
test``.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.expand import Case, cases
from tests.isolation import PRELOAD, ForkServer, FreshInterpreters


def failure(case: Case) -> str:
    try:
        printed = FreshInterpreters().run(case.code)
    except RuntimeError as problem:
        return f"{case.path}:{case.section}: {problem}"
    if case.expected is not None and printed != case.expected:
        return f"{case.path}:{case.section}: prints\n{printed}"
    return ""


def warm(programs: list[Case]) -> tuple[float, float]:
    start = time.perf_counter()
    server = ForkServer(*PRELOAD)
    server.run("")
    ready = time.perf_counter()
    for case in programs:
        server.run(case.code)
    done = time.perf_counter()
    server.close()
    return ready - start, done - ready


def main() -> None:
    programs = list(cases())
    start = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        failures = [said for said in pool.map(failure, programs) if said]
    cold = time.perf_counter() - start
    print("\n".join(failures))
    print(f"{len(programs) - len(failures)} passed, {len(failures)} failed")
    print(f"fresh interpreters, two at a time: {cold:.1f} s")
    if sys.platform == "linux" and not failures:
        ready, spent = warm(programs)
        print(f"one fork server: {ready:.1f} s to start, {spent:.1f} s to run")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
