"""Recordings: their files, their pictures, and the way back to a waveform."""
