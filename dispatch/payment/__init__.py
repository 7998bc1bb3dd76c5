"""Collecting fares: ``core`` decides, ``protocols`` are formats and signatures, ``gateways`` speak HTTP,
``reconciliation`` compares with the bill.
"""
