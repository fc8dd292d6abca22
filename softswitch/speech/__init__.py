"""What the switch says by itself: numbers, times, dates and money in right grammar, recorded words, and speakers.

A phrase is text (:mod:`softswitch.speech.phrases`), text becomes sound files: recorded prompts where there are some for
all of its words (:mod:`softswitch.speech.prompts`), else what a speech program makes of it
(:mod:`softswitch.speech.speaker`).
"""
