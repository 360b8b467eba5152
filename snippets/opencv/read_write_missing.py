import cv2

logging = cv2.utils.logging  # OpenCV also warns on the console; not here
logging.setLogLevel(logging.LOG_LEVEL_SILENT)

image = cv2.imread("no/such/file.png")
print("imread says:", image)

try:
    print(image.shape)  # type: ignore
except AttributeError as error:
    print("the next line says:", error)

try:
    cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
except cv2.error as error:
    said = str(error).split("error: ")[1]
    print("or, from OpenCV:", said.split(" in ")[0])

if image is None:  # the test that belongs behind every imread
    print("file not found, or not an image")
