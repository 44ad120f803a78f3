"""Intervals, paired differences and tests of mean losses."""
