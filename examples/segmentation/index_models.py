"""The small models that are compared: every ``<row>_small.py`` here.

Such a module defines ``NAME``, which tables print, and ``small(classes)``;
``canonical()``, where it has one, is the published configuration. Rows come
in the order of the outline, variants of a page (``fcn_32s``) after it.

Raises ValueError for a module that belongs to no page of the chapter.
"""

from importlib import import_module
from importlib.resources import files

import torch
from torch import nn

PAGES = (
    *("fcn", "unet", "segnet", "deeplab_v1", "pspnet", "deeplab_v2"),
    *("mobilenet_v1", "deeplab_v3", "deeplab_v3_plus", "enet"),
    *("mobilenet_v2", "icnet", "bisenet", "hrnet", "danet", "fast_scnn"),
    *("ocrnet", "ccnet", "mobilenet_v3", "segformer", "setr"),
    *("maskformer", "sam"),
)
SUFFIX = "_small.py"


def page_of_row(row: str) -> str:
    """``fcn`` for ``fcn_32s``, ``deeplab_v3_plus`` for its own row."""
    fitting = [page for page in PAGES if f"{row}_".startswith(f"{page}_")]
    if not fitting:
        raise ValueError(f"row is {row!r}; must begin with one of {PAGES}")
    return max(fitting, key=len)


def small_rows() -> list[str]:
    names = [file.name for file in files("examples.segmentation").iterdir()]
    rows = [n.removesuffix(SUFFIX) for n in names if n.endswith(SUFFIX)]
    return sorted(rows, key=lambda r: (PAGES.index(page_of_row(r)), len(r), r))


def module_name(row: str) -> str:
    return f"examples.segmentation.{row}_small"


def name_of(row: str) -> str:
    return import_module(module_name(row)).NAME


def small_model(row: str, classes: int, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    return import_module(module_name(row)).small(classes)


def canonical_model(row: str) -> nn.Module | None:
    """The published configuration on the meta device, if there is one."""
    build = getattr(import_module(module_name(row)), "canonical", None)
    if build is None:
        return None
    with torch.device("meta"):
        return build()
