"""MNIST, pen strokes turned into pictures like MNIST's, augmentation and pictures that are no digits."""
