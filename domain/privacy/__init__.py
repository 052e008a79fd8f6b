"""Personal data: sealed before they are recorded, opened for those who may read them, erased by destroying their
keys."""
