"""What torch's operations are called in a drawing: letters of circles, and what is not drawn."""

ACTIVATIONS = {
    "relu": ("R", "ReLU"),
    "tanh": ("T", "Tanh"),
    "softmax": ("S", "softmax"),
    "_softmax": ("S", "softmax"),
    "log_softmax": ("LS", "log softmax"),
    "sigmoid": ("σ", "sigmoid"),
    "mish": ("M", "Mish"),
    "selu": ("SE", "SELU"),
    "silu": ("W", "Swish"),
    "gelu": ("G", "GELU"),
    "elu": ("E", "ELU"),
    "celu": ("CE", "CELU"),
    "leaky_relu": ("LR", "leaky ReLU"),
    "prelu": ("PR", "PReLU"),
    "relu6": ("R6", "ReLU6"),
    "hardtanh": ("HT", "hard Tanh"),
    "hardswish": ("HW", "hard Swish"),
    "hardsigmoid": ("Hσ", "hard sigmoid"),
    "softplus": ("SP", "softplus"),
    "glu": ("GL", "GLU"),
    "log_sigmoid": ("Lσ", "log sigmoid"),
}
"""Letters of the thesis where it has them: R, T and S."""

NORMS = {
    "batch_norm": ("B", "batch norm"),
    "layer_norm": ("LN", "layer norm"),
    "group_norm": ("GN", "group norm"),
    "instance_norm": ("IN", "instance norm"),
    "rms_norm": ("RN", "RMS norm"),
}

DROPS = dict.fromkeys(
    ("dropout", "feature_dropout", "alpha_dropout", "native_dropout"), ("D", "dropout")
)

CIRCLES = ACTIVATIONS | NORMS | DROPS

JOINS = {
    "cat": "Concat",
    "stack": "Concat",
    "add": "Add",
    "addcmul": "Add",
    "mul": "Multiply",
    "maximum": "Maximum",
}

# fmt: off
VIEWS = frozenset((
    "_to_copy", "_unsafe_view", "adjoint", "alias", "channel_shuffle", "chunk", "clone",
    "constant_pad_nd", "contiguous", "detach", "expand", "expand_as", "flatten", "flip", "getitem",
    "index_select", "lift_fresh", "lift_fresh_copy", "mT", "movedim", "narrow", "numpy_T", "pad",
    "permute", "real", "reflection_pad1d", "reflection_pad2d", "repeat", "replication_pad1d",
    "replication_pad2d", "reshape", "reshape_as", "roll", "select", "slice", "split",
    "split_with_sizes", "squeeze", "t", "tensor_split", "to", "transpose", "type_as", "unbind",
    "unflatten", "unfold", "unsqueeze", "view", "view_as", "view_as_complex", "view_as_real",
))
# fmt: on
"""What moves values and computes none: not drawn."""

REDUCTIONS = {
    "mean": "avg",
    "amax": "max",
    "max": "max",
    "amin": "min",
    "min": "min",
    "sum": "sum",
}

CELLS = {
    "fft_rfft": "FFT",
    "stft": "STFT",
    "lstm": "LSTM",
    "gru": "GRU",
    "rnn_tanh": "RNN",
    "scaled_dot_product_attention": "attention",
    "sub": "−",
    "rsub": "−",
    "mul": "×",
    "div": "÷",
    "add": "+",
    "abs": "abs",
    "square": "x²",
    "pow": "power",
    "sqrt": "√",
    "log1p": "log",
    "log10": "log",
    "log2": "log",
    "upsample_nearest1d": "upsample",
    "upsample_linear1d": "upsample",
    "upsample_nearest2d": "upsample",
    "upsample_bilinear2d": "upsample",
}

POOLINGS = {"AdaptiveMean": "avg"}
"""Modules of ondes that are a pooling, whatever they compute it with."""

SIGNS = ("+", "−", "×", "÷")

NOTABLE = ("LSTM", "GRU", "attention", "STFT", "FFT", "conv", "matrix", "avg", "max", "log", "abs")
"""What a folded module is described by, in this order of interest."""
