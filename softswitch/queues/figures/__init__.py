"""The day in numbers, per queue and per agent: a fold of the router's facts."""
