"""The named points of base/fault.h, as a program that was built with them has them."""
import subprocess
import tempfile


def points_of(binary):
    """The names of all points in the program: its section fault_points."""
    with tempfile.NamedTemporaryFile() as section:
        subprocess.run(["objcopy", "-O", "binary", "--only-section=fault_points", binary, section.name], check=True)
        return {name.decode() for name in section.read().split(b"\0") if name}


def mistaken(binary, listed, families):
    """What is wrong with a list of points: one that the program does not have, one of these families that is not listed."""
    there = points_of(binary)
    return [f"the program has no point {name}" for name in sorted(set(listed) - there)] + \
           [f"no cycle dies at {name}" for name in sorted(there - set(listed)) if name.split(".")[0] in families]
