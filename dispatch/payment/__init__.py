"""Collects fares: ``core`` decides, ``protocols`` holds formats and signatures, ``gateways`` speaks HTTP, and
``reconciliation`` compares the ledger with Alipay's bill. Imports the domain; ``gateways`` also the settings.
"""
