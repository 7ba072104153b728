"""The pages: each composes components and wires them to `session` and `payloads`; none does mathematics."""
