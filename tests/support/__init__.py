"""What tests share: waiting for a condition, real servers, a real browser."""
