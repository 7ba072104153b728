"""The measurements behind every figure that ConvScope states."""
