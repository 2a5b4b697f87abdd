"""Machines that lint, synthesis and netlists are tried on, by their RTL parameters: both dataflows, rows and columns that differ,
powers of two and not, every bus width, depths of one, elements with narrow codes. All are small; other parameters have the defaults of qsim_top."""

NAMES = (
    "Rows Cols Dataflow ActKib WeightKib ParamKib AccEntries Lanes Requant BusBytes LoadOutstanding "
    "FifoDepth QueueDepth TokenDepth InFlight PeModes"
)

ROWS = {
    "ws 2x2": (2, 2, 0, 4, 4, 1, 16, 2, 0, 4, 1, 1, 1, 1, 1, 0),
    "ws 2x2 8-4": (2, 2, 0, 4, 4, 1, 16, 2, 0, 4, 1, 1, 1, 1, 1, 1),
    "ws 2x3": (2, 3, 0, 2, 2, 1, 10, 3, 5, 4, 1, 1, 2, 1, 2, 0),
    "ws 5x7": (5, 7, 0, 8, 8, 2, 100, 3, 2, 8, 2, 2, 2, 2, 2, 0),
    "ws 4x8": (4, 8, 0, 16, 8, 2, 128, 8, 5, 16, 16, 8, 8, 8, 4, 0),
    "ws 5x4 8-4-2": (5, 4, 0, 8, 4, 1, 16, 4, 0, 8, 2, 2, 2, 2, 2, 2),
    "ws 3x6 8-4": (3, 6, 0, 6, 4, 1, 16, 2, 3, 4, 2, 2, 2, 2, 2, 1),
    "os 4x4": (4, 4, 1, 8, 4, 2, 64, 4, 0, 16, 8, 8, 16, 16, 4, 0),
    "os 8x4": (8, 4, 1, 8, 8, 2, 64, 4, 1, 32, 4, 4, 4, 3, 3, 0),
    "os 3x2": (3, 2, 1, 4, 4, 1, 16, 1, 4, 64, 3, 3, 3, 2, 8, 0),
    "os 7x5": (7, 5, 1, 16, 8, 2, 100, 5, 3, 8, 8, 4, 4, 4, 5, 0),
    "os 4x8 8-4-2": (4, 8, 1, 8, 8, 2, 32, 4, 0, 16, 2, 2, 2, 2, 2, 2),
}


def parameters(name):
    """NAME=VALUE of every parameter of a machine."""
    return [f"{key}={value}" for key, value in zip(NAMES.split(), ROWS[name])]
