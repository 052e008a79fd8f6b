"""The one mechanism that feeds every view from the log."""
