import cv2
import numpy as np

a, b = np.array([[200, 20]], np.uint8), np.array([[100, 50]], np.uint8)
print("numpy + and -:", a + b, a - b)  # modulo 256
print("cv2 add, subtract:", cv2.add(a, b), cv2.subtract(a, b))
print("four 1-D values or fewer:", cv2.add(a[0], b[0]).ravel())

# a white bar on black has two edges; a derivative has a sign
bar = np.zeros((5, 9), np.uint8)
bar[:, 3:6] = 255
for depth, name in ((cv2.CV_8U, "CV_8U"), (cv2.CV_16S, "CV_16S")):
    print(f"Sobel {name:<7}", cv2.Sobel(bar, depth, 1, 0)[2])
signed = cv2.Sobel(bar, cv2.CV_16S, 1, 0)
print("absolute, CV_8U", cv2.convertScaleAbs(signed)[2])

# float images mean 0..1 to plotting and to scikit-image
unit = bar.astype(np.float32) / 255
back = np.clip(np.rint(unit * 255), 0, 255).astype(np.uint8)
print("there and back:", np.array_equal(back, bar))
print("forgotten * 255:", np.unique(unit.astype(np.uint8)))
