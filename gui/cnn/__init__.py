"""The CNN Viewer tab: how does a network turn numbers into features? One file a station."""
