"""The browser application over `core`."""
