"""A certificate is exchanged by moving a link; nobody ever finds none."""

from __future__ import annotations

from steps.rotation import Rotation


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def rotation(folder):
    """Two certificates, a link to the first, and a clock that only the test moves."""
    identity = folder / "identity"
    for path, text in ((identity, "first"), (identity / "next", "second")):
        path.mkdir()
        (path / "cert.pem").write_text(text)
    (folder / "live").symlink_to(identity)
    clock = Clock()
    return Rotation(folder, identity, 2.0, clock=clock), clock


def test_certificates_are_exchanged_in_turn_when_it_is_time(tmp_path):
    """Not before, once each time, and back again."""
    made, clock = rotation(tmp_path)
    seen = []

    for at in (1.9, 2.0, 2.5, 4.1, 6.0):
        clock.now = at
        made.look()
        seen.append(((tmp_path / "live" / "cert.pem").read_text(), made.told()["rotations"]))

    assert seen == [("first", 0), ("second", 1), ("second", 1), ("first", 2), ("second", 3)]


def test_the_link_is_moved_and_never_removed(tmp_path):
    """Whoever watches the folder sees a move, as of a mounted Secret; a draft that a killed keeper left is no obstacle."""
    made, clock = rotation(tmp_path)
    (tmp_path / ".live").symlink_to("nowhere")
    before = (tmp_path / "live").lstat().st_ino

    clock.now = 2.0
    made.look()

    assert (tmp_path / "live").lstat().st_ino != before
    assert not (tmp_path / ".live").is_symlink()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["identity", "live"]
