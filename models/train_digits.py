#!/usr/bin/python3
"""Train the digits CNN and write everything of it that the repository bundles, into models/:

    digits_float.onnx   float, opset 13, batch normalisation left as nodes of its own
    digits_qdq.onnx     the same network in QDQ form (models/digits_qdq.py says how it is quantized)
    digits_test.npz     x uint8 [500, 1, 8, 8], 0..16, NCHW; y int64: the held-out images, never trained on
    digits_calib.npz    x uint8 [256, 1, 8, 8]: training images, the ones the QDQ form is calibrated on
    digits_{test,calib}.json   preprocessing: the network's input is (x - mean) * scale per channel

The data are the 1797 handwritten digits of scikit-learn. Seeded, on one thread, about ten seconds.
Needs Debian's python3-torch, python3-sklearn and python3-onnx (scripts/setup.sh --models).
"""

import argparse
import json
import pathlib
import sys

import numpy as np
import sklearn.datasets
import sklearn.model_selection
import torch

import digits_qdq
from digits_net import INPUT_SHAPE, DigitsNet

TEST_IMAGES = 500
CALIBRATION_IMAGES = 256
EPOCHS = 60
BATCH = 64
# About zero mean and unit deviation, in numbers that are exact in binary. Black is negative, so that the
# network's input has a zero point other than 0, and padding (a float 0) is not black.
PREPROCESSING = {"layout": "NCHW", "mean": [4.875], "scale": [0.15625], "channel_order": "RGB"}


def load_split(seed):
    """(train x, train y, test x, test y); x uint8 [N, 1, 8, 8], stratified by class."""
    digits = sklearn.datasets.load_digits()
    x = digits.images.astype(np.uint8).reshape((-1,) + INPUT_SHAPE)
    y = digits.target.astype(np.int64)
    train_x, test_x, train_y, test_y = sklearn.model_selection.train_test_split(
        x, y, test_size=TEST_IMAGES, stratify=y, random_state=seed
    )
    return train_x, train_y, test_x, test_y


def preprocess(x):
    """What digits_test.json tells every reader of the images to do."""
    mean = np.array(PREPROCESSING["mean"], np.float32).reshape(1, -1, 1, 1)
    scale = np.array(PREPROCESSING["scale"], np.float32).reshape(1, -1, 1, 1)
    return torch.from_numpy((x.astype(np.float32) - mean) * scale)


def shift(images, generator):
    """Augmentation: the whole batch moves by up to one pixel in each direction; black moves in."""
    dy, dx = (int(torch.randint(-1, 2, (1,), generator=generator)) for _ in range(2))
    padded = torch.nn.functional.pad(images, (1, 1, 1, 1), value=float(images.min()))
    return padded[:, :, 1 + dy : 9 + dy, 1 + dx : 9 + dx]


def train(x, y, seed):
    """A fixed number of epochs; nothing is selected by looking at the test set."""
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = DigitsNet()
    optimizer = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    loss_of = torch.nn.CrossEntropyLoss(label_smoothing=0.05)
    for epoch in range(EPOCHS):
        net.train()
        total = 0.0
        for batch in torch.randperm(len(x), generator=generator).split(BATCH):
            optimizer.zero_grad()
            loss = loss_of(net(shift(x[batch], generator)), y[batch])
            loss.backward()
            optimizer.step()
            total += float(loss) * len(batch)
        schedule.step()
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1:3}: loss {total / len(x):.4f}", flush=True)
    return net.eval()


def accuracy_percent(net, x, y):
    with torch.no_grad():
        return 100.0 * float((net(x).argmax(1) == y).double().mean())


def export_float(net, path):
    torch.onnx.export(
        net,
        torch.zeros((1,) + INPUT_SHAPE),
        str(path),
        opset_version=13,
        training=torch.onnx.TrainingMode.PRESERVE,  # evaluation mode, but no node folded into another
        do_constant_folding=False,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
    )


def write_images(folder, stem, **arrays):
    np.savez_compressed(folder / f"{stem}.npz", **arrays)
    (folder / f"{stem}.json").write_text(json.dumps(PREPROCESSING, indent=2) + "\n")


def main(argv):
    here = pathlib.Path(__file__).resolve().parent
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=pathlib.Path, default=here, help="folder, default models/")
    parser.add_argument("--seed", type=int, default=1, help="of split, weights and batches (default 1)")
    args = parser.parse_args(argv)
    args.output.mkdir(parents=True, exist_ok=True)

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    train_x, train_y, test_x, test_y = load_split(args.seed)
    net = train(preprocess(train_x), torch.from_numpy(train_y), args.seed)
    for what, x, y in (("training", train_x, train_y), ("held-out", test_x, test_y)):
        percent = accuracy_percent(net, preprocess(x), torch.from_numpy(y))
        print(f"float, {what} images: {percent:.2f} %")

    calibration_x = train_x[:CALIBRATION_IMAGES]
    export_float(net, args.output / "digits_float.onnx")
    digits_qdq.write(net, preprocess(calibration_x), args.output / "digits_qdq.onnx")
    write_images(args.output, "digits_test", x=test_x, y=test_y)
    write_images(args.output, "digits_calib", x=calibration_x)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
