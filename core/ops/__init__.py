"""Convolution and its neighbours, forward and backward, each computed in several ways under one name.

    naive        literal loops over plain numbers: the specification
    vectorized   whole-tensor arithmetic, fast, on any device
    fft          convolution by the convolution theorem
    separable    rank-1 kernels in two one-dimensional passes
    windows      the windows of an image as a view and as columns
    optim        one step of SGD or Adam
    geometry     where windows lie, the size of the output, and why a setting is impossible
    arguments, checks, conv_checks, targets   the checks that all implementations share

A gradient is a function of its own, `conv2d_weight_grad` beside `conv2d`; nothing uses autograd. Functions change none
of their arguments, and keep dtype and device. What they need is checked before anything is computed, and a message says
what was expected and what came. An empty batch is a batch; NaN and infinity propagate as in torch. Inputs have a batch
dimension (`core.nn` adds one where torch allows it to be left out).
"""
