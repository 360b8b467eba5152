from sklearn.datasets import load_sample_image

photo = load_sample_image("china.jpg").copy()  # RGB
print("shape, dtype:", photo.shape, photo.dtype)

# a pixel is addressed by row, then column: y before x
x, y = 600, 100
print("pixel at x = 600, y = 100:", photo[y, x])
try:
    photo[x, y]
except IndexError as problem:
    print("photo[x, y]:", problem)

# a crop is a view: writing into it writes into the photograph
crop = photo[100:110, 600:620]
print("crop:", crop.shape)
safe = crop.copy()
crop[:] = 0
print("after crop[:] = 0, photo:", photo[y, x], "copy:", safe[0, 0])
