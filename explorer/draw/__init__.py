"""The Draw page: a drawing in; maps, prediction, any value's sum, reasons and comparisons out."""
