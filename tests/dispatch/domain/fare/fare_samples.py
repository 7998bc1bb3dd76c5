"""A tariff as text, shared by tests of fares and tariffs."""

NIGHTS = """
name = "Ours"
source = "us"
currency = "USD"
time_zone = "America/Los_Angeles"
flag_fall = {{amount = "1", meters = "100"}}
bands = [{{amount = "1", step_m = "100", label = "a", up_to_m = "500"}}, {{amount = "2", step_m = "100", label = "b"}}]
waiting = {{below_kmh = 10, step_s = "60", label = "minute", amount = "1"}}
cancellation = {{amount = "5", after_s = 300}}
no_show = {{amount = "5", after_s = 300}}
{night}
"""
