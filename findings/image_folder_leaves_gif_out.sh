#!/usr/bin/env bash
# torchvision 0.29.2: ImageFolder knows no .gif, though Pillow, its loader, reads them.
# Seen: FileNotFoundError for a class that holds only GIF files, with the extensions named.
# The guess: it takes whatever Pillow opens, the first frame of an animation. Beside other files, GIFs are left out in silence.
# The project: its feed of folders asks for .gif too.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'torchvision==0.29.2' 'numpy==2.4.6' 'pillow==13.0.0'
venv/bin/python - <<'PY'
import pathlib

from PIL import Image
from torchvision.datasets import ImageFolder

pathlib.Path("images/cat").mkdir(parents=True)
Image.new("RGB", (4, 4)).save("images/cat/a.gif")
try:
    ImageFolder("images")
except FileNotFoundError as error:
    print(error)
else:
    raise AssertionError("the folder was read")
Image.new("RGB", (4, 4)).save("images/cat/b.png")
print("with a PNG beside it:", len(ImageFolder("images")))
assert len(ImageFolder("images")) == 1
PY
