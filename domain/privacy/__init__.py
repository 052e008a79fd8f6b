"""Personal data: sealed before it is recorded, opened for whom it may be, and erased by destroying its keys."""
