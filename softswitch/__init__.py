"""A telephone switch: phones register, call, are answered, queued and recorded.

The layers, high to low, each importing only what stands below it (``make check`` keeps it)::

    cli > simulation > app > api > calls > directory
        > media, net, journal, storage > runtime > sip, sdp, rtp > core

``docs/architecture.md`` tells the idea behind each of them.
"""

__version__ = "0.1.0"
