"""Seconds as people read them."""


def in_clock_form(seconds: float) -> str:
    """For example ``0:07``, ``12:30`` or ``1:02:03``."""
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
