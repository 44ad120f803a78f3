"""What the types are for: a misspelt name fails the type check, before anything runs."""

import subprocess
import sys

import pytest

# Each line that ends in a comment has one mistake, which the type checker must find.
MISTAKES = """
import numpy as np

from skxent import _kernels
from skxent._backend import NUMPY
from skxent._intake._as_table import as_table
from skxent._intake._rows import check_distributions, check_labelled, check_pair
from skxent.metrics._reduce import row_values

block = np.ones((2, 2))
codes = np.zeros(2, dtype=np.intp)
rows = check_labelled([0, 1], block, labels=[0, 1], anywhere=True)
check_labelled([0, 1], block, lables=[0, 1])  # call-arg
check_labelled([0, 1], block, labels=[0, 1], device=True)  # call-arg
check_distributions(block, from_logit=False, sample_weight=None)  # call-arg
as_table(block, "y_proba", renormalise=True)  # call-arg
_kernels.entropy_rows(NUMPY, block, block)
_kernels.entropy_row(NUMPY, block, block)  # attr-defined
_kernels.cross_entropy_rows(block, block)  # call-arg
rows.proba.backend.row_sums(block)
rows.proba.backend.rowsums(block)  # attr-defined
rows.proba.backend.clip(block, 0.0, inplace=True)  # call-arg
rows.proba.backend.xp.exp(block)
rows.proba.backend.xp.exp2(block)  # attr-defined
row_values(rows, _kernels.kl_rows)
row_values(rows, "kl_rows")  # arg-type
row_values(rows, _kernels.log_softmax)  # arg-type
"""


@pytest.mark.slow
def test_misspelt_names_fail_the_type_check(tmp_path):
    pytest.importorskip("mypy")
    file = tmp_path / "mistakes.py"
    file.write_text(MISTAKES, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(file)],
        capture_output=True,
        text=True,
        check=False,
    )
    found = [
        (int(line.split(":")[1]), line.rpartition("[")[2].rstrip("]"))
        for line in done.stdout.splitlines()
        if line.startswith(str(file)) and ": error:" in line
    ]
    wanted = [
        (i, line.partition("  # ")[2])
        for i, line in enumerate(MISTAKES.splitlines(), 1)
        if "  # " in line
    ]
    assert found == wanted, done.stdout + done.stderr
