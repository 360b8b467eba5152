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


def timed(server: ForkServer | FreshInterpreters, case: Case) -> float:
    """Seconds that one program takes; RuntimeError when it is wrong."""
    start = time.perf_counter()
    printed = server.run(case.code)
    if case.expected is not None and printed != case.expected:
        raise RuntimeError(f"prints\n{printed}")
    return time.perf_counter() - start


def cold(case: Case) -> tuple[float, str]:
    try:
        return timed(FreshInterpreters(), case), ""
    except RuntimeError as problem:
        return 0, f"{case.path}:{case.section}: {problem}"


def row(what: str, count: int, fresh: float, forked: float) -> None:
    print(
        f"{what:<38}{count:>5}{fresh:>9.1f} s{forked:>9.1f} s"
        f"{fresh / forked:>8.1f} ×"
    )


def main() -> None:
    programs = list(cases())
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(cold, programs))
    failures = [said for _, said in results if said]
    print("\n".join(failures))
    print(f"{len(programs) - len(failures)} passed, {len(failures)} failed")
    if sys.platform == "linux" and not failures:
        fresh = [seconds for seconds, _ in results]
        start = time.perf_counter()
        server = ForkServer(*PRELOAD)
        server.run("")
        ready = time.perf_counter() - start
        forked = [timed(server, case) for case in programs]
        server.close()
        only = [c.expected is None for c in programs]
        print(f"{'':<43}{'fresh':>11}{'forked':>11}")
        row(
            "programs that define and do not run",
            sum(only),
            sum(t for t, o in zip(fresh, only, strict=True) if o),
            sum(t for t, o in zip(forked, only, strict=True) if o),
        )
        row("all, their own work included", len(only), sum(fresh), sum(forked))
        print(f"the fork server needs {ready:.1f} s to start")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
