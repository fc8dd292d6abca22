"""Random octets and spoilt site files: only the documented error comes out, and it names the file."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from softswitch.core.errors import ConfigurationError
from softswitch.directory.fields import Checker, read_table
from softswitch.directory.sections import SECTIONS
from softswitch.directory.yaml_reader import YamlList, YamlTable, read_yaml
from tests.fuzz.conftest import scale

CORPUS = [path.read_bytes() for path in sorted((Path(__file__).parents[1] / "corpora" / "site_errors").glob("*.yaml"))]
PIECES = [b":", b"-", b"[", b"]", b"{", b"}", b'"', b"'", b"\n", b"  ", b"\t", b"&a", b"*a", b"!x", b"#", b"\x00", b"|"]


def spoilt(data: bytes, cuts: list[tuple[int, int, bytes]]) -> bytes:
    for place, length, piece in cuts:
        at = place % (len(data) + 1)
        data = data[:at] + piece + data[at + length :]
    return data


mutated = st.builds(
    spoilt,
    st.sampled_from(CORPUS),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), st.sampled_from(PIECES)), min_size=1, max_size=5),
)


@settings(max_examples=scale(300), deadline=None)
@given(st.one_of(st.binary(max_size=200), mutated))
def test_only_the_documented_error_comes_out(data: bytes) -> None:
    try:
        tree = read_yaml(data, "site.yaml")
    except ConfigurationError as error:
        told = error.problems
    else:
        told = ()
        checker = Checker("site.yaml")
        for key, value in tree.entries if isinstance(tree, YamlTable) else ():
            for item in value.items if isinstance(value, YamlList) else (value,):
                read_table(item, key.value, SECTIONS.get(key.value, SECTIONS["users"]), checker)
        told += tuple(checker.problems)
    assert all(problem.where.startswith("site.yaml") and problem.what and problem.cure for problem in told)
