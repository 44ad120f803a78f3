"""Time to import skxent beside scikit-learn's metrics, each in a fresh interpreter."""

import statistics
import subprocess
import sys
import time

RUNS = 15
TARGET = 1.15
STATEMENTS = ["import sklearn.metrics", "from skxent import log_loss", "pass"]


def seconds(statement):
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", statement], check=True)
    return time.perf_counter() - start


def main():
    for statement in STATEMENTS:  # files into memory, bytecode on disk
        seconds(statement)
    times = {statement: [] for statement in STATEMENTS}
    for _ in range(RUNS):
        for statement, measured in times.items():
            measured.append(seconds(statement))
    median = {statement: statistics.median(measured) for statement, measured in times.items()}
    for statement, value in median.items():
        print(f"{statement:28} {1e3 * value:7.1f} ms")
    ratio = median["from skxent import log_loss"] / median["import sklearn.metrics"]
    print(f"ratio {ratio:.3f} (target {TARGET}), medians of {RUNS} runs")


if __name__ == "__main__":
    main()
