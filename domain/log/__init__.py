"""The log: records that are only ever added, what is unique across them, and the files and keys kept beside them."""
