import cv2
from skimage import data

image = cv2.cvtColor(data.astronaut(), cv2.COLOR_RGB2BGR)

for name, extension, parameters in (
    ("PNG", ".png", []),
    ("PNG, compression 0", ".png", [cv2.IMWRITE_PNG_COMPRESSION, 0]),
    ("PNG, compression 9", ".png", [cv2.IMWRITE_PNG_COMPRESSION, 9]),
    ("JPEG", ".jpg", []),
    ("JPEG, quality 95", ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 95]),
    ("JPEG, quality 80", ".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80]),
    ("WebP", ".webp", []),
    ("WebP, quality 80", ".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
):
    stored = cv2.imencode(extension, image, parameters)[1]
    again = cv2.imdecode(stored, cv2.IMREAD_COLOR)
    apart = cv2.absdiff(again, image).max()
    print(f"{name:<19} {stored.size // 1000:>4} kB, off by up to {apart}")
