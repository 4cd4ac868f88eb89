"""Cases: every feedback with words to its answer, with its history."""
