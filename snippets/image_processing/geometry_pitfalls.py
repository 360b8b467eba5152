import cv2
import numpy as np

image = np.zeros((100, 200), np.uint8)  # 100 high, 200 wide
image[50, 20] = 255
shrunk = cv2.resize(image, (60, 30))  # dsize is (width, height)
print("resize to (60, 30) has shape", shrunk.shape)

move = np.float32([[1, 0, 30], [0, 1, 0]])  # 30 pixels to the right
plain = cv2.warpAffine(image, move, (200, 100))
flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
as_inverse = cv2.warpAffine(plain, move, (200, 100), flags=flags)
print("dot at x = 20, moved:", plain[50].argmax())
print("the same matrix with WARP_INVERSE_MAP:", as_inverse[50].argmax())

enlarge = np.float32([[2, 0, 0], [0, 2, 0]])  # forgets half a pixel
shifted = np.float32([[2, 0, 0.5], [0, 2, 0.5]])
noise = np.random.default_rng(0).random((50, 50), np.float32)
larger = cv2.resize(noise, (100, 100))
for name, matrix in (("2x", enlarge), ("2x + 0.5", shifted)):
    warped = cv2.warpAffine(
        noise, matrix, (100, 100), borderMode=cv2.BORDER_REPLICATE
    )
    same = np.allclose(warped, larger, atol=1e-4)
    print(f"warp with {name:<8} equals resize: {same}")
