"""Vehicles, trips and payments as actors: ``core`` decides without I/O, ``runtime`` and ``rpc`` run it on asyncio,
``ray`` places it on Ray.
"""
