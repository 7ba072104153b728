"""The Kernels page: what a model has learned, and the speed lab."""
