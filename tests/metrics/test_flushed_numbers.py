"""Where the processor takes numbers below 2.2e-308 for 0, as other libraries may tell it to."""

import platform
import subprocess
import sys

import pytest

# torch.set_flush_denormal(True) sets two bits of the processor's register MXCSR, and so does a
# library that was linked with -ffast-math. Here the same is said in machine code: store MXCSR,
# set the bits, load it. It holds for a thread, and so for a process of its own.
FLUSH = """
import ctypes, mmap

code = bytes.fromhex("0fae5c24fc 814c24fc40800000 0fae5424fc c3")
page = mmap.mmap(-1, len(code), prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
TORCH = "import torch; assert torch.set_flush_denormal(True)"

WORK = """
import math, warnings
import numpy as np
import skxent
from skxent import *

def close(a, b):
    return np.allclose(a, b, rtol=1e-12, atol=1e-300, equal_nan=True)

y = np.array([0, 1, 2, 1, 0, 2] * 5)
p = np.random.default_rng(0).dirichlet([1, 1, 1], len(y))
p[:3] = np.eye(3)[[1, 1, 2]]  # the first row is wrong
p[3] = [TINY, 1.0, 1e-310]
t = np.array([[TINY, 1.0, 0.0], [0.25, 0.25, 0.5], [0.0, 1.0, 1e-310]])
q = np.array([[0.5, 0.25, 0.25], [TINY, 0.5, 0.5], [0.0, 1.0, 0.0]])

def values():
    yield [f(t, q) for f in (js_divergence,)], "js"
    yield [f(t[:1], q[:1]) for f in (cross_entropy, kl_divergence, perplexity)], "pairs"
    yield [js_divergence(y, p), js_divergence(p, np.roll(p, 1, axis=0))], "js of labels"
    yield entropy(p, reduction="none"), "entropy"
    yield [label_entropy(y), label_entropy([0, 1], sample_weight=[1e-280, 1])], "label entropy"
    yield [log_loss(y, p), log_loss_skill_score(y, p), log_loss(y[1:], p[1:], eps=0)], "log loss"
    for eps in (2**-52, 0):
        rows = slice(0 if eps else 1, None)
        accumulator = LogLossAccumulator([0, 1, 2], eps=eps).update(y[rows], p[rows])
        for report in (
            log_loss_report(y[rows], p[rows], eps=eps, recalibration=False, n_null=0),
            accumulator.report(recalibration=False, n_null=0),
        ):
            overall = {k: v for k, v in report.overall.items() if isinstance(v, float)}
            yield list(overall.values()), f"overall {eps}"
            for name, column in report.per_class.items():
                if column.dtype.kind == "f":
                    yield column, f"{name} {eps}"

wanted = [(np.array(v), name) for v, name in values()]
FLUSHING
assert np.array([TINY])[0] * 1.0 == 0, "numbers are not flushed"
warnings.simplefilter("error")
for (want, name), (got, _) in zip(wanted, values(), strict=True):
    assert close(got, want), (name, got, want)
print("done")
"""


def run(flushing):
    # The number is made before it is flushed.
    script = WORK.replace("TINY", "float.fromhex('0x1p-1074')").replace("FLUSHING", flushing)
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=300
    )
    assert done.stdout.strip() == "done", done.stderr[-2000:]


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64") or platform.system() != "Linux",
    reason="the machine code is for Linux on x86",
)
def test_all_values_stay_where_tiny_numbers_are_zero():
    run(FLUSH)


def test_all_values_stay_where_torch_flushes_tiny_numbers():
    pytest.importorskip("torch")
    run(TORCH)
