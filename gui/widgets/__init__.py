"""Parts that more than one station shares."""
