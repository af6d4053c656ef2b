"""Pictures on the page."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def to_jpeg(picture: NDArray[np.uint8]) -> bytes:
    """A picture ``[height, width, 3]``, RGB, as a JPEG."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=80)
    return file.getvalue()


def html_image(jpeg: bytes, style: str) -> str:
    """A picture as an HTML image in this style (CSS)."""
    return f'<img style="border-radius:4px;{style}" src="data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}">'
