"""The recorder: a process beside each media worker that writes what phones say into files.

It never makes a tick late, because no tick waits for it: sound comes through shared memory
(:mod:`softswitch.media.tap_ring`). Every round it takes what has come since the last one, for all recordings at once,
and so knows half a second of the future when it decides where a packet belongs.
"""
