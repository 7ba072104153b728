"""ConvScope as a folder of files: the pages, and networks that the browser computes by itself; `python -m explorer.publish OUT`."""
