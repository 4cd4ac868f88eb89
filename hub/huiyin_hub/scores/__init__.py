"""Honest window scores: rollups kept by ingest, intervals and shrinkage as pure rules."""
