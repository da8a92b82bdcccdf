"""Runs a lab: context, worker, outbox, snapshots, checks, command line."""
