"""Libraries that the tests import, loaded once: the process of each mutant is forked from the one that has them.

None of them has used its threads yet, which a fork would not have. Nothing of the package is loaded here.
"""

import gc
from importlib import import_module

from _pytest.config import get_config

LIBRARIES = (
    *("deltalake", "deltalake.exceptions", "hypothesis.strategies", "matplotlib.colors", "matplotlib.font_manager"),
    *("matplotlib.ticker", "narwhals", "narwhals._polars.namespace", "narwhals._polars.group_by", "numpy", "openpyxl"),
    *("pandas", "playwright.sync_api", "polars", "polars.io.plugins", "pyarrow.compute", "pyarrow.dataset"),
    *("pyarrow.fs", "pyarrow.pandas_compat", "pyarrow.parquet", "requests", "tenacity"),
    *("doctest", "pdb", "xml.etree.ElementTree", "starlette.applications", "uvicorn"),
)

for name in LIBRARIES:
    import_module(name)
get_config()  # imports the plugins that pytest always has
gc.freeze()  # pytest collects garbage as it ends, but not in all of this
