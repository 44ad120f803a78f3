"""Tables of predictions, as they lie in files."""

import numpy as np
import pyarrow as pa

CLASSES = ("lynx", "ape", "bee", "owl")


def table(n=500, seed=0, labels=CLASSES, rows_without=()):
    """Labels, weights, groups and names of rows, beside a column of probabilities a class."""
    rng = np.random.default_rng(seed)
    z = 2 * rng.normal(size=(n, len(labels)))
    p = np.exp(z)
    p /= p.sum(axis=1, keepdims=True)
    codes = (z + rng.gumbel(size=z.shape)).argmax(axis=1)
    columns = {
        "kind": [labels[c] for c in codes],
        "w": rng.random(n),
        "patient": [f"patient {i // 5}" for i in range(n)],
        "id": np.arange(n) + 1000,
        "other": [{"a": 1}] * n,  # of no use
    }
    columns |= {f"p_{label}": p[:, i] for i, label in enumerate(labels)}
    return pa.table(columns)


def proba_of(table, labels=CLASSES):
    return np.column_stack([table[f"p_{label}"].to_numpy() for label in labels])


def with_null(table, column, row):
    """The table with one value less."""
    values = table[column].to_pylist()
    values[row] = None
    at = table.column_names.index(column)
    return table.set_column(at, column, pa.array(values, table[column].type))


def with_value(table, column, row, value):
    values = table[column].to_pylist()
    values[row] = value
    return table.set_column(table.column_names.index(column), column, pa.array(values))
