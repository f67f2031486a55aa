#!/usr/bin/env bash
# Pillow 13.0.0, torchvision 0.29.2: a 16-bit PNG made RGB is clipped at 255, and ToTensor() gives negative values.
# Seen: 0, 255, 256, 1000, 40000, 65535 become 0 and five times 255; with ToTensor() 40000 becomes -25536.
# The guess: scaled to 8 bits, or to [0, 1]. ImageFolder converts to RGB, so such a folder trains on nearly white images.
# The project: its feed of folders scales 16 bits to 8 before it converts.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
uv venv --quiet --python 3.11 venv
uv pip install --quiet --python venv/bin/python 'torch==2.15.0' 'torchvision==0.29.2' 'numpy==2.4.6' 'pillow==13.0.0'
venv/bin/python - <<'PY'
import numpy
from PIL import Image
from torchvision.transforms import ToTensor

values = numpy.array([[0, 255, 256, 1000, 40000, 65535]], dtype=numpy.uint16)
Image.fromarray(values).save("deep.png")
image = Image.open("deep.png")
clipped = numpy.asarray(image.convert("RGB"))[0, :, 0].tolist()
tensor = ToTensor()(image).flatten().tolist()
print(image.mode, clipped, tensor)
assert clipped == [0, 255, 255, 255, 255, 255]
assert tensor == [0, 255, 256, 1000, -25536, -1]
PY
