import numpy as np


def iou(labels, called, k):
    both = np.sum((labels == k) & (called == k))
    either = np.sum((labels == k) | (called == k))
    return both / either if either else np.nan


labels = np.zeros((4, 100), int)  # four images of 100 pixels
labels[0, :50] = 1  # a large object, found
labels[1, :2] = 1  # a small one, missed; none in the others
called = labels.copy()
called[1] = 0

each = np.array([iou(labels[i], called[i], 1) for i in range(4)])
print(f"all images together   {iou(labels, called, 1):.2f}")
print(f"mean, absent left out {np.nanmean(each):.2f}")
print(f"mean, absent is 1     {np.nan_to_num(each, nan=1).mean():.2f}")
print(f"mean, absent is 0     {np.nan_to_num(each, nan=0).mean():.2f}")
