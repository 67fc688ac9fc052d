"""What the tests of loading share."""

import os
import sys

# Spark starts its workers as `python3`, which need not be the Python that has this package.
os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
