"""A small customer-support agent for an imaginary outdoor shop."""
