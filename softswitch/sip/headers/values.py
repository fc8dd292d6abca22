"""The pieces that header values are made of, by the name under which headers know them."""

from softswitch.sip.grammar import (
    Parameters,
    parse_number,
    parse_parameters,
    quote,
    split_commas,
    unquote,
    write_parameters,
)

__all__ = ["Parameters", "parse_number", "parse_parameters", "quote", "split_commas", "unquote", "write_parameters"]
