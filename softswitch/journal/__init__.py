"""Facts on disk: the ring in shared memory, the segment files behind it, and the readers of both.

The brain appends to the ring and goes on; a writer process of its own copies the ring into segment files, syncs them
and only then gives the space back. So a killed brain loses nothing, a power cut loses at most one sync interval, and a
slow disk blocks nobody until the ring is full.
"""
