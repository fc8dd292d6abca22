"""What phones can subscribe to: one event package a file, and the desk that serves them."""
