"""The Arithmetic page: one operator on small matrices, checked against autograd, listed, and written as a film."""
