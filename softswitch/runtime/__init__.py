"""What a running process needs: settings, log, tasks, the real clocks."""
