"""The digits CNN: its layers, and how one image goes through them.

Small (5.9 k parameters), but with each thing that a real network brings to an accelerator: a first layer
with fewer channels than the array has rows, batch normalisation, a residual addition, a max pool, a
depthwise + pointwise pair, a global average pool and a fully connected layer.
"""

import torch
from torch import nn

INPUT_SHAPE = (1, 8, 8)  # channels, height, width
CLASSES = 10


class ConvBn(nn.Module):
    """Convolution and batch normalisation, with or without a ReLU; the padding keeps height and width."""

    def __init__(self, inputs, outputs, kernel, groups=1, relu=True):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU() if relu else None

    def forward(self, x):
        x = self.bn(self.conv(x))
        return x if self.relu is None else self.relu(x)


class DigitsNet(nn.Module):
    """[N, 1, 8, 8] preprocessed floats -> [N, 10] logits."""

    def __init__(self):
        super().__init__()
        self.stem = ConvBn(1, 16, 3)
        self.res_a = ConvBn(16, 16, 3)
        self.res_b = ConvBn(16, 16, 3, relu=False)
        self.res_relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.depthwise = ConvBn(16, 16, 3, groups=16)
        self.pointwise = ConvBn(16, 32, 1)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, CLASSES)

    def forward(self, x):
        x = self.stem(x)
        x = self.res_relu(x + self.res_b(self.res_a(x)))
        x = self.pool(x)
        x = self.pointwise(self.depthwise(x))
        return self.fc(torch.flatten(self.global_pool(x), 1))
