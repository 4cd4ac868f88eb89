"""The hub of Huiyin: takes what devices send, keeps scores, carries complaints to their answer."""
