"""Short, repeatable training: a configuration, a loop that yields what happened, and weights with their card."""
