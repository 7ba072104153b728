"""Convolutional networks by number: operators, models, data, training and the trace that explains them."""
