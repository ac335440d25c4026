"""The Adversarial Lab tab: how are networks exploited? One file a station."""
