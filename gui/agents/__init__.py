"""The Agents tab: how does a network learn to act? One file a station."""
