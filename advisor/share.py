"""Where the templates and the sample portfolios are: in the wheel, or in a checkout."""

from __future__ import annotations

from pathlib import Path


def share(kind: str) -> Path:
    """Folder of shipped files, `kind` being ``templates`` or ``portfolios``.

    An installed wheel carries them inside the package; a checkout and an editable install have them beside it.
    """
    package = Path(__file__).resolve().parent
    packaged = package / "_share" / kind
    return packaged if packaged.is_dir() else package.parent / kind
