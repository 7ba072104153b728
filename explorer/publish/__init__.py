"""ConvScope as a folder of files: the pages, with networks that the browser computes (`python -m explorer.publish`)."""
