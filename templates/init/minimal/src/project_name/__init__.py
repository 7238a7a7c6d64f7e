"""The team's own code: plain functions and a command, which know nothing of mlspec."""
