"""ConvScope, as it is installed: `convscope.core`, the library, and `convscope.explorer`, the app over it."""
