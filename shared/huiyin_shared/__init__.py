"""What two units of Huiyin must agree on: ids, events, frames, topics, chain, survey, errors. Pure, no I/O."""

__version__ = "0.1.0"
