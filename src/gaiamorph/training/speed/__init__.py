"""What makes a step faster without changing its numbers. Each module states its measured gain, and has a test of equality."""
