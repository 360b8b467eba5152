import cv2

detectors = "FastFeatureDetector ORB SIFT MSER AKAZE KAZE BRISK ALIKED DISK"
for name in detectors.split():
    here = hasattr(cv2, f"{name}_create")
    print(f"cv2.{name + '_create':<27}{'yes' if here else 'no'}")
for name in ("BFMatcher", "FlannBasedMatcher", "ANNIndex", "xfeatures2d"):
    print(f"cv2.{name:<27}{'yes' if hasattr(cv2, name) else 'no'}")
