"""Signal processing for many streams at once: numpy only, no sockets and no clock.

What comes in and goes out are matrices with a stream a row, as in :mod:`softswitch_codecs`; objects with memory know a
stream by an index of the caller's choosing.
"""
