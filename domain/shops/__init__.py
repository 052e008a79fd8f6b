"""Reads orders from other shops' exports, and turns them into lines of our import."""
