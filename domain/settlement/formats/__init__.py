"""The layouts of settlement files, one module each: rows to lines."""
