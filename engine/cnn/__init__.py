"""How a convolutional network turns numbers into features."""
