"""Small PyTorch modules with every operator that training reads."""

import torch
from torch import nn


class Everything(nn.Module):
    """Input [n, 3, 12, 12]; residual, depthwise, dilated, padded and strided convolutions, all pools, concat, ReLU6, a clamp
    that stands alone."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.ReLU())
        dilated = nn.Conv2d(8, 8, 3, padding=2, dilation=2)
        self.branch = nn.Sequential(dilated, nn.ReLU6(), nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8))
        self.depthwise = nn.Conv2d(8, 8, (4, 2), stride=2, groups=8)
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        self.pad = nn.ZeroPad2d((1, 0, 2, 1))
        self.average = nn.AvgPool2d(2)
        self.first = nn.Linear(16 * 9, 20)
        self.mixed = nn.Conv2d(16, 12, 1)
        self.last = nn.Linear(32, 6)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.1)
                module.running_var.uniform_(0.5, 1.5)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.2)

    def forward(self, x):
        x = self.stem(x)
        x = x + self.branch(x)
        y = torch.relu(x)
        x = torch.cat([self.pool(x), self.depthwise(self.pad(y))], 1)
        means = self.mixed(x).mean((2, 3))
        x = torch.relu(self.first(torch.flatten(self.average(x).permute(0, 2, 3, 1), 1)))
        return torch.softmax(self.last(torch.cat([x, means], 1)), 1)


class PoolFirst(nn.Module):
    """Input [n, 1, 8, 8]; a Relu behind a max pool, a global average pool."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(3)
        self.convolution, self.last = nn.Conv2d(1, 5, 3), nn.Linear(5, 4, bias=False)

    def forward(self, x):
        x = torch.relu(nn.functional.max_pool2d(self.convolution(x), 2))
        return self.last(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))
