"""The team's own code: plain functions that know nothing of mlspec."""
