"""The whole switch on virtual time, with simulated phones and network."""
