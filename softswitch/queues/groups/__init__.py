"""Groups: dial lists that ring now, in one of five modes. A group is a guide of its callers until somebody answers."""
