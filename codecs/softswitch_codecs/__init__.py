"""Batch codecs over N streams; imports nothing of softswitch."""
