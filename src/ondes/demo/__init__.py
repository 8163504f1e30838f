"""The demo's piano piece: recording, score and truth; `SOURCE.txt` says where they come from."""
