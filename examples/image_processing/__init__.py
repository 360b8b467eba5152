"""Operations on pixels, written out and proved against OpenCV."""
