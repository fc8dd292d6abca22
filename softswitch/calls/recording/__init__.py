"""Recording: which conversations are recorded, from when to when, into which files; and messages of single callers.

A state of its own beside the calls', folded from its own facts and from theirs. Whether somebody may be recorded is
asked in ``app/recording_policy.py``, which knows the site; what is written is the media workers'
(:mod:`softswitch.media.recorder`).
"""
