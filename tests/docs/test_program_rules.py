"""What slicing keeps, what it leaves out, and what it refuses by name."""

import re
from pathlib import Path

import pytest
from program import NotSliceable, complete, program

AREA = (
    "SIZE = 3\n\n\ndef main():\n    return SIZE\n\n\n"
    "def area(n=SIZE):\n    return n * n\n"
)
OTHERS = {
    "area.py": AREA,
    "alias.py": "import math as F\ndef g(x): return F.pi\n",
    "hides.py": "def max(): return 0\n",
    "lowest.py": "def lowest(x): return max(x)\n",
    "passes_on.py": "from examples.t.area import area\n",
    "one.py": "from examples.t.two import b\ndef a(): b()\n",
    "two.py": "from examples.t.one import a\ndef b(): a()\n",
}


def write(folder: Path, code: str, name: str = "it.py") -> Path:
    path = folder / "examples" / "t" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, encoding="utf-8")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, code in OTHERS.items():
        write(tmp_path, code, name)
    return tmp_path


def section(body: str, rest: str = "", name: str = "s") -> str:
    return f"{rest}\n# --8<-- [start:{name}]\n{body}\n# --8<-- [end:{name}]\n"


REFUSED = {
    "star import": ("from math import *", "a star import: import the names"),
    "relative import": ("from . import area", "from examples.… import Name"),
    "dotted import": ("import os.path", "import os.path as …"),
    "future import": (
        "from __future__ import annotations",
        "quote the annotation",
    ),
    "our module, not its name": (
        "import examples.t.area as b",
        "by their own name",
    ),
    "our name under another": (
        "from examples.t.area import area as other",
        "by their own name",
    ),
    "our package": (
        "from examples.t import area\ndef f(): area",
        "examples.t is not a file of ours",
    ),
    "our name that is not there": (
        "from examples.t.area import absent\ndef f(): absent()",
        "examples.t.area does not define absent",
    ),
    "re-export": (
        "from examples.t.passes_on import area\ndef f(): area()",
        "only re-exports area: import it from examples.t.area",
    ),
    "our import inside a function": (
        "def f():\n    from examples.t.area import area",
        "at the top of the file",
    ),
    "cycle between modules": (
        "from examples.t.one import a\ndef f(): a()",
        "in a circle, it → one → two → one",
    ),
    "seed at import": (
        "import torch\ntorch.manual_seed(0)\ndef f(): torch",
        "a module only defines: move this",
    ),
    "print at import": (
        "print('hello')\ndef f(): pass",
        "a module only defines",
    ),
    "loop at import": (
        "for i in range(3): pass\ndef f(): pass",
        "only defines",
    ),
    "data read at import": (
        "from skimage.data import camera\nPHOTO = camera()\ndef f(): PHOTO",
        r"camera\(\) works when the module is imported",
    ),
    "generator at import": (
        "import numpy as np\nRNG = np.random.default_rng(0)\ndef f(): RNG",
        r"np.random.default_rng\(\) works",
    ),
    "registry": ("R = {}\ndef f(): R", r"\(a registry\?\)"),
    "list to be filled": ("L = []\ndef f(): L", "to be filled later"),
    "subscript store": ("R = {1: 2}\nR['x'] = 1\ndef f(): R", "only defines"),
    "augmented assignment": ("N = 1\nN += 1\ndef f(): N", "only defines"),
    "decorator that registers": (
        "class R:\n    def add(self, f): return f\n"
        "def table(): pass\n@table.register\ndef f(): pass",
        "@table.register registers this with table",
    ),
    "global": ("N = 0\ndef f():\n    global N", "return the value instead"),
    "__file__": ("def f(): return __file__", "pass what you need"),
    "name bound by exec": (
        "def f(): exec('a = 1')",
        "exec means something else",
    ),
    "name bound by globals": ("def f(): globals()['a'] = 1", "globals means"),
    "eval": ("def f(): return eval('1')", "eval means"),
    "bound twice": ("N = 1\nN = 2\ndef f(): N", "'N' is bound twice"),
    "function bound twice": (
        "def g(): pass\ndef g(): return 1\ndef f(): g()",
        "'g' is bound twice",
    ),
    "import that may fail": (
        "try:\n    import cv2\nexcept ImportError:\n    cv2 = None\ndef f(): cv2",
        "only defines",
    ),
    "if TYPE_CHECKING": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    import torch\ndef f(x: 'torch.Tensor'): pass",
        "import the name plainly",
    ),
    "undefined name": ("def f(): return absent", "'absent' is defined nowhere"),
    "undefined name in a quoted type": (
        "def f(x: 'Absent'): pass",
        "'Absent' is defined nowhere",
    ),
    "one name in two modules": (
        "from examples.t.area import area\nSIZE = 4\ndef f(): return area(SIZE)",
        "'SIZE' means two things",
    ),
    "one name for two imports": (
        "from examples.t.alias import g\nimport numpy as F\ndef f(): g(F)",
        "'F' means two things",
    ),
    "builtin hidden by another module": (
        "from examples.t.hides import max\nfrom examples.t.lowest import lowest\n"
        "def f(): max()\ndef g(): f()\ndef h(): lowest(f)",
        "'max' is a builtin here and hidden",
    ),
    "class body that reads and binds a global": (
        "size = 3\nclass K:\n    size = size",
        "'size' is read and bound in one class body",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_file_line_and_remedy(folder: Path, case: str) -> None:
    code, message = REFUSED[case]
    path = write(folder, section(code))
    with pytest.raises(NotSliceable, match=message) as refusal:
        program(path, "s")
    assert re.match(r".+\.py:\d+: ", str(refusal.value))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("A = 1\n", "no section 's'; there are"),
        (section("# only a remark"), "section 's' covers no statement"),
        (section(""), "section 's' covers no statement"),
        ("# --8<-- [start:s]\nA = 1\n", "section 's' has no end"),
        ("A = 1\n# --8<-- [end:s]\n", "section 's' ends before it starts"),
        (section("A = 1") + section("B = 2"), "section 's' starts twice"),
    ],
)
def test_section_that_shows_nothing_is_refused(
    folder: Path, code: str, message: str
) -> None:
    with pytest.raises(NotSliceable, match=message):
        program(write(folder, code), "s")


POOL = {
    "CONST": "CONST = 1",
    "helper": "def helper(x=0): return x",
    "deco": "def deco(f): return f",
    "Base": "class Base: pass",
    "Other": "class Other: pass",
    "Meta": "class Meta(type): pass",
}
KEPT = {
    "default argument": ("def f(n=CONST): pass", {"CONST"}),
    "decorator": ("@deco\ndef f(): pass", {"deco"}),
    "decorator of a method": (
        "class K:\n    @deco\n    def m(self): pass",
        {"deco"},
    ),
    "base and metaclass": (
        "class K(Base, metaclass=Meta): pass",
        {"Base", "Meta"},
    ),
    "quoted types": (
        "def f(x: 'Base') -> 'list[Other]': pass",
        {"Base", "Other"},
    ),
    "quoted type inside a type": ("def f(x: list['Base']): pass", {"Base"}),
    "type of an attribute": (
        "class K:\n    field: 'Base'\n    n: int = CONST",
        {"Base", "CONST"},
    ),
    "dataclass": (
        "from dataclasses import dataclass, field\n@dataclass\nclass K:\n"
        "    n: int = CONST\n    x: list = field(default_factory=lambda: [helper()])",
        {"CONST", "helper"},
    ),
    "comprehension reads a global": (
        "f = [CONST for x in (1, 2)]",
        {"CONST"},
    ),
    "comprehension's own name": (
        "def f():\n    return [CONST for CONST in range(3)]",
        set(),
    ),
    "comprehension's first iterable": (
        "def f(): return [x for x in helper()]",
        {"helper"},
    ),
    "generator in a class body": (
        "class K:\n    n = sum(helper(x) for x in (1, 2)) if False else 0",
        {"helper"},
    ),
    "lambda": ("f = lambda x=CONST: helper(x)", {"CONST", "helper"}),
    "parameter of the same name": ("def f(CONST): return CONST", set()),
    "local of the same name": (
        "def f():\n    CONST = 2\n    return CONST",
        set(),
    ),
    "local bound by a loop": (
        "def f():\n    for CONST in range(3): pass\n    return CONST",
        set(),
    ),
    "local bound by with and except": (
        "def f():\n    try:\n        pass\n    except OSError as CONST:\n"
        "        raise CONST from None",
        set(),
    ),
    "local import": ("def f():\n    import math as CONST\n    CONST.pi", set()),
    "attribute of the same name": (
        "class K:\n    def top(self):\n        return self.CONST",
        set(),
    ),
    "keyword of the same name": ("def f(g): return g(CONST=1)", set()),
    "closure": (
        "def f():\n    def g():\n        nonlocal x\n        x = helper\n    x = 0",
        {"helper"},
    ),
    "method sees past the class body": (
        "class K:\n    CONST = 5\n    def m(self): return CONST",
        {"CONST"},
    ),
    "f-string": ("def f(): return f'{CONST:>{helper}}'", {"CONST", "helper"}),
    "match": (
        "def f(x):\n    match x:\n        case Base(): return CONST",
        {"Base", "CONST"},
    ),
    "walrus": ("def f():\n    if (n := CONST): return n", {"CONST"}),
    "constant from a constant": ("A, B = CONST, 2", {"CONST"}),
    "nothing": ("f = 1", set()),
    "cast": (
        "from typing import cast\ndef f(x): return cast('Base', x)",
        {"Base"},
    ),
    "bound of a type variable": (
        "from typing import TypeVar\nT = TypeVar('T', bound='Base')",
        {"Base"},
    ),
    "literal strings are no names": (
        "from typing import Literal\ndef f(x: Literal['Base']): pass",
        set(),
    ),
    "except clause": (
        "class E(Exception): pass\ndef f():\n    try: helper()\n    except E: pass",
        {"helper"},
    ),
    "async": ("async def f(): return helper()", {"helper"}),
    "star arguments": ("def f(*a, **k): return helper(*a, **k)", {"helper"}),
    "string that merely looks like a name": ("def f(): return 'helper'", set()),
    "function called top": (
        "def top():\n    CONST = 1\n    return CONST",
        set(),
    ),
    "isinstance": ("def f(x): return isinstance(x, Base)", {"Base"}),
    "super": (
        "class K(Base):\n    def __init__(self):\n        super().__init__()",
        {"Base"},
    ),
    "property and its setter": (
        "class K:\n    @property\n    def n(self): return CONST\n"
        "    @n.setter\n    def n(self, v): helper(v)",
        {"CONST", "helper"},
    ),
    "overloads": (
        "from typing import overload\n@overload\ndef f(x: int) -> int: ...\n"
        "@overload\ndef f(x: str) -> str: ...\ndef f(x): return helper(x)",
        {"helper"},
    ),
}


@pytest.mark.parametrize("case", KEPT)
def test_keeps_what_is_needed_and_nothing_else(
    tmp_path: Path, case: str
) -> None:
    body, needed = KEPT[case]
    path = write(tmp_path, section(body, "\n".join(POOL.values())))
    whole = program(path, "s")
    kept = {name for name, line in POOL.items() if line in whole.splitlines()}
    assert kept == needed
    exec(whole, {"__name__": "__main__"})


def test_definition_of_another_module_comes_along(folder: Path) -> None:
    code = "from examples.t.area import area\nimport math\n"
    path = write(folder, section("def f(): return area()", code))
    assert program(path, "s") == (
        "SIZE = 3\n\n\ndef area(n=SIZE):\n    return n * n\n\n\n"
        "def f(): return area()\n"
    )


def test_names_that_are_not_needed_do_not_collide(folder: Path) -> None:
    code = "from examples.t.area import area\ndef main(): return area()\n"
    path = write(folder, section(code))
    assert program(path, "s").count("def main") == 1


def test_used_overloads_come_with_their_function(tmp_path: Path) -> None:
    code = (
        "from typing import overload\n@overload\ndef f(x: int) -> int: ...\n"
        "@overload\ndef f(x: str) -> str: ...\ndef f(x): return x\n"
    )
    path = write(tmp_path, section("def g(): return f(1)", code))
    assert program(path, "s").count("def f(") == 3


def test_part_of_a_method_yields_its_class(tmp_path: Path) -> None:
    code = (
        "class K:\n    def a(self):\n        x = 1\n"
        "        # --8<-- [start:s]\n        return x + 1\n"
        "        # --8<-- [end:s]\n\n    def b(self): return 2\n"
    )
    whole = program(write(tmp_path, code), "s")
    assert whole == code.replace("        # --8<-- [start:s]\n", "").replace(
        "        # --8<-- [end:s]\n", ""
    )


def test_nested_sections_are_cut_each_for_itself(tmp_path: Path) -> None:
    inner = section("B = 2", name="inner")
    path = write(tmp_path, section(f"A = 1{inner}C = 3", name="outer"))
    assert program(path, "inner") == "B = 2\n"
    assert program(path, "outer").split() == [
        "A",
        "=",
        "1",
        "B",
        "=",
        "2",
        "C",
        "=",
        "3",
    ]


def test_several_sections_give_their_union_in_order(tmp_path: Path) -> None:
    code = section("A = 1", name="a") + "\nX = 0\n" + section("B = 2", name="b")
    assert program(write(tmp_path, code), "b", "a") == "A = 1\nB = 2\n"


def test_comments_stay_with_what_they_explain(tmp_path: Path) -> None:
    code = "# lost\n\n# why\nA = 1  # unit\n\n\n# how\ndef f():\n    return A\n"
    path = write(tmp_path, code + section("def g(): return f()"))
    whole = program(path, "s")
    assert "# why\nA = 1  # unit\n" in whole
    assert "# how\ndef f():\n    return A\n" in whole
    assert "# lost" not in whole


def test_imports_are_merged_sorted_and_only_those_used(folder: Path) -> None:
    write(
        folder,
        "import json\nimport numpy as np\nfrom math import pi, tau\n"
        "def g(): return np, pi\n",
        "g.py",
    )
    code = (
        "import os\nimport sys\nfrom math import e\n\nimport numpy as np\n\n"
        "from examples.t.g import g\n"
    )
    path = write(folder, section("def f(): return g(), sys, e, np", code))
    assert program(path, "s").startswith(
        "import sys\nfrom math import e, pi\n\nimport numpy as np\n\n\n"
    )


def test_main_brings_the_guard_that_runs_it(tmp_path: Path) -> None:
    code = section("def main():\n    print(1)")
    code += '\n\nif __name__ == "__main__":\n    main()\n'
    whole = program(write(tmp_path, code), "s")
    assert whole.endswith('\n\n\nif __name__ == "__main__":\n    main()\n')
    assert program(write(tmp_path, code)) == whole


def test_module_without_main_is_shown_whole(tmp_path: Path) -> None:
    assert program(write(tmp_path, "A = 1\nB = A\n")) == "A = 1\nB = A\n"


def test_snippet_is_cut_as_a_prefix(tmp_path: Path) -> None:
    path = tmp_path / "snippets/t/it.py"
    path.parent.mkdir(parents=True)
    code = "import math\n\nx = 1\n" + section("y = x + math.pi") + "z = y\n"
    path.write_text(code, encoding="utf-8")
    whole = program(path, "s")
    assert "y = x + math.pi" in whole
    assert "x = 1" in whole
    assert "z = y" not in whole
    assert "--8<--" not in program(path)


def test_snippet_may_not_import_ours(tmp_path: Path) -> None:
    path = tmp_path / "snippets/t/it.py"
    path.parent.mkdir(parents=True)
    path.write_text("from examples.t.area import area\n", encoding="utf-8")
    with pytest.raises(NotSliceable, match="a snippet imports nothing of ours"):
        program(path)


def test_complete_program_names_its_packages(tmp_path: Path) -> None:
    code = (
        '"""Promise."""\n\nimport json\n\nimport cv2\nfrom skimage.data import coins\n'
        "\n\ndef main():\n    print(json, cv2, coins)\n\n\n"
        'if __name__ == "__main__":\n    main()\n'
    )
    pinned = {"opencv-python": "5.0", "scikit-image": "0.26"}
    whole = complete(write(tmp_path, code), pinned)
    assert whole.startswith(
        '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n'
        '#   "opencv-python==5.0",\n#   "scikit-image==0.26",\n# ]\n# ///\n\n'
        '"""Promise."""\n\nimport json\n'
    )
