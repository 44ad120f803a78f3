"""Reports and comparisons from Spark, classic and Connect: those of the rows in one array."""

import os
import sys

import numpy as np
import pandas as pd
import pyspark
import pytest
from comparisons import same_comparison
from predictions import CLASSES, proba_of, table
from pyspark.sql import SparkSession
from pyspark.sql import functions as sf
from reports import QUICK, same, same_columns, same_slices

from skxent import (
    GroupedLogLossAccumulator,
    compare_log_loss,
    log_loss_report,
    log_loss_report_from,
)
from skxent.engines.spark import compare_log_loss as spark_comparison
from skxent.engines.spark import log_loss_report as spark_report
from skxent.engines.spark import log_loss_slices as spark_slices

pytestmark = [
    pytest.mark.engines,
    pytest.mark.filterwarnings("default"),  # Spark warns of what it does itself
]
TABLE, OTHER = table(2000).drop_columns("other"), table(2000, seed=1)
for c in CLASSES:
    TABLE = TABLE.append_column(f"q_{c}", OTHER[f"p_{c}"])
PROBA = proba_of(TABLE)
BINNED = ("miscalibration", "discrimination")
KINDS = TABLE["kind"].to_pylist()


# The workers are of this Python, whichever comes first on the path.
os.environ["PYSPARK_PYTHON"] = sys.executable


@pytest.fixture(scope="module", params=["classic", "connect"])
def spark(request):
    builder = SparkSession.builder
    builder = (
        builder.master("local[2]") if request.param == "classic" else builder.remote("local[2]")
    )
    options = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.showConsoleProgress": "false",
        # Less than all partitions' sums together.
        "spark.driver.maxResultSize": "3m",
    }
    for name, value in options.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    assert type(session).__module__.startswith("pyspark.sql.connect") == (
        request.param == "connect"
    )
    yield session
    session.stop()


@pytest.fixture(scope="module")
def frame(spark):
    rows = [tuple(row.values()) for row in TABLE.to_pylist()]
    return spark.createDataFrame(rows, TABLE.column_names).repartition(3, "id").cache()


def test_a_frame_has_the_report_of_its_rows(frame):
    found = spark_report(frame, y="kind", weight="w", row_ids="id", **QUICK)
    expect = log_loss_report_from(TABLE, y="kind", weight="w", row_ids="id", **QUICK)
    assert same(found, expect)
    assert found.labels.tolist() == list(CLASSES)
    again = spark_report(frame, y="kind", weight="w", row_ids="id", **QUICK)
    np.testing.assert_equal(dict(again.overall), dict(found.overall))
    assert spark_report(frame, y="kind", **QUICK).worst_rows["row"][0].startswith("partition ")


def test_partitions_that_are_empty_and_sums_that_are_more_than_may_be_collected(frame):
    """Forty partitions, of which most have rows: their samples alone are more than 3 MB."""
    many = frame.where("id % 5 <> 0").repartition(40, "patient")
    kept = TABLE.filter(np.arange(2000) % 5 != 0)
    found = spark_report(many, y="kind", groups="patient", **QUICK)
    assert same(found, log_loss_report_from(kept, y="kind", groups="patient", **QUICK))
    empty = frame.where("id < 0")
    with pytest.raises(ValueError, match="nothing to report"):
        spark_report(empty, y="kind")


def test_slices_are_those_of_the_rows(frame):
    """Of a column that some rows have no value of; partitions that lack a value, or rows."""
    side = sf.when(sf.col("id") % 3 == 0, "left").when(sf.col("id") % 3 == 1, "right")
    parts = frame.withColumn("side", side).repartition(20, "id")
    found = spark_slices(parts, y="kind", by="side", weight="w")
    sides = [("left", "right", None)[i % 3] for i in TABLE["id"].to_pylist()]
    whole = GroupedLogLossAccumulator(CLASSES)
    whole.update(KINDS, PROBA, TABLE["w"].to_numpy(), by=pd.DataFrame({"side": sides}))
    assert same_slices(found, whole.report())
    with pytest.raises(ValueError, match="no column 'nothing'"):
        spark_slices(parts, y="kind", by="nothing")


def test_comparisons(frame):
    rows = {"p": PROBA, "q": proba_of(OTHER)}
    found = spark_comparison(
        frame, {"p": "p_*", "q": "q_*"}, y="kind", weight="w", groups="patient", reference="q"
    )
    expect = compare_log_loss(
        KINDS,
        rows,
        labels=CLASSES,
        sample_weight=TABLE["w"].to_numpy(),
        groups=TABLE["patient"].to_pylist(),
        reference="q",
    )
    assert same_comparison(found, expect)


def test_vectors_and_labels_of_spark_ml(spark, frame):
    """Labels are numbered by their frequency; their names are in the metadata."""
    from pyspark.ml.functions import array_to_vector

    order = sorted(CLASSES, key=lambda c: (-KINDS.count(c), c))
    index = sf.create_map(*[sf.lit(x) for i, c in enumerate(order) for x in (c, float(i))])
    vectors = {
        f"{x}_vector": array_to_vector(sf.array(*[sf.col(f"{x}_{c}") for c in order])) for x in "pq"
    }
    metadata = {"ml_attr": {"type": "nominal", "name": "label", "vals": order}}
    bare = frame.withColumns({"label": index[sf.col("kind")], **vectors})
    named = bare.withMetadata("label", metadata)
    expect = log_loss_report(KINDS, proba_of(TABLE, order), labels=order, **QUICK)
    found = spark_report(named, y="label", proba="p_vector", **QUICK)
    assert found.labels.tolist() == order
    assert same_columns(found, expect, but=BINNED)
    found = spark_report(bare, y="label", proba="p_vector", **QUICK)
    assert found.labels.tolist() == [0, 1, 2, 3]
    assert same_columns(found, expect, but=(*BINNED, "top_rival"))
    found = spark_report(bare, y="label", proba="p_vector", labels=[0, 1, 2, 3], **QUICK)
    assert same_columns(found, expect, but=(*BINNED, "top_rival"))
    found = spark_comparison(named, {"p": "p_vector", "q": "q_vector"}, y="label")
    rows = {"p": proba_of(TABLE, order), "q": proba_of(OTHER, order)}
    assert same_comparison(found, compare_log_loss(KINDS, rows, labels=order))
    lists = frame.select("kind", sf.array(*[sf.col(f"p_{c}") for c in order]).alias("p"))
    found = spark_report(lists, y="kind", proba="p", labels=order, **QUICK)
    assert same_columns(found, expect, but=BINNED)


def test_the_metadata_of_a_real_pipeline(spark, request):
    if type(spark).__module__.startswith("pyspark.sql.connect") and pyspark.__version__ < "4":
        pytest.skip("Spark ML needs Spark 4 for Connect")
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import StringIndexer, VectorAssembler

    rng = np.random.default_rng(0)
    kinds = rng.choice(["no", "yes", "maybe"], p=[0.2, 0.5, 0.3], size=300)
    rows = [(str(k), float(rng.normal() + len(k))) for k in kinds]
    data = spark.createDataFrame(rows, ["answer", "x"])
    data = StringIndexer(inputCol="answer", outputCol="label").fit(data).transform(data)
    data = VectorAssembler(inputCols=["x"], outputCol="features").transform(data)
    model = LogisticRegression(maxIter=5).fit(data)
    predictions = model.transform(data)
    found = spark_report(predictions, y="label", proba="probability", **QUICK)
    assert found.labels.tolist() == ["yes", "maybe", "no"]
    local = predictions.select("answer", "probability").collect()
    expect = log_loss_report(
        [row["answer"] for row in local],
        np.array([row["probability"].toArray() for row in local]),
        labels=["yes", "maybe", "no"],
        **QUICK,
    )
    assert same_columns(found, expect, but=BINNED)


def test_names_of_columns_may_have_dots(frame):
    renamed = frame.withColumnRenamed("p_ape", "p_ape.1")
    renamed = renamed.replace("ape", "ape.1", subset=["kind"])
    report = spark_report(renamed, y="kind", **QUICK)
    expected = log_loss_report(KINDS, PROBA, labels=CLASSES, **QUICK)
    assert report.overall["log_loss"] == pytest.approx(expected.overall["log_loss"], rel=1e-12)
    assert "ape.1" in report.labels.tolist()


def test_what_is_wrong_is_named(frame):
    with pytest.raises(ValueError, match="there is no column 'x'"):
        spark_report(frame, y="x")
    bad = frame.withColumn("p_ape", sf.when(sf.col("id") == 1500, 1.9).otherwise(sf.col("p_ape")))
    with pytest.raises(ValueError, match=r"^partition \d: .*row \d+"):
        spark_report(bad, y="kind")
    null = frame.withColumn("kind", sf.when(sf.col("id") != 1501, sf.col("kind")))
    with pytest.raises(ValueError, match=r"^partition \d, row \d+, column 'kind': there is"):
        spark_report(null, y="kind")
    found = spark_report(null, y="kind", nulls="drop", **QUICK)
    assert found.overall["n_samples"] == 1999
    with pytest.raises(TypeError, match="must be a DataFrame of Spark"):
        spark_report(TABLE, y="kind")
    with pytest.raises(TypeError, match=r"lazy .*skxent\.engines\.spark\.log_loss_report"):
        log_loss_report(frame.select("kind"), PROBA)
