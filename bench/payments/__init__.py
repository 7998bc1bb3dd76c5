"""Bench ``payments``: each payment gateway under faults and crashes, and rides paid per second."""
