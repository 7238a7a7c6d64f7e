"""Predicts from census answers whether a person has a job."""
