"""What servers need, takes long to make and is always the same: made once, kept in the build tree."""
import os
import shutil
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))


def kept_folder():
    folder = os.path.join(BUILD, "kept")
    os.makedirs(folder, exist_ok=True)
    return folder


def keep(made, kept):
    """Whole under its name or not there; whoever made one at the same time made the same."""
    beside = tempfile.mkdtemp(prefix="making-", dir=os.path.dirname(kept))
    at = os.path.join(beside, "made")
    shutil.copytree(made, at) if os.path.isdir(made) else shutil.copyfile(made, at)
    try:
        os.rename(at, kept)
    except OSError:
        pass
    shutil.rmtree(beside)
