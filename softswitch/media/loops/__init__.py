"""Loops over single packets, as plain Python, of which ``softswitch compile`` makes machine code.

As they stand nothing calls them but tests: they would be slow. Where their machine code is not there, numpy does the
same. A file a task; each has ``SIGNATURES``, the types of its functions as numba writes them: ``i8[:, ::1]`` is a
matrix of 64-bit integers without gaps. Numbers are made ``int64`` one by one because the compiler would make
``float64`` of signed and unsigned ones together.
"""
