"""The HTTP API under ``/api/v1``, one resource a file, and its client.

:func:`softswitch.api.server.build_app` makes the application out of a :class:`softswitch.api.view.SwitchView`. It is
served twice: as it is on a unix socket that only the switch's owner can open, and inside
:class:`softswitch.api.guard.Guard` on TCP.
"""
