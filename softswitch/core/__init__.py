"""What every other package stands on: ids, errors, clock, facts and state tables. No I/O, no clock of its own."""
