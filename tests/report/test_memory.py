"""How much new memory a report takes, beside its input; numpy tells tracemalloc of its arrays."""

import tracemalloc

from reports import calibrated

from skxent import LogLossAccumulator, log_loss_report


def peak(call):
    """Most bytes that were in use at a time, beyond those before the call."""
    call()  # what is kept for later calls
    tracemalloc.start()
    try:
        call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_a_report_takes_less_than_half_of_its_input():
    y, p = calibrated(300_000, 10)
    taken = peak(lambda: log_loss_report(y, p, labels=range(10), recalibration=False))
    assert taken < 0.5 * (y.nbytes + p.nbytes)


def test_a_batch_of_many_classes_takes_no_table_of_classes_by_classes():
    """That would be 8 MB, and a histogram of all classes 34."""
    y, p = calibrated(32, 1000)
    accumulator = LogLossAccumulator(range(1000))
    assert peak(lambda: accumulator.update(y, p)) < 1_000_000
