"""Orders as other shops' systems export them, made lines of our import."""
