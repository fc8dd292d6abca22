"""Sound that has to be decoded: from the legs' packets over the jitter ring and the rooms to packets again."""
