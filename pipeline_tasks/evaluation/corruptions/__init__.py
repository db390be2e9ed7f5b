"""Fifteen corruptions of images in three strengths, after ImageNet-C (Hendrycks, Dietterich, ICLR 2019), numpy and OpenCV only."""
