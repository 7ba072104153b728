"""What is on screen: what the network is shown, a person's changes to it, and what it did; for every page that asks."""
